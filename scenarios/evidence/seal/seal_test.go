package seal

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// files are those of a folder of evidence.
var files = map[string]string{
	"result.json": `{"verdict": "pass"}`, "ops.jsonl.gz": "\x1f\x8b\x00\xff", "events.jsonl": "{}\n",
	"report.html": "<html>", "logs/app-1.us-east-1.log": "started\n", "logs/a name with blanks.log": "",
}

func folder(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func sealed(t testing.TB) string {
	t.Helper()
	dir := folder(t)
	if n, err := Seal(dir); err != nil || n != len(files) {
		t.Fatalf("sealed %d files of %d: %v", n, len(files), err)
	}
	return dir
}

func verify(t testing.TB, dir string) Findings {
	t.Helper()
	f, err := Verify(dir)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestWhatIsSealedIsIntact(t *testing.T) {
	dir := sealed(t)
	if f := verify(t, dir); !f.Intact() || f.Files != len(files) {
		t.Errorf("found %+v", f)
	}
	cmd := exec.CommandContext(t.Context(), "sha256sum", "--check", "--strict", FileSums)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("sha256sum: %v\n%s", err, out)
	}
	if _, err := Seal(dir); !errors.Is(err, ErrSealed) {
		t.Errorf("sealed twice: %v", err)
	}
}

// One byte that is changed, taken away or added, in any file, is found, and the file is named.
func TestEveryChangedByteIsFound(t *testing.T) {
	names := sums{}
	for name := range files {
		names[name] = ""
	}
	rapid.Check(t, func(r *rapid.T) {
		dir := sealed(t)
		name := rapid.SampledFrom(names.names()).Draw(r, "name")
		path := filepath.Join(dir, filepath.FromSlash(name))
		data, err := os.ReadFile(path)
		if err != nil {
			r.Fatal(err)
		}
		at := rapid.IntRange(0, len(data)).Draw(r, "at")
		if at == len(data) {
			data = append(data, rapid.Byte().Draw(r, "byte"))
		} else if rapid.Bool().Draw(r, "taken away") {
			data = slices.Delete(data, at, at+1)
		} else {
			data[at] ^= rapid.ByteMin(1).Draw(r, "flipped")
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			r.Fatal(err)
		}
		f := verify(t, dir)
		if diff := cmp.Diff([]string{name}, f.Altered); diff != "" || f.Intact() {
			r.Fatalf("%s: %+v\n%s", name, f, diff)
		}
	})
}

func TestWhatElseWasChangedIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		change func(dir string) error
		want   Findings
	}{
		"a file is missing": {
			func(dir string) error { return os.Remove(filepath.Join(dir, "events.jsonl")) },
			Findings{Missing: []string{"events.jsonl"}},
		},
		"a file was added": {
			func(dir string) error { return os.WriteFile(filepath.Join(dir, "logs", "new.log"), nil, 0o644) },
			Findings{Added: []string{"logs/new.log"}},
		},
		"a file has another name": {
			func(dir string) error {
				return os.Rename(filepath.Join(dir, "events.jsonl"), filepath.Join(dir, "other.jsonl"))
			},
			Findings{Missing: []string{"events.jsonl"}, Added: []string{"other.jsonl"}},
		},
		"the list was cut short": {
			rewriting(func(list string) string { return list[:len(list)-1] }),
			Findings{Broken: []string{"SHA256SUMS ends in the middle of a line"}},
		},
		"the list names nothing": {
			rewriting(func(string) string { return "\n" }),
			Findings{
				Broken: []string{"SHA256SUMS:1 is no checksum and the name of a file"},
				Added: []string{
					"events.jsonl", "logs/a name with blanks.log", "logs/app-1.us-east-1.log", "ops.jsonl.gz",
					"report.html", "result.json",
				},
			},
		},
		"the list names what is elsewhere": {
			rewriting(func(list string) string { return list + strings.Repeat("0", 64) + "  ../other\n" }),
			Findings{Broken: []string{"SHA256SUMS:7 is no checksum and the name of a file"}},
		},
		"the list names a file twice": {
			rewriting(func(list string) string { return list + strings.Repeat("0", 64) + "  result.json\n" }),
			Findings{Broken: []string{"SHA256SUMS:7 names result.json again"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := sealed(t)
			if err := c.change(dir); err != nil {
				t.Fatal(err)
			}
			f := verify(t, dir)
			f.Files = 0
			if diff := cmp.Diff(c.want, f); diff != "" || f.Intact() {
				t.Errorf("found (-want +got):\n%s", diff)
			}
		})
	}
}

func rewriting(list func(string) string) func(string) error {
	return func(dir string) error {
		path := filepath.Join(dir, FileSums)
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(path, []byte(list(string(data))), 0o644)
	}
}

