package fault

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// numb is a link that is never cut, whatever is ordered. A round trip takes 3 ms, and like any other fails when its
// context ends.
type numb struct{}

func (numb) Path() Path                            { return Path{Name: "numb"} }
func (numb) Hold(context.Context, LinkState) error { return nil }
func (numb) Release(context.Context) (bool, error) { return true, nil }
func (numb) Behind(context.Context) error          { return nil }

func (numb) Ask(ctx context.Context, _ probe.Question) (probe.Answer, error) {
	const takes = 3 * time.Millisecond
	select {
	case <-ctx.Done():
		return probe.Answer{Symptom: probe.Silence, Said: ctx.Err().Error()}, nil
	case <-time.After(takes):
		return probe.Answer{Took: takes}, nil
	}
}

func (numb) Topology() topology.Topology { return topology.Topology{} }

func (l numb) Links(func(Path) bool) ([]Link, error) { return []Link{l}, nil }

func (numb) Nodes(func(Place) bool) ([]Node, error) { return nil, errors.New("there is none") }

func TestAProbeThatWasCutShortConfirmsNothing(t *testing.T) {
	errCtrlC := errors.New("somebody pressed Ctrl-C")
	for name, interrupt := range map[string]bool{"by the guard's limit": false, "by a person": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, err := NewGuard(&Partition{Between: []string{"east", "west"}}, numb{}, clock())
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				if interrupt {
					time.AfterFunc(101*time.Millisecond, func() { cancel(errCtrlC) })
				}
				seen, err := g.Inject(ctx)
				if !errors.Is(err, ErrUnconfirmed) || errors.Is(err, errCtrlC) != interrupt {
					t.Errorf("nothing was cut; in force by %q: %v", seen.By, err)
				}
			})
		})
	}
}
