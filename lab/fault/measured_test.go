package fault

import (
	"context"
	"testing"
)

// A link that nobody else holds, and that is slower than a limit that was let go, shows a slow machine: whether the
// limit is gone can't be told by it.
func TestALimitIsGoneWhereTheLinkCarriesMore(t *testing.T) {
	for _, c := range []struct {
		got          float64 // of 100 asked, 1000 before
		gone, nobody bool
		latency      bool
	}{
		{got: 1000, gone: true},
		{got: 111, gone: true},
		{got: 109},
		{got: 91},
		{got: 89, nobody: true},
		{got: 5, nobody: true},
		// A latency comes on top of the 1000.
		{got: 1089, latency: true, gone: true},
		{got: 1100, latency: true},
		{got: 1900, latency: true}, // another fault's
	} {
		l, base := &fakeLink{}, 1000.0
		m := &measured{
			linkHold: linkHold{free: []Link{l}}, witness: []Link{l}, asked: 100, base: &base, during: 100,
			add: c.latency, gone: 1 - tolerance,
		}
		gone, observed, err := m.goneBy(t.Context(), func(context.Context, Link) (float64, error) { return c.got, nil })
		if gone != c.gone || (err != nil) != c.nobody || err == nil && observed == "" {
			t.Errorf("%+v: gone %t, %v", c, gone, err)
		}
	}
}

// The hub has said that there is no limit any more. A machine that is slow for long does not hold up the healing.
func TestALinkThatStaysSlowDoesNotHoldUpTheHealing(t *testing.T) {
	l, base := &fakeLink{}, 1000.0
	m := &measured{linkHold: linkHold{free: []Link{l}}, witness: []Link{l}, asked: 100, base: &base, during: 100}
	for look, got := range []float64{50, 50, 50, 50, 100, 50, 50, 50, 50, 50} {
		gone, _, err := m.goneBy(t.Context(), func(context.Context, Link) (float64, error) { return got, nil })
		if last := look == 9; gone != last || got == 50 && (err == nil) != last {
			t.Errorf("look %d: gone %t, %v", look, gone, err)
		}
	}
}
