package app

import (
	"strings"
	"testing"

	"github.com/regionfall/regionfall/scenarios/file/filetest"
)

// FuzzParse looks for input on which the reader crashes, hangs, complains about a place that is not there, or accepts
// what can't be filled in.
func FuzzParse(f *testing.F) {
	f.Add(sample(f))
	f.Add([]byte(shop))
	f.Add([]byte(queue))
	for _, c := range mistakes {
		f.Add([]byte(strings.Replace(whole(), c.old, c.new, 1)))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		a, err := Parse("fuzz.yaml", src, nil)
		if err == nil {
			for _, o := range append(append(a.Setup(), a.Write()...), a.Read()) {
				if o == nil || o.IsCode {
					continue
				}
				o.NeedsKept()
				if o.To != ToApp {
					if v := (Values{ID: "v", Drawn: a.Draw(1, 1)}); o.Statement(v) == "" && o.Command(v)[0] == "" {
						t.Fatalf("accepted without anything to send to %s", o.To)
					}
					continue
				}
				if f := o.Fill(Values{ID: "v", Drawn: a.Draw(1, 1)}); !strings.HasPrefix(f.Path, "/") ||
					o.Method == "" {
					t.Fatalf("accepted without a method or a path: %s %q", o.Method, f.Path)
				}
			}
			return
		}
		filetest.CheckRefusal(t, src, err)
	})
}
