package image

import (
	"strings"
	"testing"
)

// What somebody else's Dockerfile builds on is from where the lab's own images are from, if it can be had there.
func TestTheBaseIsFromWhereImagesAreFrom(t *testing.T) {
	never := func(string) bool { return false }
	pinned := pins[baseImage]
	isPinned := func(name string) bool { return name == pinned }
	for name, c := range map[string]struct {
		from        Source
		has, offers func(string) bool
		builtOn     string // "own", "pinned" or nothing
		want        string
	}{
		"packages ask no registry":               {Packages, always, always, "pinned", "own"},
		"a registry's, that answers":             {Registry, never, isPinned, "", "pinned"},
		"a registry's, that is here":             {Registry, isPinned, never, "", "pinned"},
		"the other, where no registry answers":   {Registry, never, never, "", "own"},
		"what it was built on before":            {Registry, isPinned, isPinned, "own", "own"},
		"what it was built on before, the other": {Auto, never, never, "pinned", "pinned"},
		"left open":                              {Auto, always, always, "", "own"},
	} {
		b := rig(t, c.has, c.offers)
		own, err := b.baseTag()
		if err != nil {
			t.Fatal(err)
		}
		names := map[string]string{"own": own, "pinned": pinned}
		got, err := b.chooseBase(t.Context(), c.from, func(base string) bool { return base == names[c.builtOn] })
		if err != nil || got != names[c.want] {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

func TestWithoutABaseItIsSaidWhatIsLacking(t *testing.T) {
	t.Setenv("PATH", t.TempDir()) // neither mmdebstrap nor apt-get
	never := func(string) bool { return false }
	for _, from := range []Source{Registry, Auto} {
		b := rig(t, never, never)
		clear(b.present)
		_, err := b.chooseBase(t.Context(), from, never)
		if err == nil || !strings.Contains(err.Error(), "no image registry answers") ||
			!strings.Contains(err.Error(), "needs mmdebstrap") {
			t.Errorf("%s: %v", from, err)
		}
		b.engine = engineThat(t, never, always)
		if got, err := b.chooseBase(t.Context(), from, never); err != nil || got != pins[baseImage] {
			t.Errorf("%s: %s, %v", from, got, err)
		}
	}
}
