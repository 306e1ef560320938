package command

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/regionfall/regionfall/lab/image"
	"github.com/regionfall/regionfall/scenarios"
	"github.com/regionfall/regionfall/scenarios/drill"
)

// view shows a run as it goes: lines everywhere, and on a terminal a last line that is alive.
type view struct {
	*app
	began time.Time

	mu    sync.Mutex
	fault string // the last line about a fault
	alive bool   // a live line is on the screen
}

func (a *app) newView(s *scenarios.Scenario, i, n int) *view {
	v := &view{app: a, began: time.Now()}
	title := s.Name()
	if n > 1 {
		title = fmt.Sprintf("%s (%d of %d)", title, i+1, n)
	}
	v.line(title + ": " + s.Summary())
	return v
}

func (v *view) line(text string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.print(text)
}

// print writes a whole line; the caller holds the lock.
func (v *view) print(text string) {
	v.clear()
	v.tell("%s  %s", elapsed(v.began), strings.ReplaceAll(text, "\n", "\n        "))
}

func (v *view) clear() {
	if v.alive {
		_, _ = fmt.Fprint(v.stderr, "\r\x1b[2K")
		v.alive = false
	}
}

func (v *view) end() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.clear()
}

func (v *view) image(e image.Event) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if e.Done {
		v.print(fmt.Sprintf("image %s: %s (%.1f s)", e.Image, e.Step, e.Took.Seconds()))
	} else {
		v.status(fmt.Sprintf("image %s: %s", e.Image, e.Step))
	}
}

func (v *view) event(e drill.Event) {
	v.mu.Lock()
	defer v.mu.Unlock()
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

// status replaces the live line, on a terminal only; the caller holds the lock.
func (v *view) status(text string) {
	if !v.live {
		return
	}
	v.clear()
	if r := []rune(text); len(r) > 100 {
		text = string(r[:100])
	}
	_, _ = fmt.Fprintf(v.stderr, "%s  %s", elapsed(v.began), text)
	v.alive = true
}
