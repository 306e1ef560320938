package link

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/regionfall/regionfall/lab/link/hub"
	"github.com/regionfall/regionfall/lab/link/toxic"
	"github.com/regionfall/regionfall/lab/probe"
)

// late is a hub that carries out some requests only when it is let: as one does whose control port hangs for a while.
type late struct {
	http.Handler
	requests string        // the beginning of those, as method and path
	let      chan struct{} // closed when they may go on
}

func (l *late) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if l.requests != "" && strings.HasPrefix(r.Method+" "+r.URL.Path, l.requests) {
		<-l.let
	}
	l.Handler.ServeHTTP(w, r)
}

// lateLink is a link of a late hub, at which nobody waits long.
func lateLink(t *testing.T) (*Link, *late) {
	t.Helper()
	carrier := hub.New(zerolog.Nop())
	t.Cleanup(carrier.Close)
	slow := &late{Handler: carrier, let: make(chan struct{})}
	h, path := openOn(t, slow, Baseline{})
	return h.Link(path, nil), slow
}

// full is all of what a link is like.
type full struct {
	state  string
	isDeaf bool
}

func fullState(t *testing.T, l *Link) full {
	t.Helper()
	s, err := l.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var deaf struct{ Deaf bool }
	if err := l.hub.deaf(t.Context(), http.MethodGet, l.Name, &deaf); err != nil {
		t.Fatal(err)
	}
	state := "restored"
	if s.Cut {
		state = "cut"
	}
	var toxics []string
	for _, one := range s.Toxics {
		toxics = append(toxics, one.String())
	}
	slices.Sort(toxics)
	return full{state: strings.Join(append([]string{state}, toxics...), ", "), isDeaf: deaf.Deaf}
}

// giveUp makes a change that the hub does not answer in time, has the hub go on, and waits until nothing is under way.
func giveUp(t *testing.T, l *Link, slow *late, requests string, changes ...func(context.Context) error) {
	t.Helper()
	before := l.hub.patience
	slow.requests, l.hub.patience = requests, 100*time.Millisecond
	var pending []<-chan struct{}
	for _, change := range changes {
		err := change(t.Context())
		var left interface{ Settled() <-chan struct{} }
		if !errors.As(err, &left) || !strings.Contains(err.Error(), "did not answer within") {
			t.Fatalf("of a hub that does not answer in time: %v", err)
		}
		select {
		case <-left.Settled():
			t.Error("it has settled, and the hub has not answered")
		default:
		}
		pending = append(pending, left.Settled())
	}
	l.hub.patience = before
	close(slow.let)
	for _, settled := range pending {
		select {
		case <-settled:
		case <-time.After(time.Minute):
			t.Fatal("a change has not settled within a minute")
		}
	}
}

// Who is told that a change failed takes the link to be as it was. A change that comes true later would break a link
// that nobody will heal, or heal one that a fault holds.
func TestAChangeThatWasGivenUpIsUndone(t *testing.T) {
	slowly := toxic.Latency(probe.Both, 20*time.Millisecond, 0)
	set := func(toxics []toxic.Toxic) func(*Link, context.Context) error {
		return func(l *Link, ctx context.Context) error { return l.Set(ctx, "ada", toxics) }
	}
	for name, c := range map[string]struct {
		before, change func(*Link, context.Context) error
		requests       string
	}{
		"cut":              {(*Link).Restore, (*Link).Cut, "POST /proxies/a_b_redis"},
		"cut a deaf one":   {(*Link).Deafen, (*Link).Cut, "POST /proxies/a_b_redis"},
		"restore":          {(*Link).Cut, (*Link).Restore, "POST /proxies/a_b_redis"},
		"deafen":           {(*Link).Restore, (*Link).Deafen, "PUT /proxies/a_b_redis/deaf"},
		"deafen twice":     {(*Link).Deafen, (*Link).Deafen, "PUT /proxies/a_b_redis/deaf"},
		"undeafen":         {(*Link).Deafen, (*Link).Undeafen, "DELETE /proxies/a_b_redis/deaf"},
		"add toxics":       {set(nil), set(slowly), "POST /proxies/a_b_redis/toxics"},
		"remove toxics":    {set(slowly), set(nil), "DELETE /proxies/a_b_redis/toxics"},
		"replace, removed": {set(slowly), set(toxic.Swallow(probe.Both)), "DELETE /proxies/a_b_redis/toxics"},
		"replace, added":   {set(slowly), set(toxic.Swallow(probe.Both)), "POST /proxies/a_b_redis/toxics"},
		"the last of them": {
			set(slowly), set(nil), "DELETE /proxies/a_b_redis/toxics/ada_latency_upstream",
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, slow := lateLink(t)
			if err := c.before(l, t.Context()); err != nil {
				t.Fatal(err)
			}
			was := fullState(t, l)
			giveUp(t, l, slow, c.requests, func(ctx context.Context) error { return c.change(l, ctx) })
			if is := fullState(t, l); is != was {
				t.Errorf("it was %+v, and is %+v", was, is)
			}
			if err := c.change(l, t.Context()); err != nil {
				t.Errorf("made again: %v", err)
			}
		})
	}
}

// Labs stay up while the harness is renewed, and their faults have to be healed.
func TestAHubThatCannotSayWhetherALinkIsDeafIsUsedAsBefore(t *testing.T) {
	l, slow := lateLink(t)
	now := slow.Handler
	slow.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/deaf") {
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		now.ServeHTTP(w, r)
	})
	if err := errors.Join(l.Cut(t.Context()), l.Restore(t.Context()), l.Deafen(t.Context())); err != nil {
		t.Fatal(err)
	}
	slow.Handler = now
	if is := fullState(t, l); is.state != "restored" || !is.isDeaf {
		t.Errorf("it is %+v", is)
	}
}

func TestAChangeThatWasGivenUpBeforeItBeganDoesNotBegin(t *testing.T) {
	l, slow := lateLink(t)
	was := fullState(t, l)
	giveUp(t, l, slow, "PUT /proxies/a_b_redis/deaf", l.Deafen, l.Cut, func(ctx context.Context) error {
		return l.Set(ctx, "ada", toxic.Swallow(probe.Both))
	})
	// Whatever waited for its turn has had it by the time that one more has.
	if err := l.Restore(t.Context()); err != nil {
		t.Fatal(err)
	}
	if is := fullState(t, l); is != was {
		t.Errorf("it was %+v, and is %+v", was, is)
	}
}

func TestAChangeOfWhichTheHubTakesAPartIsUndone(t *testing.T) {
	l := open(t, 0)
	if err := l.Set(t.Context(), "ada", toxic.Latency(probe.Both, 20*time.Millisecond, 0)); err != nil {
		t.Fatal(err)
	}
	was := fullState(t, l)
	half := append(toxic.SlowClose(probe.Both, time.Second), toxic.Toxic{Type: "lateness", Stream: probe.Upstream})
	if err := l.Set(t.Context(), "ada", half); err == nil || !strings.Contains(err.Error(), "add lateness") {
		t.Errorf("of a toxic that there is not: %v", err)
	}
	if is := fullState(t, l); is != was {
		t.Errorf("it was %+v, and is %+v", was, is)
	}
}
