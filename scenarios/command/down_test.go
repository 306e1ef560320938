package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/engine/enginetest"
)

func TestOnlyWhatSomebodyNamedIsRemoved(t *testing.T) {
	labs := []lab.Running{
		{Name: "ada", Kept: true, Mine: true},
		{Name: "bob", Kept: true, Mine: true},
		{Name: "drill", Mine: true},
		{Name: "far", Kept: true},
	}
	asked := ""
	says := func(yes bool) func(string) bool { return func(question string) bool { asked = question; return yes } }
	for name, c := range map[string]struct {
		labs  []lab.Running
		only  string
		all   bool
		ask   func(string) bool
		want  []string
		asked string
		err   string
	}{
		"one by its name":       {labs, "bob", false, nil, []string{"bob"}, "", ""},
		"a drill's by its name": {labs, "drill", false, nil, []string{"drill"}, "", ""},
		"one that is not":       {labs, "eve", false, says(true), nil, "", `no lab is called "eve"`},
		"all":                   {labs, "", true, nil, []string{"ada", "bob", "drill", "far"}, "", ""},
		"somebody says yes": {
			labs, "", false, says(true),
			[]string{"ada", "bob"},
			"labs ada, bob are up: remove them?", "",
		},
		"somebody says no": {
			labs, "", false, says(false), nil, "labs ada, bob are up: remove them?",
			"nothing is removed",
		},
		"nobody is there": {
			labs, "", false, nil, nil, "",
			"labs ada, bob are up: name one with --lab, or remove every lab on the engine with --all",
		},
		"one, and nobody there": {labs[:1], "", false, nil, nil, "", "lab ada is up: name one with --lab"},
		"none":                  {labs[2:], "", false, nil, nil, "", ""},
	} {
		asked = ""
		got, err := toRemove(c.labs, c.only, c.all, c.ask)
		if !slices.Equal(got, c.want) || asked != c.asked || (err == nil) != (c.err == "") || err != nil &&
			!strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: got %v, %v, asked %q", name, got, err, asked)
		}
		if err != nil && !errors.As(err, new(badInput)) {
			t.Errorf("%s: %v is no bad input", name, err)
		}
	}
}

func TestOnlyAYesIsOne(t *testing.T) {
	for said, want := range map[string]bool{
		"y\n": true, "YES\n": true, "Y\n": true, "\n": false, "": false,
		"n\n": false, "yo\n": false,
	} {
		var question strings.Builder
		if got := agrees(t.Context(), strings.NewReader(said), &question,
			"labs ada are up: remove them?"); got != want {
			t.Errorf("%q: %t", said, got)
		}
		if question.String() != "labs ada are up: remove them? [y/N] " {
			t.Errorf("asked %q", question.String())
		}
	}
}

func TestAnInterruptIsANo(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	in, _ := io.Pipe() // on which nobody ever types
	interrupt()
	if agrees(ctx, in, io.Discard, "?") {
		t.Error("it is taken for a yes")
	}
}

// Nobody is asked where no terminal is, and nothing goes. What was swept is nobody's.
func TestDownTakesNobodysLab(t *testing.T) {
	there := enginetest.Start(t)
	has := func(lab string) {
		for _, kind := range []string{"network", "volume"} {
			there.Has(enginetest.Thing{Kind: kind, Name: lab + "-" + kind, Labels: map[string]string{
				"regionfall.lab": lab, "regionfall.host": "me", "regionfall.kept": "true",
			}})
		}
	}
	has("ada")
	has("bob")
	down := func(args ...string) finished {
		cmd := on(t.Context(), t, there, append([]string{"down"}, args...)...)
		cmd.Env = append(cmd.Env, lab.StateEnv+"="+stateOf(t, "me"))
		return finish(t, cmd)
	}
	down().want(t, exitBadInput, "Error: labs ada, bob are up: name one with --lab")
	if left := len(there.Names("network")); left != 2 {
		t.Errorf("%d are left", left)
	}
	down("--lab", "ada").want(t, exitPass, "removed ada; nothing is left")
	if left := there.Names("network"); !slices.Equal(left, []string{"bob-network"}) {
		t.Errorf("left are %v", left)
	}
	down("--all").want(t, exitPass, "removed bob; nothing is left")
	if left := fmt.Sprint(there.Names("network"), there.Names("volume")); left != "[] []" {
		t.Errorf("left are %v", left)
	}
}

// stateOf is a state folder of a machine that goes by a name.
func stateOf(t *testing.T, host string) string {
	t.Helper()
	state := t.TempDir()
	if err := os.WriteFile(filepath.Join(state, "host"), []byte(host), 0o600); err != nil {
		t.Fatal(err)
	}
	return state
}

func TestWhatWasRemovedIsTold(t *testing.T) {
	for want, names := range map[string][]string{
		"no lab of yours is up: there is nothing to remove": nil,
		"removed ada, bob; nothing is left":                 {"ada", "bob"},
	} {
		if got := removed(names); got != want {
			t.Errorf("of %v it says %q", names, got)
		}
	}
}
