package app

import (
	"strings"
	"testing"
)

// A command is often a script for a shell, which is longer than a name, and may have several lines.
func TestACommandMayBeAScript(t *testing.T) {
	const rest = "image: shop:1\nport: 80\nhealth: /up\noperations: {write: {put: \"/{{.ID}}\"}}\nstores: {redis: " +
		"\"{{.ID}}\"}\n"
	script := strings.Repeat("wait-for db && ", 20) + "\nexec shop"
	a, err := Parse("app.yaml", []byte(rest+"command: [sh, -c, \""+strings.ReplaceAll(script, "\n", `\n`)+"\"]\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := a.File().Command; len(got) != 3 || got[2] != script {
		t.Errorf("it runs %q", got)
	}
	for word, want := range map[string]string{
		`"\a"`:                    "command[0]: holds U+0007, which can't be seen",
		strings.Repeat("x ", 450): "", // it stands on one line, of which a file has up to 1000 characters
	} {
		_, err := Parse("app.yaml", []byte(rest+"command: ["+strings.TrimSpace(word)+"]\n"), nil)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, want %q", word, err, want)
		}
	}
}
