package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// settling is the share of a load at its beginning in which answers are not counted: queues fill.
const settling = 0.25

// The bounds of what is offered.
const (
	// maxRate is more requests a second than anybody can offer.
	maxRate = 1e6
	// maxOpen is how many requests may be under way at once, so that a service that hangs can't take whoever asks with
	// it.
	maxOpen = 4096
	// lateAfter is how long after it was due a request may be sent. What is sent later was held up by whoever asks, not
	// by the service.
	lateAfter = 50 * time.Millisecond
	// offeredShare is how much of a load has to be sent in time. With less, what is served says more of whoever asks
	// than of the service.
	offeredShare = 0.95
)

// ErrUnoffered says that whoever asks could not offer the load that was asked for. What was served of it is no limit of
// the service.
var ErrUnoffered = errors.New("this machine can't offer so much")

// Offering is nil when the load that was asked for was offered, and else an ErrUnoffered that says what was not.
func (a Answer) Offering() error {
	if a.Unoffered == "" {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrUnoffered, a.Unoffered)
}

// serving offers Rate requests a second for a while, whatever becomes of those before, and counts the answers that are
// no refusal (any but 503, which a service gives that has no capacity left) and come while the load is on, once it has
// settled. Took is that time, Rate how fast they come in it, OnTime how fast requests were sent in it that were sent in
// time.
func serving(ctx context.Context, q Question) (a Answer, err error) {
	if !(q.Rate > 0) || q.Rate > maxRate || q.Lasting <= 0 {
		return a, fmt.Errorf("invalid load on %s of %g requests a second for %s", q.Service, q.Rate, q.Lasting)
	}
	// A connection for each, as the workload's clients have it: kept ones would lead more and more requests to the node
	// that refuses fastest.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	start := time.Now()
	l := &load{
		Question: q, maxOpen: maxOpen, now: func() time.Duration { return time.Since(start) },
		ask: func(ctx context.Context) (bool, error) { return isServed(ctx, client, "http://"+q.Address+q.Path) },
	}
	l.offer(ctx)
	return l.answer(), nil
}

// load is a load that is being offered: request i is due at i/Rate, however those before it fared.
type load struct {
	Question
	maxOpen int64                // requests under way at once
	now     func() time.Duration // since the load began
	ask     func(ctx context.Context) (served bool, err error)

	open  atomic.Int64
	asked sync.WaitGroup

	mu      sync.Mutex
	served  []time.Duration // when each request that counts was answered
	due     int             // after the load had settled
	inTime  int             // of those, that were sent in time
	surplus int             // not sent, because too many were under way
	failed  error           // a request that was not answered, the last of them
	unable  error           // one that could not be asked for a reason that is not the service's
}

// offer sends all requests, each from a goroutine of its own, and waits for their ends. One that wakes late sends all
// that have fallen due at once; what falls due before the end and is not sent by then is not sent any more.
func (l *load) offer(ctx context.Context) {
	defer l.asked.Wait()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for i := 0; ; i++ {
		due := time.Duration(float64(i) / l.Rate * float64(time.Second))
		if due >= l.Lasting {
			return
		}
		timer.Reset(due - l.now())
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		switch {
		case l.now() > l.Lasting+lateAfter:
			l.note(due, false)
		case l.open.Add(1) > l.maxOpen:
			l.open.Add(-1)
			l.refuse()
		default:
			l.asked.Go(func() {
				defer l.open.Add(-1)
				l.note(due, l.now()-due <= lateAfter)
				l.one(ctx)
			})
		}
	}
}

// settled is when answers begin to count.
func (l *load) settled() time.Duration { return time.Duration(settling * float64(l.Lasting)) }

// note takes down whether a request was sent in time.
func (l *load) note(due time.Duration, inTime bool) {
	if due < l.settled() {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.due++
	if inTime {
		l.inTime++
	}
}

// refuse takes down a request that has failed without having been sent: to leave it out would close the loop.
func (l *load) refuse() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.surplus++
}

func (l *load) one(ctx context.Context) {
	served, err := l.ask(ctx)
	at := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err != nil:
		l.failed = err
		if isOurs(err) {
			l.unable = err
		}
	case served && at > l.settled() && at <= l.Lasting:
		l.served = append(l.served, at)
	}
}

// isOurs says whether a request failed because whoever asks has run out of something.
func isOurs(err error) bool {
	return slices.ContainsFunc([]error{
		syscall.EMFILE, syscall.ENFILE, syscall.EADDRNOTAVAIL, syscall.ENOBUFS,
		syscall.ENOMEM,
	}, func(e error) bool {
		return errors.Is(err, e)
	})
}

// answer is what came of the load, once it is over.
func (l *load) answer() (a Answer) {
	during := l.Lasting - l.settled()
	a.Took, a.Count, a.Rate = during, int64(len(l.served)), pace(l.served, during)
	a.OnTime = float64(l.inTime) / during.Seconds()
	switch {
	case l.unable != nil:
		a.Unoffered = l.unable.Error()
	case float64(l.inTime) < offeredShare*float64(l.due):
		a.Unoffered = fmt.Sprintf("of %d requests %d were sent within %s of when they were due", l.due, l.inTime,
			lateAfter)
	}
	a = answered(a, l.Question, l.failed)
	if l.surplus == 0 {
		return a
	}
	unsent := fmt.Sprintf("%d requests were not sent, as %d were under way already", l.surplus, l.maxOpen)
	if a.Symptom == Fine {
		a.Symptom, a.Said = Silence, fmt.Sprintf("%s at %s: %s", l.Service, l.Address, unsent)
	} else {
		a.Said += "; " + unsent
	}
	return a
}

func isServed(ctx context.Context, client *http.Client, url string) (bool, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return false, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return false, err
	}
	defer func() { _ = resp.Body.Close() }()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode != http.StatusServiceUnavailable, err
}

// pace is how many requests are served a second: where they are served all the time, the slope of their line, and else
// their number over the time.
func pace(served []time.Duration, during time.Duration) float64 {
	slices.Sort(served)
	if n := len(served); n == 0 || served[n-1]-served[0] < during*4/5 {
		return float64(n) / during.Seconds()
	}
	return slope(served)
}

// slope is that of the line of least squares through the times at which requests were served, in order, and how many
// had been served by then. Unlike their number over the time, it does not count one more or less where the workers of a
// service end their work together and the time ends between. With fewer than two, or all at once, it is 0.
func slope(served []time.Duration) float64 {
	n := float64(len(served))
	var meanAt, meanCount float64
	for i, at := range served {
		meanAt += at.Seconds() / n
		meanCount += float64(i) / n
	}
	var both, square float64
	for i, at := range served {
		both += (at.Seconds() - meanAt) * (float64(i) - meanCount)
		square += (at.Seconds() - meanAt) * (at.Seconds() - meanAt)
	}
	if square == 0 {
		return 0
	}
	return both / square
}
