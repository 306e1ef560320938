package fault

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
)

// notebook is a lab that notes what is injected.
type notebook struct {
	Lab

	notes         []string
	begins, heals error // what a note fails with
}

func (l *notebook) Injecting() error {
	l.notes = append(l.notes, "injecting")
	return l.begins
}

func (l *notebook) Healed() error {
	l.notes = append(l.notes, "healed")
	return l.heals
}

// A fault is noted before it is injected and once it is seen healed, so that somebody else can heal it in between.
func TestALabKeepsANoteOfAFault(t *testing.T) {
	errFull := errors.New("no space left on device")
	for name, c := range map[string]struct {
		lab            notebook
		inject, heal   error
		broken         bool // after Inject
		notes          []string
		injected, then State
	}{
		"it is noted": {
			broken: true, notes: []string{"injecting", "healed"}, injected: Effective, then: Healed,
		},
		"it can't be noted, and nothing is broken": {
			lab: notebook{begins: errFull}, inject: errFull, notes: []string{"injecting", "healed"}, injected: Invalid,
			then: Healed,
		},
		"it can't be noted that it is healed": {
			lab: notebook{heals: errFull}, heal: errFull, broken: true, notes: []string{"injecting", "healed"},
			injected: Effective, then: Invalid,
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := &toy{}
			g, err := NewGuard(f, &c.lab, clock())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := g.Inject(t.Context()); !errors.Is(err, c.inject) || f.broken != c.broken ||
				g.State() != c.injected {
				t.Errorf("%s: injected with %v: broken %v, %s", name, err, f.broken, g.State())
			}
			if _, err := g.Heal(t.Context()); !errors.Is(err, c.heal) || f.broken || g.State() != c.then {
				t.Errorf("%s: healed with %v: broken %v, %s", name, err, f.broken, g.State())
			}
			if !slices.Equal(c.lab.notes, c.notes) {
				t.Errorf("%s: the notes are %q", name, c.lab.notes)
			}
		})
	}
}

// Whoever finds a note of a fault can heal it, and not inject it once more.
func TestAFaultOfAnotherProcessCanOnlyBeHealed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, lab := &toy{broken: true}, &notebook{}
		g, err := Resume(f, lab, clock())
		if err != nil || g.State() != Invalid {
			t.Fatalf("%v, %s", err, g.State())
		}
		if _, err := g.Inject(t.Context()); err == nil {
			t.Error("it was injected")
		}
		if _, err := g.Heal(t.Context()); err != nil || f.broken || g.State() != Healed ||
			!slices.Equal(lab.notes, []string{"healed"}) {
			t.Errorf("%v: broken %v, %s, noted %q", err, f.broken, g.State(), lab.notes)
		}
	})
}
