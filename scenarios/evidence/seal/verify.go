package seal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Findings are what has become of a sealed folder since.
type Findings struct {
	Files   int      `json:"files"` // that the seal names
	Altered []string `json:"altered"`
	Missing []string `json:"missing"`
	Added   []string `json:"added"`
	// Broken are complaints about the seal itself, and about what people have said of the drill.
	Broken []string `json:"broken"`
	// Signatures are what was signed, and by whom.
	Signatures []Signature `json:"signatures"`
}

// Intact says that nothing has changed.
func (f Findings) Intact() bool {
	return len(f.Altered)+len(f.Missing)+len(f.Added)+len(f.Broken) == 0 &&
		!slices.ContainsFunc(f.Signatures, func(s Signature) bool { return !s.Good })
}

// Verify compares a folder with its seal. The error says that there is none, or that the folder can't be read.
func Verify(dir string) (Findings, error) {
	list, err := os.ReadFile(filepath.Join(dir, FileSums))
	if errors.Is(err, fs.ErrNotExist) {
		return Findings{}, fmt.Errorf("verify %s: it is not sealed: %s is missing", dir, FileSums)
	}
	if err != nil {
		return Findings{}, fmt.Errorf("verify %s: %w", dir, err)
	}
	var f Findings
	want := f.read(string(list))
	is, err := checksums(dir)
	if err != nil {
		return Findings{}, fmt.Errorf("verify %s: %w", dir, err)
	}
	f.Files = len(want)
	for _, name := range want.names() {
		switch sum, there := is[name]; {
		case !there:
			f.Missing = append(f.Missing, name)
		case sum != want[name]:
			f.Altered = append(f.Altered, name)
		}
	}
	for _, name := range is.names() {
		if _, named := want[name]; !named {
			f.Added = append(f.Added, name)
		}
	}
	return f, f.attestations(dir, list)
}

var sumLine = regexp.MustCompile(`^([0-9a-f]{64})  (.+)$`)

// read reads the lines of a seal, and complains about those that are none.
func (f *Findings) read(list string) sums {
	all := sums{}
	if !strings.HasSuffix(list, "\n") {
		f.Broken = append(f.Broken, FileSums+" ends in the middle of a line")
	}
	n := 0
	for line := range strings.Lines(list) {
		n++
		m := sumLine.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		switch {
		case m == nil || !filepath.IsLocal(filepath.FromSlash(m[2])):
			f.Broken = append(f.Broken, fmt.Sprintf("%s:%d is no checksum and the name of a file", FileSums, n))
		case all[m[2]] != "":
			f.Broken = append(f.Broken, fmt.Sprintf("%s:%d names %s again", FileSums, n, m[2]))
		default:
			all[m[2]] = m[1]
		}
	}
	if n == 0 {
		f.Broken = append(f.Broken, FileSums+" names nothing")
	}
	return all
}
