package wait

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestUntil(t *testing.T) {
	const second = time.Second
	errNot, errNever := errors.New("not yet"), errors.New("it has ended")
	after := func(d time.Duration, otherwise error) func() func(context.Context) error {
		return func() func(context.Context) error {
			began := time.Now()
			return func(context.Context) error {
				if time.Since(began) >= d {
					return nil
				}
				return otherwise
			}
		}
	}
	for name, c := range map[string]struct {
		look func() func(context.Context) error
		ends time.Duration // ctx; 0: never
		took time.Duration
		said string
	}{
		"it comes":    {after(3*second, errNot), 0, 3 * second, ""},
		"it is there": {after(0, errNot), 0, 0, ""},
		"it never comes": {
			after(time.Hour, errNot), 0, 10 * second,
			"waited 10s for the tide; last seen: not yet",
		},
		"nobody waits any longer": {
			after(time.Hour, errNot), 4 * second, 4 * second,
			"waited 4s for the tide: somebody pressed Ctrl-C; last seen: not yet",
		},
		"it can't come any more": {after(time.Hour, Stop(errNever)), 0, 0, "it has ended"},
		"the last look is cut short": {func() func(context.Context) error {
			return func(ctx context.Context) error {
				if time.Sleep(3 * second); ctx.Err() != nil {
					return ctx.Err()
				}
				return errNot
			}
		}, 0, 12 * second, "waited 10s for the tide; last seen: not yet"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				if c.ends > 0 {
					time.AfterFunc(c.ends, func() { cancel(errors.New("somebody pressed Ctrl-C")) })
				}
				began := time.Now()
				err := Until(ctx, 10*second, "the tide", c.look())
				if took := time.Since(began); took < c.took || took > c.took+time.Duration(often)+second/10 {
					t.Errorf("it took %s, want %s", took, c.took)
				}
				if (err == nil) != (c.said == "") || err != nil && !strings.HasPrefix(err.Error(), c.said) {
					t.Errorf("it says %v, want %q", err, c.said)
				}
			})
		})
	}
}
