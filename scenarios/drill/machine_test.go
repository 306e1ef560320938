package drill

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios/history"
)

// watched is a monitor on clocks that a test can move.
type watched struct {
	monitor
	stopped, slept atomic.Int64 // nanoseconds for which the process was stopped, and for which the machine slept

	stalls []history.Interval
	lasted []time.Duration
	sights []history.Machine
}

func newWatched() *watched {
	w := &watched{}
	began := time.Now()
	// The monotonic clock goes on while a process is stopped, and its timers don't ring.
	w.now = func() time.Duration { return time.Since(began) + time.Duration(w.stopped.Load()) }
	w.booted = func() (time.Duration, bool) { return time.Hour + w.now() + time.Duration(w.slept.Load()), true }
	w.pressure = func() (time.Duration, bool) { return time.Minute + w.now()/4, true }
	w.stall = func(at history.Interval, lasted time.Duration) {
		w.stalls, w.lasted = append(w.stalls, at), append(w.lasted, lasted)
	}
	w.report = func(m history.Machine) { w.sights = append(w.sights, m) }
	return w
}

// during runs the monitor while something happens.
func (w *watched) during(happens func()) {
	over, done, first := make(chan struct{}), make(chan struct{}), w.read()
	go func() { defer close(done); w.run(first, over) }()
	happens()
	close(over)
	<-done
}

func TestAHarnessThatRunsDoesNotStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatched()
		w.during(func() { time.Sleep(2500 * ms) })
		want := []history.Machine{
			{At: history.Interval{Lo: 0, Hi: time.Second}, Waiting: new(0.25)},
			{At: history.Interval{Lo: time.Second, Hi: 2 * time.Second}, Waiting: new(0.25)},
			{At: history.Interval{Lo: 2 * time.Second, Hi: 2500 * ms}, Waiting: new(0.25)},
		}
		if diff := cmp.Diff(want, w.sights); diff != "" || len(w.stalls) > 0 {
			t.Errorf("stalls %v; of the machine:\n%s", w.stalls, diff)
		}
	})
}

func TestAHarnessThatStandsStillIsSeen(t *testing.T) {
	for name, c := range map[string]struct {
		stop  time.Duration
		stall bool
	}{
		"for 3 s":   {3 * time.Second, true},
		"for 0.1 s": {100 * ms, true},
		"for 90 ms": {90 * ms, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWatched()
				w.during(func() {
					time.Sleep(1005 * ms)
					w.stopped.Add(int64(c.stop))
					time.Sleep(500 * ms)
				})
				if got := w.sights[1].Late; got != c.stop {
					t.Errorf("a tick came %s late, and not %s", got, c.stop)
				}
				// It was stopped right after 1005 ms, between two ticks.
				want := []history.Interval{{Lo: time.Second, Hi: 1010*ms + c.stop}}
				if !c.stall {
					want = nil
				}
				if diff := cmp.Diff(want, w.stalls); diff != "" {
					t.Errorf("stalls:\n%s", diff)
				}
			})
		})
	}
}

// The last look is after the load has stopped: the harness may have been stopped until then.
func TestAStallThatTheEndComesIntoIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatched()
		w.during(func() {
			time.Sleep(15 * ms)
			w.stopped.Add(int64(time.Second))
		})
		if want := []history.Interval{{Lo: 10 * ms, Hi: 1015 * ms}}; !cmp.Equal(want, w.stalls) ||
			w.lasted[0] != 995*ms {
			t.Errorf("stalls %v for %v", w.stalls, w.lasted)
		}
	})
}

func TestAMachineThatSleepsIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatched()
		w.during(func() {
			time.Sleep(15 * ms)
			w.slept.Add(int64(5 * time.Minute))
			time.Sleep(100 * ms)
		})
		if want := []history.Interval{{Lo: 10 * ms, Hi: 20 * ms}}; !cmp.Equal(want, w.stalls) ||
			w.lasted[0] != 5*time.Minute {
			t.Errorf("stalls %v for %v", w.stalls, w.lasted)
		}
	})
}

// Systems that don't tell of sleep and of pressure are looked after as far as it goes.
func TestASystemThatTellsLittleIsLookedAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatched()
		unknown := func() (time.Duration, bool) { return 0, false }
		w.booted, w.pressure = unknown, unknown
		w.during(func() {
			time.Sleep(15 * ms)
			w.stopped.Add(int64(time.Second))
			time.Sleep(15 * ms)
		})
		if len(w.stalls) != 1 || len(w.sights) == 0 || w.sights[0].Waiting != nil {
			t.Errorf("stalls %v, of the machine %+v", w.stalls, w.sights)
		}
	})
}

func TestADiskThatIsSlowIsNoStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatched()
		seen := w.report
		w.report = func(m history.Machine) { time.Sleep(700 * ms); seen(m) }
		w.during(func() { time.Sleep(3 * time.Second) })
		if len(w.stalls) > 0 || len(w.sights) < 3 {
			t.Errorf("stalls %v, of the machine %+v", w.stalls, w.sights)
		}
	})
}

func TestPressureIsRead(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"some avg10=0.12 avg60=0.08 avg300=0.05 total=123456\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=9\n": 123456 * time.Microsecond,
		"some avg10=0.12\n":              -1,
		"some total=much\n":              -1,
		"full avg10=0.00 total=123456\n": -1,
		"":                               -1,
	} {
		got, ok := parsePressure(text)
		if ok != (want >= 0) || ok && got != want {
			t.Errorf("%q: %s, %t", text, got, ok)
		}
	}
}

// early is a lab that is asked where its name service is. Whoever knows that can offer operations.
type early struct {
	*tinyLab
	rec  *history.Recorder
	seen bool
}

func (l *early) Resolver() string {
	_, l.seen = l.rec.Snapshot().PhaseAt(history.PhaseWorkload)
	return "nowhere" // no address: nothing is started
}

func TestTheWorkloadsPhaseBeginsBeforeItsFirstOperation(t *testing.T) {
	rec, err := history.NewRecorder("")
	if err != nil {
		t.Fatal(err)
	}
	l := &early{tinyLab: newLab(t), rec: rec}
	if err := Run(t.Context(), plan(), l, rec, nil); err == nil {
		t.Error("a load was started on a name service that has no address")
	}
	if !l.seen {
		t.Error("the phase was not noted when the load could have been started")
	}
}
