package topology

import (
	"strings"
	"testing"
)

func TestFilesAreWhereAnAppMayWrite(t *testing.T) {
	for name, want := range map[string]string{
		"/tmp/db.json":        "",
		"/tmp/etc/shop/a.ini": "",
		"/tmp/..data":         "",
		"/etc/db.json":        `"/etc/db.json" is not in /tmp, which is the only place that`,
		"db.json":             `"db.json" is not in /tmp`,
		"./tmp/db.json":       `"./tmp/db.json" is not in /tmp`,
		"/tmp/../etc/passwd":  `"/tmp/../etc/passwd" is not in /tmp`,
		"/tmpfile":            `"/tmpfile" is not in /tmp`,
		"":                    `"" is not in /tmp`,
		"/tmp":                `"/tmp" is a folder: name a file in it, such as /tmp/app.json`,
		"/tmp/":               `"/tmp/" is a folder`,
		"/tmp/etc/":           `"/tmp/etc/" is a folder: name a file in it, such as /tmp/etc/app.json`,
		"/tmp//db.json":       `"/tmp//db.json" is a roundabout name: write /tmp/db.json`,
		"/tmp/./db.json":      "write /tmp/db.json",
	} {
		wrong := CheckFiles(map[string]string{name: "x"})
		switch {
		case want == "" && len(wrong) > 0:
			t.Errorf("%s: %v", name, wrong[0])
		case want != "" && (len(wrong) != 1 || wrong[0].Field != name || !strings.Contains(wrong[0].Problem, want)):
			t.Errorf("%s: %v, want %s", name, wrong, want)
		}
	}
}

func TestFilesAreNotInOneAnother(t *testing.T) {
	wrong := CheckFiles(map[string]string{"/tmp/a": "", "/tmp/a/b": "", "/tmp/ab": ""})
	if len(wrong) != 1 || wrong[0].Field != "/tmp/a" ||
		wrong[0].Problem != "/tmp/a/b is in it, so that it is a folder and no file" {
		t.Error(wrong)
	}
}

func TestANodeTakesSoMuch(t *testing.T) {
	half := strings.Repeat("x", MostFiles/2)
	if wrong := CheckFiles(map[string]string{"/tmp/a": half, "/tmp/b": half}); wrong != nil {
		t.Error(wrong)
	}
	wrong := CheckFiles(map[string]string{"/tmp/a": half, "/tmp/b": half + "x"})
	if len(wrong) != 1 || wrong[0].Field != "" ||
		wrong[0].Problem != "they hold 32769 bytes together: a node takes 32 KiB" {
		t.Error(wrong)
	}
}
