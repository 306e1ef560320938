package image

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/client"

	labengine "github.com/regionfall/regionfall/lab/engine"
	"github.com/regionfall/regionfall/lab/engine/enginetest"
	"github.com/regionfall/regionfall/lab/topology"
)

// engineThat starts an engine's API of which only these questions are answered: is this image here, does a registry
// have it. No registry can be had in a test, and its absence cannot either.
func engineThat(t *testing.T, has, offers func(name string) bool) *engine {
	t.Helper()
	return engineBefore(t, has, func(name string) int {
		if offers(name) {
			return http.StatusOK
		}
		return http.StatusInternalServerError
	})
}

// engineBefore is the same before a registry that answers with these statuses.
func engineBefore(t *testing.T, has func(name string) bool, registry func(name string) int) *engine {
	t.Helper()
	say := func(w http.ResponseWriter, status int) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		text, ok := map[int]string{
			http.StatusOK:           `{}`,
			http.StatusUnauthorized: `{"message":"unauthorized: authentication required"}`,
		}[status]
		if !ok {
			text = `{"message":"no such host"}`
		}
		_, _ = w.Write([]byte(text))
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
			status := http.StatusNotFound
			if has(strings.TrimSuffix(strings.TrimPrefix(path, "images/"), "/json")) {
				status = http.StatusOK
			}
			say(w, status)
		case strings.HasPrefix(path, "distribution/"):
			say(w, registry(strings.TrimSuffix(strings.TrimPrefix(path, "distribution/"), "/json")))
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

// rig is a builder before an engine that has, and a registry that offers, what the functions say. These are built
// already.
func rig(t *testing.T, has, offers func(string) bool, built ...func(b *builder, base string) []recipe) *builder {
	t.Helper()
	b := &builder{engine: engineThat(t, has, offers), present: map[string]string{}}
	base, err := b.baseTag()
	if err != nil {
		t.Fatal(err)
	}
	b.present[base] = "sha256:0"
	for _, recipes := range built {
		for _, r := range recipes(b, base) {
			tag, err := r.tag(b.engine.arch, "")
			if err != nil {
				t.Fatal(err)
			}
			b.present[tag] = "sha256:1"
		}
	}
	return b
}

type recipesOf = func(b *builder, base string) []recipe

func databasesOf(s Source) recipesOf {
	return func(_ *builder, base string) []recipe { return databases(s, base) }
}

func storesOf(p provider) recipesOf {
	return func(_ *builder, base string) []recipe { return stores(p, base) }
}

func always(string) bool { return true }

func never(string) bool { return false }

// butLocalStack is a registry, or an engine, that has everything else.
func butLocalStack(name string) bool { return !strings.Contains(name, "localstack") }

func TestChooseSource(t *testing.T) {
	for name, c := range map[string]struct {
		wanted      Source
		built       []Source
		has, offers func(name string) bool
		want        Source
		reason      string
	}{
		"nothing here, no registry": {
			wanted: Auto, has: never, offers: never, want: Packages,
			reason: "no image registry answers",
		},
		"nothing here, a registry": {
			wanted: Auto, has: never, offers: always, want: Registry,
			reason: "a registry answers",
		},
		"pulled before, no registry": {
			wanted: Auto, has: always, offers: never, want: Registry,
			reason: "pinned images are here",
		},
		"built from packages, a registry": {
			wanted: Auto, built: []Source{Packages}, has: never, offers: always,
			want: Packages, reason: "here already",
		},
		"built from both, no registry": {
			wanted: Auto, built: []Source{Packages, Registry}, has: never,
			offers: never, want: Registry, reason: "here already",
		},
		"packages asked for, a registry": {
			wanted: Packages, has: always, offers: always, want: Packages,
			reason: "asked for",
		},
		"registry asked for": {
			wanted: Registry, has: never, offers: always, want: Registry,
			reason: "asked for",
		},
		"registry asked for, built, none there": {
			wanted: Registry, built: []Source{Registry}, has: never,
			offers: never, want: Registry, reason: "asked for",
		},
		"registry asked for, none there": {wanted: Registry, has: never, offers: never, want: "", reason: ""},
	} {
		t.Run(name, func(t *testing.T) {
			var built []recipesOf
			for _, source := range c.built {
				built = append(built, databasesOf(source))
			}
			got, err := rig(t, c.has, c.offers, built...).choose(t.Context(), Options{Source: c.wanted})
			if (err != nil) != (c.want == "") {
				t.Fatalf("error %v", err)
			}
			if err == nil && (got.source != c.want || !strings.Contains(got.reason, c.reason)) {
				t.Errorf("got %s because %q; want %s because %q", got.source, got.reason, c.want, c.reason)
			}
		})
	}
}

func TestChooseWhatServesS3AndDynamoDB(t *testing.T) {
	const local, packages = topology.AWSLocalStack, topology.AWSPackages
	for name, c := range map[string]struct {
		wanted      topology.AWS
		source      Source
		built       []recipesOf
		has, offers func(name string) bool
		want        provider
		reason      string
	}{
		"a registry": {
			source: Registry, has: never, offers: always, want: registered,
			reason: "the registry has it",
		},
		"a registry, without LocalStack": {
			source: Registry, has: never, offers: butLocalStack,
			want:   packaged,
			reason: "no LocalStack from a registry: no image registry answers (Error response from daemon: no such host)",
		},
		"a registry, and LocalStack pulled": {
			source: Registry, has: always, offers: never, want: registered,
			reason: "its pinned image is here already",
		},
		"a registry, and LocalStack made": {
			source: Registry, has: butLocalStack, offers: never,
			built: []recipesOf{storesOf(registered)}, want: registered, reason: "it is here already",
		},
		"a registry, and packages made": {
			source: Registry, has: butLocalStack, offers: always,
			built: []recipesOf{storesOf(packaged)}, want: packaged, reason: "they are here already",
		},
		"a registry, packages asked for": {
			wanted: packages, source: Registry, has: always, offers: always,
			want: packaged, reason: "asked for",
		},
		"a registry, LocalStack asked for": {
			wanted: local, source: Registry, has: never, offers: always,
			want: registered, reason: "asked for",
		},
		"a registry without, LocalStack asked for": {
			wanted: local, source: Registry, has: butLocalStack,
			offers: butLocalStack, want: python, reason: "asked for, and no LocalStack from a registry",
		},
		"packages": {
			source: Packages, has: never, offers: never, want: packaged,
			reason: "images are from packages",
		},
		"packages, all of them made": {
			source: Packages, has: never, offers: never,
			built: []recipesOf{storesOf(packaged), storesOf(python)}, want: packaged, reason: "they are here already",
		},
		// Else what serves S3 would change whenever the recipe of versitygw does, and LocalStack was tried once.
		"packages, LocalStack made": {
			source: Packages, has: never, offers: never,
			built: []recipesOf{storesOf(python)}, want: packaged, reason: "images are from packages",
		},
		"packages, LocalStack asked for": {
			wanted: local, source: Packages, has: never, offers: never,
			want: python, reason: "asked for",
		},
		"packages, LocalStack asked for, a registry": {
			wanted: local, source: Packages, has: always, offers: always,
			want: python, reason: "asked for",
		},
		"packages, packages asked for": {
			wanted: packages, source: Packages, has: never, offers: never,
			built: []recipesOf{storesOf(python)}, want: packaged, reason: "asked for",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := rig(t, c.has, c.offers, c.built...).choose(t.Context(),
				Options{Source: c.source, AWS: c.wanted})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want.servers, got.provider.servers); diff != "" || got.provider.name != c.want.name ||
				!strings.Contains(got.awsReason, c.reason) {
				t.Errorf("got %s; want it because %q\n%s", got.serves(), c.reason, diff)
			}
		})
	}
	b := rig(t, butLocalStack, never)
	clear(b.present)
	t.Setenv("PATH", "")
	if _, err := b.choose(t.Context(), Options{AWS: local}); err == nil ||
		!strings.Contains(err.Error(), "no LocalStack from a registry: no image registry answers") ||
		!strings.Contains(err.Error(), "needs mmdebstrap") || strings.Contains(err.Error(), "\n") {
		t.Errorf("nothing to build it with: %v", err)
	}
	if _, err := rig(t, always, always).choose(t.Context(), Options{AWS: "localstak"}); err == nil ||
		!strings.Contains(err.Error(), `"localstak"`) {
		t.Errorf("got %v", err)
	}
}

