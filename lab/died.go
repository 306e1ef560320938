package lab

import (
	"fmt"
	"strings"
	"time"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/node"
	"github.com/regionfall/regionfall/lab/state"
	"github.com/regionfall/regionfall/lab/topology"
)

// Died says that one of the lab's own programs has ended by itself: by no fault, and by no order. What is seen of the
// lab from then on says nothing of the service that is tested.
type Died struct {
	Node  string
	Code  int  // its exit code; -1 if the engine did not tell
	OOM   bool // the kernel ended it, for want of memory
	At    time.Time
	Words []string // its last

	into string
}

// Error is the whole story.
func (d *Died) Error() string {
	why := fmt.Sprintf("exit code %d", d.Code)
	if d.OOM {
		why += ", out of memory"
	}
	story := fmt.Sprintf("%s ended by itself (%s)%s; ", d.Node, why, d.into)
	if len(d.Words) == 0 {
		return story + "it left no last words"
	}
	return story + "its last words:\n    " + strings.Join(d.Words, "\n    ")
}

// During is the same with how far into something it came, such as "the drill", that goes on since a time.
func (d *Died) During(what string, since time.Time) *Died {
	dated := *d
	dated.into = fmt.Sprintf(" %.1f s into %s", d.At.Sub(since).Seconds(), what)
	if d.At.Before(since) { // in a lab that was up ahead
		dated.into = " before " + what + " began"
	}
	return &dated
}

// killedCode is the exit code of a process that was killed, also by itself because it was told to.
const killedCode = 137

// ended says whether the fault has ended a node: because it holds it down, or because it told the automation to end
// itself where a step begins.
func ended(n Note, d node.Death) bool {
	ordered := n.Kind == (*fault.KillAutomation)(nil).Kind() && d.Service == topology.ServiceAutomation &&
		d.Code == killedCode
	return ordered || n.Holds[thingOf(d.Node)] == state.Down
}

// mostQuoted is how much of a line is quoted.
const mostQuoted = 300

// quotable are words as they may stand in a report.
func quotable(words []string) []string {
	clean := make([]string, len(words))
	for i, w := range words {
		clean[i] = strings.ReplaceAll(w, topology.Secret, "…")
		if line := []rune(clean[i]); len(line) > mostQuoted {
			clean[i] = string(line[:mostQuoted]) + "…"
		}
	}
	return clean
}
