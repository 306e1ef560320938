package fault

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// tiring is a link that can't be held any more after a few times.
type tiring struct {
	*fakeLink
	left int
}

func (l *tiring) Hold(ctx context.Context, state LinkState) error {
	if l.left--; l.left < 0 {
		return errors.New("no more")
	}
	return l.fakeLink.Hold(ctx, state)
}

// It takes a while to see that a link flaps as it should. It did so from the first cut on.
func TestALinkFlapsFromTheFirstCutOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := redisLink(west, east)
		k.holds = 7 * ms
		g, err := NewGuard(&Flapping{Links: Links{From: west, To: east}, On: 400 * ms, Off: 300 * ms},
			fakeLab{links: []*fakeLink{k}}, clock())
		if err != nil {
			t.Fatal(err)
		}
		s, err := g.Inject(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if at := s.Command + k.holds; s.Window.Lo > at || s.Window.Hi < at || s.Window.Hi > at+ms {
			t.Errorf("cut first at %s; the window is %+v", at, s.Window)
		}
		time.Sleep(5 * time.Second)
		if m, err := g.Heal(t.Context()); err != nil || m.Lapsed != nil {
			t.Errorf("%+v, %v", m, err)
		}
	})
}

func TestALinkThatFlapsNoMoreHasLapsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &tiring{redisLink(west, east), 6}
		g := injected(t, &Flapping{Links: Links{From: west, To: east}, On: 400 * ms, Off: 300 * ms},
			otherLinks{fakeLab{}, k})
		time.Sleep(10 * time.Second)
		if m, err := g.Heal(t.Context()); err != nil || m.Lapsed == nil {
			t.Errorf("%+v, %v", m, err)
		}
	})
}
