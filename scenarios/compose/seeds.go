package compose

import (
	"cmp"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// seed is a file of SQL that a database is filled with.
type seed struct {
	name string // by which it is sorted there
	path string // from the folder of the compose file
}

const (
	seedsIn   = "/docker-entrypoint-initdb.d"
	mostSeeds = 50
)

// seedForm is what an app file takes for the path of a file of SQL. One that leads above the folder begins with a dot.
var seedForm = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._/-]{0,190}\.sql$`)

// findSeeds finds the files of SQL that a database is filled with, and says which are left out.
func (p *project) findSeeds(s types.ServiceConfig) {
	for i, v := range s.Volumes {
		below, is := strings.CutPrefix(path.Clean(v.Target), seedsIn)
		if !is || below != "" && below[0] != '/' {
			continue
		}
		line := p.lines.of("services", s.Name, "volumes", itoa(i))
		found := []seed{{path.Base(v.Target), v.Source}}
		if below == "" && v.Type == types.VolumeTypeBind && filepath.IsLocal(p.fromHere(v.Source)) {
			found = filesIn(v.Source)
		}
		if len(found) == 0 {
			p.remark(line, "%s: no file is in %s that the lab's database could be filled with", s.Name,
				p.fromHere(v.Source))
		}
		for _, of := range found {
			p.addSeed(line, s.Name, of, v.Type == types.VolumeTypeBind)
		}
	}
	slices.SortStableFunc(p.seeds, func(a, b seed) int { return cmp.Compare(a.name, b.name) })
}

// addSeed adds a file, if an app file can name it and it is there.
func (p *project) addSeed(line int, service string, of seed, mounted bool) {
	name := p.fromHere(of.path)
	if !mounted || !seedForm.MatchString(name) || len(p.seeds) == mostSeeds {
		p.remark(line, "%s: %s is not carried over: prepared takes up to %d files that end with .sql, in the folder "+
			"of the file or below it", service, name, mostSeeds)
		return
	}
	if info, err := os.Stat(of.path); err != nil || !info.Mode().IsRegular() {
		p.remark(line, "%s: %s is no file that can be read: the lab's database is without it", service, name)
		return
	}
	p.seeds = append(p.seeds, seed{of.name, name})
	p.remark(line, "%s: %s is in prepared.sql now: PostgreSQL is sent it as it is, without psql", service, name)
}

// filesIn are the files in a folder.
func filesIn(folder string) (all []seed) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		all = append(all, seed{e.Name(), filepath.Join(folder, e.Name())})
	}
	return all
}

// fromHere is a path from the folder of the compose file.
func (p *project) fromHere(name string) string {
	rel, err := filepath.Rel(p.folder, name)
	if err != nil {
		return name
	}
	return filepath.ToSlash(rel)
}