func TestARegistryThatWantsATokenSaysSo(t *testing.T) {
	wants := func(what string, o Options) (choice, error) {
		b := rig(t, never, never)
		b.engine = engineBefore(t, never, func(name string) int {
			if strings.Contains(name, what) {
				return http.StatusUnauthorized
			}
			return http.StatusOK
		})
		return b.choose(t.Context(), o)
	}
	got, err := wants("localstack", Options{})
	if err != nil || got.source != Registry || got.provider.name != topology.AWSPackages ||
		!strings.Contains(got.awsReason, "wants a token (") {
		t.Errorf("for LocalStack: %s %s, %v", got.source, got.serves(), err)
	}
	got, err = wants("postgres", Options{})
	if err != nil || got.source != Packages || !strings.Contains(got.reason, "wants a token (") {
		t.Errorf("for the databases: %s because %s, %v", got.source, got.reason, err)
	}
	if _, err = wants("postgres", Options{Source: Registry}); err == nil ||
		!strings.Contains(err.Error(), "wants a token (") {
		t.Errorf("asked for: %v", err)
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

func TestPodmansNamesAreOurs(t *testing.T) {
	there := enginetest.Start(t)
	there.Podman = true
	there.Answer("GET /images/json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(
			[]byte(`[{"Id": "i1", "RepoTags": ["localhost/regionfall/postgres:0123456789ab"]}, {"Id": "i2", "RepoTags": ["regionfall/redis:0123456789ab"]}]`))
	})
	t.Setenv("DOCKER_HOST", there.Address)
	e, err := open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer e.close()
	got, err := e.images(t.Context())
	want := map[string]string{"regionfall/postgres:0123456789ab": "i1", "regionfall/redis:0123456789ab": "i2"}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

// Podman answers 404 where docker inspects a registry's image, be it there or not.
func TestPodmanFindsARegistryByPulling(t *testing.T) {
	const layer, failure = `{"status":"Pulling fs layer","id":"0123456789ab"}`,
		`{"errorDetail":{"message":"no such host"},"error":"no such host"}`
	for name, c := range map[string]struct {
		lines []string
		want  string // of the error
	}{
		"a registry has it":     {[]string{`{"status":"Trying to pull"}`, layer, failure}, ""},
		"it is here":            {[]string{`{"status":"Download complete","id":"0123456789ab"}`}, ""},
		"no registry answers":   {[]string{failure}, "no such host"},
		"a registry is as dead": {nil, "nothing within"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			there := enginetest.Start(t)
			there.Podman = true
			there.Answer("POST /images/create", func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				for _, line := range c.lines {
					_, _ = fmt.Fprintln(w, line)
				}
				w.(http.Flusher).Flush()
				if c.want == "" || c.lines == nil {
					<-r.Context().Done() // whoever knows enough goes
				}
			})
			cli, err := client.New(client.WithHost(there.Address))
			if err != nil {
				t.Fatal(err)
			}
			e := &engine{client: cli, podman: true}
			defer e.close()
			err = e.offered(t.Context(), pins["redis"])
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