// What can't be sealed whole is not sealed.
func TestNothingIsSealedByHalf(t *testing.T) {
	dir := folder(t)
	if err := os.Symlink("result.json", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if _, err := Seal(dir); err == nil || !strings.Contains(err.Error(), "link is no plain file") || Sealed(dir) {
		t.Errorf("sealed: %v", err)
	}
	if _, err := Verify(dir); err == nil || !strings.Contains(err.Error(), "it is not sealed") {
		t.Errorf("verified: %v", err)
	}
	if _, err := Seal(t.TempDir()); err == nil || !strings.Contains(err.Error(), "there is nothing in it") {
		t.Errorf("sealed an empty folder: %v", err)
	}
}

// What people say is beside the seal, each in a file of its own, and it is found when the seal is another by now.
func TestWhatPeopleSayIsOfOneSeal(t *testing.T) {
	dir := sealed(t)
	for _, who := range []string{"A. Lovelace", "C. Babbage"} {
		if _, err := Attest(dir, Attestation{LedBy: who, At: time.Unix(0, 0).UTC()}); err != nil {
			t.Fatal(err)
		}
	}
	if f := verify(t, dir); !f.Intact() {
		t.Errorf("found %+v", f)
	}
	if names, err := Attestations(dir); err != nil || len(names) != 2 {
		t.Errorf("said in %v: %v", names, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "result.json"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, FileSums)); err != nil {
		t.Fatal(err)
	}
	if _, err := Seal(dir); err != nil { // somebody covers up
		t.Fatal(err)
	}
	want := []string{"attestation-1.json was said of another seal", "attestation-2.json was said of another seal"}
	if f := verify(t, dir); f.Intact() || cmp.Diff(want, f.Broken) != "" {
		t.Errorf("found %+v", f)
	}
	if _, err := Attest(folder(t), Attestation{}); err == nil {
		t.Error("somebody said something of what is not sealed")
	}
}

// newKey makes a key, and the line by which its owner may sign.
func newKey(t *testing.T, owner string) (key, line string) {
	t.Helper()
	key = filepath.Join(t.TempDir(), "key")
	if _, err := keygen(t.Context(), nil, "-q", "-t", "ed25519", "-N", "", "-C", owner, "-f", key); err != nil {
		t.Fatal(err)
	}
	public, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	return key, owner + " " + string(public)
}

func signatures(t *testing.T, dir, allowed string) []Signature {
	t.Helper()
	all, err := CheckSignatures(t.Context(), dir, allowed)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Stock ssh-keygen signs and verifies: a seal that was made anew has a signature that is not good, and one by somebody
// else is found where it is said who may sign.
func TestSignatures(t *testing.T) {
	ada, may := newKey(t, "ada@example.com")
	mallory, _ := newKey(t, "mallory@example.com")
	allowed := filepath.Join(t.TempDir(), "signers")
	if err := os.WriteFile(allowed, []byte(may), 0o644); err != nil {
		t.Fatal(err)
	}
	sign := func(dir, key string) {
		t.Helper()
		if err := Sign(t.Context(), filepath.Join(dir, FileSums), key); err != nil {
			t.Fatal(err)
		}
	}
	good, forged, unsigned := sealed(t), sealed(t), sealed(t)
	sign(good, ada)
	sign(forged, mallory)
	if got := signatures(t, good, allowed); len(got) != 1 || !got[0].Good || got[0].Signer != "ada@example.com" {
		t.Errorf("signed by who may: %+v", got)
	}
	if got := signatures(t, good, ""); len(got) != 1 || !got[0].Good || got[0].Signer != "" {
		t.Errorf("signed by anybody: %+v", got)
	}
	if got := signatures(t, forged, allowed); len(got) != 1 || got[0].Good {
		t.Errorf("signed by who may not: %+v", got)
	}
	if got := signatures(t, unsigned, allowed); len(got) != 1 || got[0].Good || got[0].Said != "it is not signed" {
		t.Errorf("not signed: %+v", got)
	}
	if got := signatures(t, unsigned, ""); len(got) != 0 {
		t.Errorf("not signed, which nobody asks for: %+v", got)
	}
	path, err := Attest(good, Attestation{LedBy: "M"})
	if err != nil {
		t.Fatal(err)
	}
	if err := Sign(t.Context(), path, mallory); err != nil {
		t.Fatal(err)
	}
	if got := signatures(t, good, allowed); len(got) != 2 || got[1].Good {
		t.Errorf("attested by who may not sign: %+v", got)
	}
	if err := rewriting(strings.ToUpper)(good); err != nil {
		t.Fatal(err)
	}
	for _, who := range []string{allowed, ""} {
		if got := signatures(t, good, who); got[0].Good {
			t.Errorf("signed and changed since: %+v", got[0])
		}
	}
	if err := Sign(t.Context(), filepath.Join(good, FileSums), ada); err == nil {
		t.Error("it was signed twice")
	}
	if err := Sign(context.Background(), filepath.Join(unsigned, FileSums), allowed); err == nil {
		t.Error("it was signed without a key")
	}
}
