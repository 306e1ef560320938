package app

import (
	"fmt"
	"maps"
	"slices"

	"github.com/regionfall/regionfall/scenarios/file"
)

// sessionName is what a session is kept as.
const sessionName = "Session"

// Capture is what is kept of an answer.
type Capture struct {
	Name string // by which placeholders call it
	From *Given
}

func (s *Setup) compile() *Operation {
	o := s.Request.compile()
	for _, name := range slices.Sorted(maps.Keys(s.Keep)) {
		o.Keep = append(o.Keep, Capture{name, new(s.Keep[name])})
	}
	if s.Session != nil {
		o.Keep = append(o.Keep, Capture{sessionName, s.Session})
	}
	return o
}

// checkSetup complains about the requests of a setup, and gives the names of what they keep. Each knows what those
// before it keep.
func checkSetup(found *file.Complaints, path string, all []Setup, random []string) (kept []string) {
	for i := range all {
		at := path
		if item := fmt.Sprintf("%s[%d]", path, i); found.Has(item) { // it is no mapping in place of the list
			at = item
		}
		s := &all[i]
		s.check(found, at, slices.Concat([]string{placePrefix, placeNumber}, kept))
		for _, name := range slices.Sorted(maps.Keys(s.Keep)) {
			checkKept(found, file.Join(file.Join(at, "keep"), name), name, slices.Concat(kept, random))
			new(s.Keep[name]).checkOne(found, file.Join(file.Join(at, "keep"), name))
			kept = append(kept, name)
		}
		if s.Session != nil {
			checkKept(found, file.Join(at, "session"), sessionName, slices.Concat(kept, random))
			s.Session.check(found, file.Join(at, "session"))
			kept = append(kept, sessionName)
		}
	}
	return kept
}

// checkKept complains about a name by which nothing can be kept. before are those that are taken.
func checkKept(found *file.Complaints, path, name string, before []string) {
	switch {
	case !randomName.MatchString(name):
		found.Add(path, "%s: %s is no name: use letters and digits, beginning with a capital", path, file.Quote(name))
	case slices.Contains([]string{placeID, placePrefix, placeNumber}, name), slices.Contains(before, name):
		found.Add(path, "%s: there is a {{.%s}} already", path, name)
	}
}

// checkOne is check for one of several by names, which are held to no bounds.
func (g *Given) checkOne(found *file.Complaints, path string) {
	places := 0
	for _, key := range []string{"json", "header", "cookie", "location"} {
		if found.Has(file.Join(path, key)) {
			places++
		}
	}
	if places != 1 {
		found.Add(path, "%s: say one place where the answer has it, such as {json: id} (got %d)", path, places)
		return
	}
	g.check(found, path)
}

func (g *Given) check(found *file.Complaints, path string) {
	if g == nil {
		return
	}
	if g.Header != "" && !isToken(g.Header) {
		found.Add(path+".header", "%s.header: %s is no name of a header", path, file.Quote(g.Header))
	}
	if found.Has(path+".location") && !bool(g.Location) {
		found.Add(path+".location", "%s.location: off says nothing: leave it out", path)
	}
}
