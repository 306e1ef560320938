package scenarios

import (
	"io"
	"strings"
	"testing"

	"github.com/regionfall/regionfall/scenarios/file/filetest"
)

// FuzzParse looks for input on which the reader crashes, hangs, complains about a place that is not there, or accepts
// what it can't compile.
func FuzzParse(f *testing.F) {
	for _, name := range Names() {
		src, err := library.ReadFile(libraryFile(name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Add([]byte(example))
	for _, c := range complaints {
		if len(c.new) < 1<<10 {
			f.Add([]byte(strings.Replace(example, c.old, c.new, 1)))
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		s, err := Parse("fuzz.yaml", src)
		if err == nil {
			if err := s.Describe(io.Discard); err != nil {
				t.Fatalf("accepted, but can't be described: %v", err)
			}
			if p, err := s.Compile(); err != nil || p.Judge.Survivor == "" || len(p.Steps) == 0 {
				t.Fatalf("accepted without a survivor or steps: %+v: %v", p, err)
			}
			return
		}
		filetest.CheckRefusal(t, src, err)
	})
}
