package scenarios

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios/file"
)

// A scenario file comes in with somebody's change and is run by whoever reviews it, or by a machine that has keys.
// These tests hold it to being a description: no key of it takes a path or a command, and no file of it can be anything
// but a page of text.

var updateKeys = flag.Bool("update-keys", false,
	"write testdata/keys.golden anew: first see that no new key takes a path or a command")

const none = "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzz" // near no name

// at writes a value at a path such as "steps[].inject.latency.from", and nothing else.
func at(path, value string) []byte {
	parts := strings.FieldsFunc(strings.ReplaceAll(path, "[]", ".[]"), func(c rune) bool { return c == '.' })
	// Quantiles have a dot in their name.
	if i := slices.Index(parts, "p99"); i >= 0 && i+1 < len(parts) {
		parts = append(parts[:i], `"p99.9"`)
	}
	for i, part := range slices.Backward(parts) {
		switch {
		case part == "[]" && i == len(parts)-1:
			value = "[" + value + ", us-east-1]" // some lists want two, and say nothing of one alone
		case part == "[]":
			value = "[" + value + "]"
		case part == "between" && i > 1 && parts[i-2] == "latencies":
			value = "{between: " + value + ", latency: 40ms}" // without it nothing is said of the regions
		default:
			value = "{" + part + ": " + value + "}"
		}
	}
	return []byte(value)
}

// complaintsAbout are the complaints about a value at a path.
func complaintsAbout(path, value string) []string {
	var all []string
	_, err := Parse("f.yaml", at(path, value))
	for _, p := range file.Problems(err) {
		all = append(all, p.Message)
	}
	return all
}

// keys asks the reader itself which keys a file may have: what it does not know, it answers with what it knows.
func keys(t *testing.T) []string {
	q := keyWalk{T: t}
	all, _ := q.below("")
	slices.Sort(all)
	return all
}

// keyWalk asks the reader for its keys, and counts the questions: a reader that answered each with names of keys would
// be asked until the memory is used up.
type keyWalk struct {
	*testing.T
	questions int
}

func (q *keyWalk) ask(path, value string) []string {
	const limit = 5000 // ten times what the format takes
	if q.questions++; q.questions > limit {
		q.Fatalf("the reader names keys without end, such as %s", path)
	}
	return complaintsAbout(path, value)
}

// below are the keys below a path. A path is a leaf if it has none.
func (q *keyWalk) below(path string) (known []string, leaf bool) {
	leaf = true
	add := func(child string) {
		below, isLeaf := q.below(child)
		if isLeaf {
			below = []string{child}
		}
		known, leaf = append(known, below...), false
	}
	for _, message := range q.ask(path, "{"+none+": 1}") {
		if !strings.Contains(message, none) {
			continue
		}
		if _, names, ok := strings.Cut(message, "known are "); ok {
			for name := range strings.SplitSeq(names, ", ") {
				add(strings.TrimPrefix(path+"."+name, "."))
			}
		}
	}
	for _, message := range q.ask(path, none) {
		if strings.HasSuffix(message, "one item per line after a dash") {
			add(path + "[]")
		}
	}
	return known, leaf
}

func TestEveryKeyOfTheFormatIsKnown(t *testing.T) {
	const golden = "testdata/keys.golden"
	got := strings.Join(keys(t), "\n") + "\n"
	if *updateKeys {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("keys (-want +got):\n%s\nSee that no new one takes a path or a command of the host, then: go test "+
			"./scenarios -update-keys", diff)
	}
}

// inTheLab begin the keys of an app that take words as they come: they are sent to the app and its stores, or are for
// the container that it runs in, and never reach this machine.
var inTheLab = []string{
	"app.command", "app.env", "app.extras.", "app.files", "app.health", "app.name", "app.operations.",
	"app.prepared.command",
	"app.pipeline.", "app.processes", "app.random", "app.ready.",
	"app.stores.",
}

// Two keys take words as they come, and are only ever shown. All others refuse what a path or a command would be.
func TestNoKeyTakesAPathOrACommand(t *testing.T) {
	shown := []string{"objectives.source", "steps[].note", "story", "summary"}
	all := slices.DeleteFunc(keys(t), func(key string) bool {
		return slices.ContainsFunc(inTheLab, func(begins string) bool { return strings.HasPrefix(key, begins) })
	})
	if len(all) < 40 {
		t.Fatalf("only %d keys were found: %v", len(all), all)
	}
	for _, value := range []string{
		"/etc/passwd", "../../secret", "~/.ssh/id", "file:///etc/passwd", "$(reboot)",
		"reboot; reboot", `C:\Windows`,
	} {
		var taken []string
		for _, path := range all {
			// A complaint about an item may be one about its list, and one about a pair about what the pair is of.
			place := strings.ReplaceAll(strings.TrimSuffix(path, "[]"), "[]", "[0]")
			about := func(message string) bool {
				return strings.Contains(message, file.Quote(value)) || strings.HasPrefix(message, place) ||
					strings.Contains(message, value)
			}
			if !slices.ContainsFunc(complaintsAbout(path, "'"+value+"'"), about) {
				taken = append(taken, path)
			}
		}
		if diff := cmp.Diff(shown, taken); diff != "" {
			t.Errorf("%s is taken by (-want +got):\n%s", value, diff)
		}
	}
}

func TestOnlyAPlainFileIsRead(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	write := func(path string) string {
		if err := os.WriteFile(path, []byte(example), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	link := func(to, name string) string {
		if err := os.Symlink(to, in(name)); err != nil {
			t.Fatal(err)
		}
		return in(name)
	}
	good, secret := write(in("good.yaml")), write(filepath.Join(elsewhere, "key.yaml"))
	if err := syscall.Mkfifo(in("pipe.yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	const away = "it is a link that leads nowhere in its folder: give the file itself"
	for _, c := range []struct{ file, want string }{
		{good, ""},
		{link("good.yaml", "beside.yaml"), ""},
		{link(secret, "absolute.yaml"), away},
		{link(filepath.Join("..", filepath.Base(elsewhere), "key.yaml"), "up.yaml"), away},
		{link("nothing.yaml", "broken.yaml"), away},
		{link("round.yaml", "round.yaml"), away},
		{link("/dev/zero", "zero.yaml"), away},
		{in("pipe.yaml"), "it is a pipe, not a file"},
		{dir + "/", "it is a folder, not a file"},
		{"/dev/zero", "it is a device, not a file"},
		{"/dev/null", "it is a device, not a file"},
		{in("none.yaml"), "no such file or directory"},
		{in("good.yaml/below.yaml"), "not a directory"},
		{write(in("\x1b[31mred.yaml")), `red.yaml" holds what is not to be seen: rename the file`},
	} {
		began := time.Now()
		_, err := Load(c.file)
		if took := time.Since(began); took > time.Second {
			t.Errorf("%q took %s", c.file, took)
		}
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%q: %v", c.file, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%q: %v; want %q", c.file, err, c.want)
		case err != nil && strings.ContainsAny(err.Error(), "\x1b\n"):
			t.Errorf("%q is not one plain sentence: %q", c.file, err)
		}
	}
}
