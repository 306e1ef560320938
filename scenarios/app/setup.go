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
	o.Keep = captures(s.Keep)
	if s.Session != nil {
		o.Keep = append(o.Keep, Capture{sessionName, s.Session})
	}
	return o
}

// captures are in the order of their names.
func captures(keep map[string]Given) (all []Capture) {
	for _, name := range slices.Sorted(maps.Keys(keep)) {
		all = append(all, Capture{name, new(keep[name])})
	}
	return all
}

// itemPath is where an item of a list stands, in whose place there may be a mapping.
func itemPath(found *file.Complaints, path string, i int) string {
	if item := fmt.Sprintf("%s[%d]", path, i); found.Has(item) {
		return item
	}
	return path
}

// checkSetup complains about the requests of a setup, and gives the names of what they keep. Each knows what those
// before it keep.
func checkSetup(found *file.Complaints, path string, all []Setup, random []string) (kept []string) {
	for i := range all {
		at, s := itemPath(found, path, i), &all[i]
		s.check(found, at, slices.Concat([]string{placePrefix, placeNumber}, kept))
		kept = append(kept, checkKeep(found, at, s.Keep, slices.Concat(kept, random))...)
		if s.Session != nil {
			checkKept(found, file.Join(at, "session"), sessionName, slices.Concat(kept, random))
			s.Session.check(found, file.Join(at, "session"))
			kept = append(kept, sessionName)
		}
	}
	return kept
}

// checkKeep complains about what is to be kept of an answer, and gives its names. before are those that are taken.
func checkKeep(found *file.Complaints, path string, keep map[string]Given, before []string) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(keep)) {
		at := file.Join(file.Join(path, "keep"), name)
		checkKept(found, at, name, before)
		new(keep[name]).checkOne(found, at)
		names = append(names, name)
	}
	return names
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
