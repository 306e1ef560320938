package probe

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// settling is the share of a load at its beginning in which answers are not counted: queues fill.
const settling = 0.25

// mostRate is more requests a second than anybody can offer.
const mostRate = 1e6

// serving offers Rate requests a second for a while, whatever becomes of those before, and counts the answers that are no refusal (any but
// 503, which a service gives that has no capacity left) and come while the load is on, once it has settled. Took is that time, Rate how fast they come in it.
func serving(ctx context.Context, q Question) (a Answer, err error) {
	if !(q.Rate > 0) || q.Rate > mostRate || q.Lasting <= 0 {
		return a, fmt.Errorf("offer %s %g requests a second for %s: nobody offers that", q.Service, q.Rate, q.Lasting)
	}
	// A connection for each, as the workload's clients have it: kept ones would lead more and more requests to the node that refuses fastest.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	var mu sync.Mutex
	var failed error
	var came []time.Duration
	var asked sync.WaitGroup
	start := time.Now()
	settled := time.Duration(settling * float64(q.Lasting))
	one := func() {
		served, err := isServed(ctx, client, "http://"+q.Address+q.Path)
		at := time.Since(start)
		mu.Lock()
		defer mu.Unlock()
		switch {
		case err != nil:
			failed = err
		case served && at > settled && at <= q.Lasting:
			came = append(came, at)
		}
	}
	tick := time.NewTicker(time.Duration(float64(time.Second) / q.Rate))
	defer tick.Stop()
	for time.Since(start) < q.Lasting && ctx.Err() == nil {
		asked.Go(one)
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	asked.Wait()
	a.Took, a.Count, a.Rate = q.Lasting-settled, int64(len(came)), pace(came, q.Lasting-settled)
	return answered(a, q, failed), nil
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

// pace is how many come a second: where they come all the time, their slope, and else their number over the time.
func pace(came []time.Duration, during time.Duration) float64 {
	slices.Sort(came)
	if n := len(came); n == 0 || came[n-1]-came[0] < during*4/5 {
		return float64(n) / during.Seconds()
	}
	return slope(came)
}

// slope is that of the line of least squares through the times at which they came, in order, and how many had come by then. Unlike their number over
// the time, it does not count one more or less where the workers of a service end their work together and the time ends between. With fewer than two,
// or all at once, it is 0.
func slope(came []time.Duration) float64 {
	n := float64(len(came))
	var meanAt, meanCount float64
	for i, at := range came {
		meanAt += at.Seconds() / n
		meanCount += float64(i) / n
	}
	var both, square float64
	for i, at := range came {
		both += (at.Seconds() - meanAt) * (float64(i) - meanCount)
		square += (at.Seconds() - meanAt) * (at.Seconds() - meanAt)
	}
	if square == 0 {
		return 0
	}
	return both / square
}
