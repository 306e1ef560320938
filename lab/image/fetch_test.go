package image

import (
	"archive/zip"
	"bytes"
	"debug/elf"
	"errors"
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
			var failed *NotBuilt
			if !errors.As(err, &failed) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q, and that it is not built for it", program, err, want)
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

// Its go.mod is that of another module here, in which nobody heeds what it replaces: what is compiled then is not what
// its authors have tried, and need not compile.
func TestAModuleThatReplacesOthersIsToldAtOnce(t *testing.T) {
	for replaced, want := range map[string]string{
		"other.example => fork.example v1.2.0": "other.example => fork.example v1.2.0. Write a go.mod of your own beside " +
			"the app file that has the same ones (go mod init drill.invalid; go mod edit " +
			"-replace=other.example=fork.example@v1.2.0; go get shop.example/cmd@v1.4.0), and say build: {go: " +
			"shop.example/cmd}",
		"other.example v1.1.0 => ./other": "other.example v1.1.0 => ./other. Write a go.mod of your own beside the app file " +
			"that has the same ones (go mod init drill.invalid; go get shop.example/cmd@v1.4.0), and say build: {go: " +
			"shop.example/cmd}. The module comes without the folder ./other: if it does not compile so, clone its " +
			"repository at v1.4.0, put the app file beside its go.mod, and say build: {go: ./cmd}",
	} {
		t.Setenv("GOPROXY", proxy(t, "shop.example", "v1.4.0", map[string]string{
			"go.mod":      "module shop.example\n\ngo 1.24\n\nrequire other.example v1.1.0\n\nreplace " + replaced + "\n",
			"cmd/shop.go": "package main\n\nfunc main() {}\n",
		}))
		t.Setenv("GONOSUMDB", "*")
		t.Setenv("GOMODCACHE", t.TempDir())
		t.Setenv("GOFLAGS", "-modcacherw")
		b := &builder{engine: &engine{arch: "arm64"}, cache: t.TempDir(), report: func(Event) {}}
		const program = "shop.example/cmd@v1.4.0"
		path, _ := atVersion(program)
		_, err := b.compileProgram(t.Context(), t.TempDir(), path, program, true)
		var failed *NotBuilt
		want = "fetch it: the go.mod of shop.example v1.4.0 has replace directives, which hold only in its own module: " + want
		if !errors.As(err, &failed) || err.Error() != want {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
}
