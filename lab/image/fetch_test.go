package image

import (
	"archive/zip"
	"bytes"
	"debug/elf"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// proxy is a module proxy in a folder, with one version of one module.
func proxy(t *testing.T, module, version string, files map[string]string) (url string) {
	t.Helper()
	dir := t.TempDir()
	at := filepath.Join(dir, module, "@v")
	if err := os.MkdirAll(at, 0o750); err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	for name, text := range files {
		w, err := z.Create(module + "@" + version + "/" + name)
		if err == nil {
			_, err = w.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"list": []byte(version + "\n"), version + ".info": []byte(`{"Version":"` + version + `"}`),
		version + ".mod": []byte(files["go.mod"]), version + ".zip": packed.Bytes(),
	} {
		if err := os.WriteFile(filepath.Join(at, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return "file://" + dir
}

func TestAProgramOfAnotherModuleIsFetchedAndCompiled(t *testing.T) {
	t.Setenv("GOPROXY", proxy(t, "shop.example", "v1.4.0", map[string]string{
		"go.mod":      "module shop.example\n\ngo 1.24\n",
		"cmd/shop.go": "package main\n\nfunc main() { println(\"the shop is open\") }\n",
		"shop.go":     "package shop\n",
	}))
	t.Setenv("GONOSUMDB", "shop.example")
	t.Setenv("GOMODCACHE", t.TempDir())
	t.Setenv("GOFLAGS", "-modcacherw")
	b := &builder{engine: &engine{arch: "arm64"}, cache: t.TempDir(), report: func(Event) {}}
	for program, want := range map[string]string{
		"shop.example/cmd@v1.4.0": "",
		"shop.example/cmd@v9.9.9": "fetch it: ",
		"shop.example@v1.4.0":     "a main package",
	} {
		path, _ := atVersion(program)
		binary, err := b.compileProgram(t.Context(), t.TempDir(), path, program, true)
		if want != "" {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", program, err, want)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", program, err)
		}
		f, err := elf.Open(binary)
		if err != nil || f.Machine != elf.EM_AARCH64 {
			t.Errorf("%s: %v", binary, err)
		}
	}
	if left, err := os.ReadDir(scratchDir(b.cache)); err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
}
