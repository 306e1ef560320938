package runtime

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// CheckLimit is how long a target may take to answer one health check, whatever the interval: how fast a healthy app
// answers is a matter of its machine, not of how often it is asked. Route 53 gives six seconds, of which a drill could
// not wait out three; the way is added by who knows it.
const CheckLimit = 2 * time.Second

// maxLooks is how many checks of one target may be under way at once. Where they outlast their interval, several are.
const maxLooks = 64

// Watch looks every interval, on schedule: a look that takes long, as it does where bytes vanish, does not put off the
// next one. The results come in the order in which the looks began. The channel is closed after ctx ends.
func Watch[T any](ctx context.Context, look func(ctx context.Context) T, interval time.Duration) <-chan T {
	seen := make(chan T)
	looks := make(chan chan T, maxLooks)
	go func() {
		defer LastWords("look on time")
		defer close(looks)
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			one := make(chan T, 1)
			select {
			case looks <- one:
				go With("look at a target", func() { one <- look(ctx) })()
			default: // as many as there may be: leave this one out
			}
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
		}
	}()
	go func() {
		defer close(seen)
		for one := range looks {
			s := <-one
			if ctx.Err() != nil {
				continue // cut short: it says nothing about who was looked at
			}
			select {
			case seen <- s:
			case <-ctx.Done():
			}
		}
	}()
	return seen
}

// Health is what the checks of one target have found. A target is healthy until checks say otherwise, as in Route 53: a
// name service that has just started must not take a service away that works.
type Health struct {
	Unknown   bool // checks that fail are counted, and do not change the state yet
	Unhealthy bool
	Streak    int       // checks in a row that contradict the state
	Since     time.Time // when the state last changed
	LastError string    // why the last check failed; empty when it passed
	// LastFailure is why the last one failed that did, however many have passed since.
	LastFailure string
}

// Observe takes the result of one check, and says whether it changed the state.
func (h *Health) Observe(err error, threshold int, now time.Time) (changed bool) {
	h.LastError = ""
	if err != nil {
		h.LastError, h.LastFailure = err.Error(), err.Error()
	}
	if h.Unhealthy == (err != nil) {
		h.Streak = 0
		return false
	}
	h.Streak++
	if h.Streak < threshold || h.Unknown {
		return false
	}
	h.Unhealthy, h.Streak, h.Since = err != nil, 0, now
	return true
}

// Checker asks a target for its health. Each check connects anew: a kept connection can outlive its far end.
type Checker struct {
	url, holds string
	client     *http.Client
}

// NewChecker asks a URL, each time for so long at most. The answer has to hold a text; every answer holds the empty
// one.
func NewChecker(url, holds string, limit time.Duration) *Checker {
	return &Checker{url: url, holds: holds, client: &http.Client{
		Transport: &http.Transport{DisableKeepAlives: true},
		Timeout:   limit,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // only the target itself can say that it is well
		},
	}}
}

// Check asks once. Any answer but 2xx is an error, and so is one without the text that it has to hold.
func (c *Checker) Check(ctx context.Context) error {
	_, err := c.Ask(ctx)
	return err
}

const (
	mostRead   = 1 << 16 // bytes of an answer
	mostQuoted = 200     // of those, in an error
)

// Ask is Check with the header of the answer.
func (c *Checker) Ask(ctx context.Context) (http.Header, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", c.url, err)
	}
	response, err := c.client.Do(request)
	if err != nil {
		return nil, Within(c.client.Timeout, err) // it names the method and the URL
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, mostRead))
	if err != nil {
		return nil, fmt.Errorf("read answer of %s: %w", c.url, Within(c.client.Timeout, err))
	}
	said := ""
	if text := strings.Join(strings.Fields(strings.ToValidUTF8(string(body), "")), " "); text != "" {
		said = fmt.Sprintf(": %.*s", mostQuoted, text)
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return nil, fmt.Errorf("%s answered %w%s", c.url, Plain(response.Status), said)
	}
	if !bytes.Contains(body, []byte(c.holds)) {
		return nil, fmt.Errorf("%s answered %w%s", c.url, Plain("without "+c.holds), said)
	}
	return response.Header, nil
}
