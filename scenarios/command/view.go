package command

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/regionfall/regionfall/lab/image"
	"github.com/regionfall/regionfall/scenarios"
	"github.com/regionfall/regionfall/scenarios/drill"
	"github.com/regionfall/regionfall/scenarios/runner"
)

// view shows a run as it goes: lines everywhere, and on a terminal a last line that is alive. Runs side by side begin
// each line with their name, and none has the last line to itself.
type view struct {
	*app
	title, name string
	side, brief bool
	began       time.Time

	mu    *sync.Mutex // of all that is printed
	fault string      // the last line about a fault
	phase string      // the last one that was told
	alive bool        // a live line is on the screen
}

func (r *runs) newView(s *scenarios.Scenario, i, n int) *view {
	v := &view{app: r.app, mu: &r.mu, side: r.side, brief: r.flags.brief, name: s.Name()}
	if n > 1 {
		v.name = fmt.Sprintf("%s (%d of %d)", v.name, i+1, n)
	}
	v.title = v.name + ": " + s.Summary()
	return v
}

func (v *view) begin() {
	v.began = time.Now()
	v.mu.Lock()
	defer v.mu.Unlock()
	v.clear()
	v.tell("%s  %s", elapsed(v.began), v.title)
}

func (v *view) line(text string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.brief {
		v.status(v.name + "  " + text)
		return
	}
	v.print(text)
}

// print writes a whole line; the caller holds the lock.
func (v *view) print(text string) {
	v.clear()
	name := ""
	if v.side {
		name = v.name + ": "
	}
	v.tell("%s  %s%s", elapsed(v.began), name, strings.ReplaceAll(text, "\n", "\n        "))
}

func (v *view) clear() {
	if v.alive {
		_, _ = fmt.Fprint(v.stderr, "\r\x1b[2K")
		v.alive = false
	}
}

// end says, where a drill has no table of its own, how it ended.
func (v *view) end(o runner.Outcome) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.clear()
	if v.brief && o.Dir != "" {
		v.tell("%s  %s", elapsed(v.began), o.Result.Ending())
	}
}

func (v *view) image(e image.Event) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if e.Image == "" {
		v.status(e.Step)
	} else if e.Done {
		v.print(fmt.Sprintf("image %s: %s (%.1f s)", e.Image, e.Step, e.Took.Seconds()))
	} else {
		v.status(fmt.Sprintf("image %s: %s", e.Image, e.Step))
	}
}

func (v *view) event(e drill.Event) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.brief {
		v.follow(e)
		return
	}
	if e.Text != "" {
		mark := "  "
		if e.Fault {
			v.fault, mark = e.Text, "! "
		}
		v.print(mark + e.Text)
		return
	}
	v.status(fmt.Sprintf("%-16s offered %4.0f/s  good %4.0f/s  acknowledged %5d   %s",
		e.Phase, e.Load.Offered, e.Load.Good, e.Load.Acked, v.fault))
}

// follow tells of each phase once, and on a terminal of what goes on in it; the caller holds the lock.
func (v *view) follow(e drill.Event) {
	if e.Fault {
		v.fault = e.Text
	}
	if phase := e.Phase; phase != v.phase {
		v.phase = phase
		if !v.live || v.side {
			v.print("  " + phase)
		}
	}
	if e.Text == "" {
		v.status(fmt.Sprintf("%s  %-14s offered %4.0f/s  good %4.0f/s  %s",
			v.name, e.Phase, e.Load.Offered, e.Load.Good, v.fault))
	}
}

// status replaces the live line, on a terminal only; the caller holds the lock.
func (v *view) status(text string) {
	if !v.live || v.side {
		return
	}
	v.clear()
	if r := []rune(text); len(r) > 100 {
		text = string(r[:100])
	}
	_, _ = fmt.Fprintf(v.stderr, "%s  %s", elapsed(v.began), text)
	v.alive = true
}
