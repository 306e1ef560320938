package image

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	labengine "github.com/regionfall/regionfall/lab/engine"
)

// engineThat starts an engine's API of which only these questions are answered: is this image here, does a registry have it. No
// registry can be had in a test, and its absence cannot either.
func engineThat(t *testing.T, has, offers func(name string) bool) *engine {
	t.Helper()
	yes := func(w http.ResponseWriter, ok bool) {
		w.Header().Set("Content-Type", "application/json")
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(`{"message":"no such host"}`))
			return
		}
		_, _ = w.Write([]byte(`{}`))
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		switch {
		case strings.HasSuffix(r.URL.Path, "/_ping"):
			w.Header().Set("Api-Version", "1.41")
		case strings.HasSuffix(r.URL.Path, "/version"):
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"ApiVersion":"1.41","Arch":"amd64"}`))
		case strings.HasPrefix(path, "images/"):
			yes(w, has(strings.TrimSuffix(strings.TrimPrefix(path, "images/"), "/json")))
		case strings.HasPrefix(path, "distribution/"):
			yes(w, offers(strings.TrimSuffix(strings.TrimPrefix(path, "distribution/"), "/json")))
		default:
			t.Errorf("unexpected question %s", r.URL.Path)
		}
	}))
	t.Cleanup(server.Close)
	t.Setenv("DOCKER_HOST", "tcp://"+server.Listener.Addr().String())
	e, err := open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.close)
	return e
}

func TestChoose(t *testing.T) {
	always, never := func(string) bool { return true }, func(string) bool { return false }
	for name, c := range map[string]struct {
		wanted      Source
		built       []Source
		has, offers func(string) bool
		want        Source
		reason      string
	}{
		"nothing here, no registry":             {wanted: Auto, has: never, offers: never, want: Packages, reason: "no image registry answers"},
		"nothing here, a registry":              {wanted: Auto, has: never, offers: always, want: Registry, reason: "a registry answers"},
		"pulled before, no registry":            {wanted: Auto, has: always, offers: never, want: Registry, reason: "pinned images are here"},
		"built from packages, a registry":       {wanted: Auto, built: []Source{Packages}, has: never, offers: always, want: Packages, reason: "here already"},
		"built from both, no registry":          {wanted: Auto, built: []Source{Packages, Registry}, has: never, offers: never, want: Registry, reason: "here already"},
		"packages asked for, a registry":        {wanted: Packages, has: always, offers: always, want: Packages, reason: "asked for"},
		"registry asked for":                    {wanted: Registry, has: never, offers: always, want: Registry, reason: "asked for"},
		"registry asked for, built, none there": {wanted: Registry, built: []Source{Registry}, has: never, offers: never, want: Registry, reason: "asked for"},
		"registry asked for, none there":        {wanted: Registry, has: never, offers: never, want: "", reason: ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := &builder{engine: engineThat(t, c.has, c.offers), present: map[string]string{}, goVersion: "go1"}
			base, err := b.baseTag()
			if err != nil {
				t.Fatal(err)
			}
			for _, source := range c.built {
				for _, r := range b.services(source, base) {
					tag, err := r.tag(b.engine.arch, "")
					if err != nil {
						t.Fatal(err)
					}
					b.present[tag] = "sha256:1"
				}
			}
			got, reason, err := b.choose(t.Context(), c.wanted)
			if (err != nil) != (c.want == "") {
				t.Fatalf("error %v", err)
			}
			if got != c.want || !strings.Contains(reason, c.reason) {
				t.Errorf("got %s because %q; want %s because %q", got, reason, c.want, c.reason)
			}
		})
	}
}

func TestNoEngine(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close() // the port is free now, and nobody listens
	t.Setenv("DOCKER_HOST", "tcp://"+server.Listener.Addr().String())
	if _, err := Ensure(t.Context(), Options{}); !errors.Is(err, labengine.ErrNone) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Ensure(ctx, Options{}); !errors.Is(err, context.Canceled) || errors.Is(err, labengine.ErrNone) {
		t.Errorf("cancelled: got %v", err)
	}
}
