package image

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
)

// module is one as the go command knows it.
type module struct {
	Path, Version string
	GoMod         string         // its file
	Error         map[string]any // why it can't be had
}

// replaced is a replace directive.
type replaced struct {
	Old, New struct{ Path, Version string }
}

func (r replaced) String() string {
	return strings.TrimSpace(r.Old.Path+" "+r.Old.Version) + " => " + strings.TrimSpace(r.New.Path+" "+r.New.Version)
}

// isFolder says whether it names a folder, which is in no module that is fetched.
func (r replaced) isFolder() bool { return r.New.Version == "" }

// flag is how `go mod edit` is told of it.
func (r replaced) flag() string {
	at := func(path, version string) string { return strings.TrimSuffix(path+"@"+version, "@") }
	return "-replace=" + at(r.Old.Path, r.Old.Version) + "=" + at(r.New.Path, r.New.Version)
}

// checkReplaced refuses a program whose module replaces others, as `go install` does: nobody heeds that elsewhere, and
// what is compiled then need not compile, or is another program.
func checkReplaced(ctx context.Context, dir, program string) error {
	m, err := moduleOf(ctx, dir, program)
	if err != nil || m.GoMod == "" {
		return err
	}
	out, err := askGo(ctx, dir, alone(dir), "mod", "edit", "-json", m.GoMod)
	if err != nil {
		return fmt.Errorf("read its go.mod: %w", err)
	}
	var mod struct{ Replace []replaced }
	if err := json.Unmarshal(out, &mod); err != nil {
		return fmt.Errorf("read its go.mod: %w", err)
	}
	if len(mod.Replace) == 0 {
		return nil
	}
	name, _ := atVersion(program)
	return &NotBuilt{fmt.Errorf("the go.mod of %s %s has replace directives, which hold only in its own module: %s",
		m.Path, m.Version, advise(m, name, mod.Replace))}
}

// advise says which modules are replaced, and what to do.
func advise(m module, program string, all []replaced) string {
	said := make([]string, len(all))
	steps := []string{"go mod init drill.invalid"}
	folder := ""
	for i, r := range all {
		said[i] = r.String()
		if r.isFolder() {
			folder = cmp.Or(folder, r.New.Path)
			continue
		}
		steps = append(steps, "go mod edit "+r.flag())
	}
	steps = append(steps, fmt.Sprintf("go get %s@%s", program, m.Version))
	advice := fmt.Sprintf("%s. Write a go.mod of your own beside the app file that has the same ones (%s), and say "+
		"build: {go: %s}", strings.Join(said, ", "), strings.Join(steps, "; "), program)
	if folder == "" {
		return advice
	}
	in := "." + strings.TrimPrefix(program, m.Path)
	return fmt.Sprintf("%s. The module comes without the folder %s: if it does not compile so, clone its "+
		"repository at %s, put the app file beside its go.mod, and say build: {go: %s}", advice, folder, m.Version, in)
}

// moduleOf is the module that a program is in, at its version: of those that there are the one with the longest path.
// Where it finds none it is empty, and whoever fetches it says why.
func moduleOf(ctx context.Context, dir, program string) (m module, err error) {
	args := []string{"list", "-m", "-e", "-json", "--"}
	name, version, _ := strings.Cut(program, "@")
	for ; name != "."; name = path.Dir(name) {
		args = append(args, name+"@"+version)
	}
	out, err := askGo(ctx, dir, alone(dir), args...)
	if err != nil {
		return m, fmt.Errorf("look for its module: %w", err)
	}
	var found []module
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var is module
		if err := d.Decode(&is); err != nil {
			return m, fmt.Errorf("look for its module: %w", err)
		}
		if is.Error == nil {
			found = append(found, is)
		}
	}
	if len(found) == 0 {
		return m, nil
	}
	return slices.MaxFunc(found, func(a, b module) int { return cmp.Compare(len(a.Path), len(b.Path)) }), nil
}
