package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/lab/wait"
)

// offered is a load of so many requests a second for a second, on a clock that a test can move: it goes on while a
// process is stopped, and its timers don't ring.
func offered(rate float64, ask func(context.Context) (bool, error)) (l *load, stopped *atomic.Int64) {
	start := time.Now()
	stopped = new(atomic.Int64)
	return &load{
		Question: Question{
			Way: Serving, Service: topology.ServiceApp, Address: "door:80", Rate: rate,
			Lasting: time.Second,
		}, maxOpen: maxOpen,
		now: func() time.Duration { return time.Since(start) + time.Duration(stopped.Load()) }, ask: ask,
	}, stopped
}

// No answer is waited for: a service that takes ten times as long as requests are apart is offered as many.
func TestALoadIsOfferedHoweverLongAnswersTake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var at []time.Duration
		var l *load
		l, _ = offered(100, func(context.Context) (bool, error) {
			mu.Lock()
			at = append(at, l.now())
			mu.Unlock()
			time.Sleep(100 * time.Millisecond)
			return true, nil
		})
		l.offer(t.Context())
		var want []time.Duration
		for i := range 100 {
			want = append(want, time.Duration(i)*10*time.Millisecond)
		}
		slices.Sort(at)
		if !slices.Equal(at, want) {
			t.Errorf("asked at %v", at)
		}
		if a := l.answer(); a.Err() != nil || a.Offering() != nil || a.OnTime != 100 || a.Rate < 95 || a.Rate > 105 {
			t.Errorf("%+v", a)
		}
	})
}

// A harness that is held up sends what fell due meanwhile, and says that it was late: the service was not offered what
// it was to be offered.
func TestALoadThatIsSentLateIsNotOffered(t *testing.T) {
	for name, c := range map[string]struct {
		stops   time.Duration
		sent    int
		offered bool
	}{
		"for a moment":                 {40 * time.Millisecond, 1000, true},
		"for a while":                  {300 * time.Millisecond, 1000, false},
		"until after the load's end":   {time.Hour, 401, false},
		"for less than what may count": {80 * time.Millisecond, 1000, true}, // 31 requests of 750 are late
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var n atomic.Int64
				l, stopped := offered(1000, func(context.Context) (bool, error) { n.Add(1); return true, nil })
				time.AfterFunc(400*time.Millisecond+500*time.Microsecond, func() { stopped.Add(int64(c.stops)) })
				l.offer(t.Context())
				a := l.answer()
				if got := n.Load(); got != int64(c.sent) {
					t.Errorf("%d requests were sent, want %d", got, c.sent)
				}
				if err := a.Offering(); (err == nil) != c.offered || err != nil && !errors.Is(err, ErrUnoffered) {
					t.Errorf("it says %v: %+v", err, a)
				}
				if a.Err() != nil {
					t.Errorf("the service is blamed: %v", a.Err())
				}
			})
		})
	}
}

func TestASurplusOfRequestsHasFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := func(ctx context.Context) (bool, error) { <-ctx.Done(); return false, ctx.Err() }
		l, _ := offered(100, func(ctx context.Context) (bool, error) {
			time.Sleep(2 * time.Second)
			return true, nil
		})
		l.maxOpen = 7
		l.offer(t.Context())
		const said = "93 requests were not sent, as 7 were under way already"
		if a := l.answer(); a.Symptom != Silence || !strings.Contains(a.Said, said) || a.Count != 0 {
			t.Errorf("of a service that is slow: %+v", a)
		}
		l, _ = offered(100, hang)
		l.maxOpen = 7
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		l.offer(ctx)
		if a := l.answer(); a.Symptom != Silence || !strings.Contains(a.Said, said) {
			t.Errorf("of a service that hangs: %+v", a)
		}
	})
}

func TestWhatWhoeverAsksHasRunOutOfIsNotTheServices(t *testing.T) {
	for err, ours := range map[error]bool{
		syscall.EMFILE: true, syscall.ENFILE: true, syscall.EADDRNOTAVAIL: true, syscall.ENOBUFS: true,
		syscall.ENOMEM:       true,
		syscall.ECONNREFUSED: false, syscall.ECONNRESET: false, syscall.EPIPE: false,
	} {
		synctest.Test(t, func(t *testing.T) {
			l, _ := offered(100, func(context.Context) (bool, error) {
				return false, fmt.Errorf("ask: %w", &net.OpError{
					Op: "dial", Net: "tcp",
					Err: os.NewSyscallError("connect", err),
				})
			})
			l.offer(t.Context())
			a := l.answer()
			if a.Err() == nil || errors.Is(a.Offering(), ErrUnoffered) != ours || ours &&
				!strings.Contains(a.Offering().Error(), err.Error()) {
				t.Errorf("%v: %v, offering: %v", err, a.Err(), a.Offering())
			}
		})
	}
}

// However busy this machine is, a load is offered as it was asked for, or it is said that it was not. One that never
// says that all was offered says nothing: so a few requests a second have to be offered in some attempt.
func TestALoadIsOfferedOrItIsSaid(t *testing.T) {
	var n atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { n.Add(1) }))
	defer s.Close()
	offer := func(rate float64) (Answer, error) {
		n.Store(0)
		q := Question{
			Way: Serving, Service: topology.ServiceApp, Address: s.Listener.Addr().String(), Path: "/",
			Rate: rate, Lasting: time.Second, Within: 10 * time.Second,
		}
		var lines Lines
		a, err := lines.Ask(t.Context(), q)
		if err != nil || a.Err() != nil && a.Offering() == nil {
			t.Fatal(err, a.Err())
		}
		if got, want := float64(n.Load()), rate*q.Lasting.Seconds(); got != want && a.Offering() == nil {
			t.Errorf("%g requests were sent of %g, and it says that all were: %+v", got, want, a)
		}
		return a, a.Offering()
	}
	for _, rate := range []float64{200, 1000} {
		_, _ = offer(rate)
	}
	err := wait.Until(t.Context(), 30*time.Second, "ten requests a second to be offered", func(context.Context) error {
		a, err := offer(10)
		if err == nil && a.Count == 0 {
			return wait.Stop(fmt.Errorf("all were offered, and none was answered: %+v", a))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
