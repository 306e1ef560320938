package command

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"
)

// Whatever a file or a name holds, it gives one sentence, soon, and nothing of it reaches the terminal but what can be
// read.
func TestHostileInputIsBadInput(t *testing.T) {
	dir := t.TempDir()
	in := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	secret := writeFile(t, "key", "BEGIN PRIVATE KEY\n")
	link, pipe := filepath.Join(dir, "link.yaml"), filepath.Join(dir, "pipe.yaml")
	if err := os.Symlink(secret, link); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	const red = "\x1b[31mred"
	inScenario := func(key, value string) string {
		return in(key+".yaml", strings.Replace(example, "timescale: 360", "timescale: 360\n"+key+": "+value, 1))
	}
	for name, c := range map[string]struct{ file, want string }{
		"a link to a key":      {link, "it is a link that leads nowhere in its folder"},
		"a pipe":               {pipe, "it is a pipe, not a file"},
		"a folder":             {dir + "/", "it is a folder, not a file"},
		"a device":             {"/dev/zero", "it is a device, not a file"},
		"a huge file":          {in("huge.yaml", strings.Repeat("a: b\n", 1<<20)), "the file has more than 64 KiB"},
		"brackets in brackets": {in("deep.yaml", strings.Repeat("[", 60_000)), "more than 1000 characters"},
		"zero bytes":           {in("zero.yaml", example+"\x00"), "the file holds zero bytes"},
		"aliases": {
			in("alias.yaml", "a: &a [x]\nb: [*a, *a]\n"),
			"anchors and aliases (& and *) are not supported",
		},
		"a key twice":             {in("twice.yaml", example+"expect: pass\n"), `key "expect" is there twice`},
		"colours in the story":    {inScenario("story", `"\e[31mred"`), "story: holds U+001B"},
		"colours as they are":     {inScenario("observe", `"`+red+`"`), `observe: "\x1b[31mred" is not a time`},
		"colours in a key":        {inScenario(`"\e[31mred"`, "1"), `unknown key "\x1b[31mred"`},
		"colours in a file name":  {in(red+".yaml", example), `red.yaml" holds what is not to be seen`},
		"colours in a name":       {red, `no scenario is called "\x1b[31mred"`},
		"colours in another name": {"/" + red + "/none.yaml", "holds what is not to be seen"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, verb := range []string{"show", "run"} {
				began := time.Now()
				f := regionfall(t, verb, c.file)
				f.want(t, exitBadInput, c.want)
				f.wantReadable(t)
				if took := time.Since(began); took > 10*time.Second {
					t.Errorf("it took %s", took)
				}
				if f.stdout != "" || strings.Contains(f.stderr, "PRIVATE") {
					t.Errorf("it tells of the file: %s%s", f.stdout, f.stderr)
				}
			}
		})
	}
}

func TestErrorsAreReadableWhateverTheyQuote(t *testing.T) {
	for _, args := range [][]string{
		{"rejudge", "\x1b[31mred"},
		{"report", "\x9bred"},
		{"\x1b]0;title\x07"},
		{"up", "\x1b[2J"},
	} {
		f := regionfall(t, args...)
		f.want(t, exitBadInput, "Error: ")
		f.wantReadable(t)
	}
}

func (f finished) wantReadable(t *testing.T) {
	t.Helper()
	for _, c := range f.stdout + f.stderr {
		if c != '\n' && !unicode.IsGraphic(c) {
			t.Errorf("%U reaches the terminal: %q", c, f.stdout+f.stderr)
			return
		}
	}
}
