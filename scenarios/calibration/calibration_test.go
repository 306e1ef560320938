package calibration

import (
	"flag"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

var (
	drills = flag.Int("drills", 5, "how many drills to run")
	first  = flag.Uint64("seed", 0, "the seed of the first one; the others' follow it")
	one    = flag.Bool("one", false, "run the drill of -seed alone, and tell all of it")
	busy   = flag.Bool("busy", false, "keep one core of the machine busy meanwhile")
	page   = flag.String("page", "", "run all drills twice, quiet and with a core busy, and write this file from it")
	keep   = flag.String("keep", "", "a folder for what the drills record")
)

// A connection that ends while data is on its way leaves a goroutine of Toxiproxy's now and then, six in 600 drills.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/Shopify/toxiproxy/v2/toxics.(*NoopToxic).Pipe"))
}

// TestCalibration runs drills and compares what was measured with what was planted. How many run side by side is what
// -parallel says.
func TestCalibration(t *testing.T) {
	switch {
	case *one:
		d := draw(*first).run(t)
		all, strange := d.compare()
		for _, c := range all {
			fmt.Println(c)
		}
		fmt.Printf("%s: %s because %q; found, and not planted: %q\n", d.kind, d.report.Verdict, d.report.Reasons,
			strange)
		if d.disturbed() || d.withheld() {
			fmt.Println("the machine was too slow: this proves nothing")
		}
	case *page == "":
		runAll(t, *busy).check(t)
	default:
		quiet := runAll(t, false)
		loaded := runAll(t, true)
		quiet.check(t)
		loaded.check(t)
		if err := writePage(*page, quiet, loaded); err != nil {
			t.Error(err)
		}
	}
}

// tally is what came of some drills.
type tally struct {
	busy    bool
	drills  int
	again   int // drills that were run more than once, for want of a machine
	leftOut int // drills that came to nothing all the same
	all     []comparison
	strange []string
}

// tries is how often a drill is run at most until the machine lets it come true, and the judge stands by what it says.
const tries = 4

// once more is what a drill needs that the machine had a hand in. Where there are few drills a miss is one, too: a
// judge that is wrong is wrong each time.
func (d *drill) onceMore(found []comparison) bool {
	few := *drills < 20 && slices.ContainsFunc(found, func(c comparison) bool { return !c.covers() })
	return d.disturbed() || d.withheld() || few
}

func runAll(t *testing.T, busy bool) *tally {
	t.Helper()
	all := &tally{busy: busy, drills: *drills}
	start := time.Now()
	var mu sync.Mutex
	done := 0
	name := "quiet"
	if busy {
		name = "busy"
	}
	t.Run(name, func(t *testing.T) {
		if busy {
			burn(t)
		}
		for i := range *drills {
			seed := *first + uint64(i) //nolint:gosec // not negative
			t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
				t.Parallel()
				d := draw(seed).run(t)
				found, strange := d.compare()
				n := 1
				for ; n < tries && d.onceMore(found); n++ {
					d = draw(seed).run(t)
					found, strange = d.compare()
				}
				mu.Lock()
				defer mu.Unlock()
				if n > 1 {
					all.again++
				}
				all.add(d, found, strange)
				if done++; done%20 == 0 {
					fmt.Printf("%d of %d drills, %s, after %s\n", done, *drills, name,
						time.Since(start).Round(time.Second))
				}
			})
		}
	})
	slices.SortFunc(all.all, func(a, b comparison) int { return int(a.seed) - int(b.seed) }) //nolint:gosec // small
	if *drills >= 20 {
		fmt.Printf("%s, seeds %d to %d. %s\n\n%s\n", name, *first, *first+uint64(*drills)-1, all.machine(), all.table()) //nolint:gosec // not negative
	}
	return all
}

func (a *tally) add(d *drill, found []comparison, strange []string) {
	if d.disturbed() || d.withheld() {
		a.leftOut++
		return
	}
	a.all = append(a.all, found...)
	for _, s := range strange {
		a.strange = append(a.strange, fmt.Sprintf("seed %d, %s: %s", d.seed, d.kind, s))
	}
	for _, c := range found {
		if !c.covers() {
			fmt.Printf("seed %d, %s: %v\n", d.seed, d.kind, c)
		}
	}
}

// burn keeps a core busy until the test ends.
func burn(t *testing.T) {
	t.Helper()
	var stop atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		for !stop.Load() {
		}
	}()
	t.Cleanup(func() { stop.Store(true); <-done })
}

// The twin of the calibration: of a truth that was another one it says so.
func TestAnotherTruthIsNotHeld(t *testing.T) {
	t.Parallel()
	d := draw(0).run(t)
	d.ended[0].Lo += 300 * ms
	d.ended[0].Hi += 300 * ms
	d.acked = d.acked[1:]
	d.forgets[stores[0]] = 1 // nothing is kept
	found, _ := d.compare()
	for _, metric := range []string{recoveryTime, lostWrites} {
		i := slices.IndexFunc(found, func(c comparison) bool { return c.metric == metric })
		if i < 0 || found[i].covers() {
			t.Errorf("%s: what was not true is held to be: %v", metric, found)
		}
	}
}
