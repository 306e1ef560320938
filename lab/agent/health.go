package agent

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// The bounds of one health check: an interval below the first says nothing about how fast a healthy app may answer, and above the
// second a check would find out too late that bytes vanish.
const (
	checkLimitLeast = 200 * time.Millisecond
	checkLimitMost  = time.Second
)

// health is what the checks of one target have found. A target is healthy until checks say otherwise, as in Route 53: a name
// service that has just started must not take a service away that works.
type health struct {
	unknown   bool // checks that fail are counted, and do not change the state yet
	unhealthy bool
	streak    int       // checks in a row that contradict the state
	since     time.Time // when the state last changed
	lastError string    // why the last check failed; empty when it passed
}

// observe takes the result of one check, and says whether it changed the state.
func (h *health) observe(err error, threshold int, now time.Time) (changed bool) {
	h.lastError = ""
	if err != nil {
		h.lastError = err.Error()
	}
	if h.unhealthy == (err != nil) {
		h.streak = 0
		return false
	}
	h.streak++
	if h.streak < threshold || h.unknown {
		return false
	}
	h.unhealthy, h.streak, h.since = err != nil, 0, now
	return true
}

// checkLimit is how long one check may take; trip is what the way alone takes, as a healthy app may have to ask across it.
func checkLimit(interval, trip time.Duration) time.Duration {
	return min(max(interval, checkLimitLeast), checkLimitMost) + trip
}

// checker asks a target for its health. Each check connects anew: a kept connection can outlive what it stands for.
type checker struct {
	url    string
	client *http.Client
}

func newChecker(url string, limit time.Duration) *checker {
	return &checker{url: url, client: &http.Client{
		Transport: &http.Transport{DisableKeepAlives: true},
		Timeout:   limit,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // only the target itself can say that it is well
		},
	}}
}

// check asks once. Any answer but 2xx is an error.
func (c *checker) check(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url, http.NoBody)
	if err != nil {
		return fmt.Errorf("ask %s: %w", c.url, err)
	}
	response, err := c.client.Do(request)
	if err != nil {
		return within(c.client.Timeout, err) // it names the method and the URL
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(response.Body, 1<<16)); err != nil {
		return fmt.Errorf("read answer of %s: %w", c.url, within(c.client.Timeout, err))
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return fmt.Errorf("%s answered %w", c.url, plain(response.Status))
	}
	return nil
}
