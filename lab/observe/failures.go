package observe

import (
	"context"
	"strings"
	"time"

	"github.com/regionfall/regionfall/lab/api"
)

// Failures tells of the steps that fail on the automation at a tap, by its marks.
type Failures struct {
	tap   string
	start string // the process that has left the marks
	last  int    // the number of its last mark that was seen
}

// NewFailures follows the steps that fail on the automation at a tap from now on.
func NewFailures(ctx context.Context, tap string) *Failures {
	f := &Failures{tap: tap}
	f.next(ctx)
	return f
}

// next tells of each step that has failed since the first exchange that was answered, such as "step promote failed: not
// done within 5s". What can't be asked now is told later.
func (f *Failures) next(ctx context.Context) (said []string) {
	x, err := askMarks(ctx, f.tap, f.last, 0, func() time.Duration { return 0 })
	if err == nil && x.Reply.Start != f.start && f.last > 0 {
		f.last = 0 // a new process numbers its marks anew
		x, err = askMarks(ctx, f.tap, 0, 0, func() time.Duration { return 0 })
	}
	if err != nil {
		return nil
	}
	first := f.start == "" // what has failed before is an earlier failover's
	f.start = x.Reply.Start
	for _, m := range x.Reply.Marks {
		f.last = max(f.last, m.Seq)
		if m.Name == api.MarkFailed && !first {
			step, why, _ := strings.Cut(m.Detail, ": ")
			said = append(said, "step "+step+" failed: "+why)
		}
	}
	return said
}

// Tell hands on what has failed since.
func (f *Failures) Tell(ctx context.Context, said func(string)) {
	for _, text := range f.next(ctx) {
		said(text)
	}
}
