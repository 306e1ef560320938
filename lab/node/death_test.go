package node

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"github.com/regionfall/regionfall/lab/topology"
)

// engineAt is an engine whose answers are those of a handler.
func engineAt(t *testing.T, serve http.HandlerFunc) *Engine {
	t.Helper()
	s := httptest.NewServer(serve)
	t.Cleanup(s.Close)
	cli, err := client.New(client.WithHost("tcp://"+s.Listener.Addr().String()), client.WithAPIVersion("1.41"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cli.Close() })
	return &Engine{client: cli}
}

func TestDeathsAreToldInOrderUntilTheEngineEndsThem(t *testing.T) {
	const die = `{"Type":"container","Action":%q,"Actor":{"ID":%q,"Attributes":{"name":"regionfall-ada-%s","regionfall.node":%q,"regionfall.service":"replicator","exitCode":%q}},"timeNano":%d}` + "\n"
	var asked []string
	e := engineAt(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if strings.HasSuffix(r.URL.Path, "/info") {
			_, _ = fmt.Fprint(w, `{"SystemTime":"1970-01-01T00:00:04.25Z"}`)
			return
		}
		asked = append(asked, r.URL.Query().Get("filters")+" "+r.URL.Query().Get("since"))
		_, _ = fmt.Fprintf(w, die+die+die+die, "die", "c1", "a", "replicator.a", "2", 5_000_000_001, "die", "c2",
			"b-helper", "", "0", 5_000_000_002,
			"die", "c3", "b", "replicator.b", "137", 5_000_000_003, "start", "c3", "b", "replicator.b", "",
			5_000_000_004)
	})
	var seen []string
	follow := func(since int64) error {
		return e.FollowDeaths(t.Context(), "ada", since, func() error { seen = append(seen, "subscribed"); return nil },
			func(d Death) {
				seen = append(seen, fmt.Sprintf("%s %s %s %d", d.Node, d.Service, d.container, d.Code))
			})
	}
	if err := follow(0); err == nil || !strings.Contains(err.Error(), "the engine ended them") {
		t.Errorf("the end of the stream is %v", err)
	}
	if want := []string{
		"subscribed", "replicator.a replicator c1 2",
		"replicator.b replicator c3 137",
	}; !slices.Equal(seen, want) {
		t.Errorf("seen %q, want %q", seen, want)
	}
	seen = nil
	if err := follow(5_000_000_001); err == nil {
		t.Error("the stream has no end")
	}
	// an engine tells the last one again
	if want := []string{"subscribed", "replicator.b replicator c3 137"}; !slices.Equal(seen, want) {
		t.Errorf("seen after the first: %q, want %q", seen, want)
	}
	for i, since := range []string{" 4.250000000", " 5.000000001"} {
		for _, want := range []string{`"die"`, `"container"`, `"regionfall.lab=ada"`, since} {
			if !strings.Contains(asked[i], want) {
				t.Errorf("the engine was asked %s, want %s in it", asked[i], want)
			}
		}
	}
	sick := errors.New("sick")
	if err := e.FollowDeaths(t.Context(), "ada", 0, func() error { return sick }, func(Death) {}); !errors.Is(err,
		sick) {
		t.Errorf("who can't follow ends with %v", err)
	}
}

// Podman was seen to tell of everything again when its file of events was cut down for the second time: from the first
// time on, and so of what had happened before it was asked too.
func TestADeathIsToldOnceAlsoWhereTheEngineTellsAgainOfAllThatHappened(t *testing.T) {
	const die = `{"Type":"container","Action":"die","Actor":{"ID":"c1","Attributes":{"regionfall.node":"s3.us-east-1","regionfall.service":"s3","exitCode":"137"}},"timeNano":%d}` + "\n"
	e := engineAt(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if strings.HasSuffix(r.URL.Path, "/info") {
			_, _ = fmt.Fprint(w, `{"SystemTime":"1970-01-01T00:00:05Z"}`)
			return
		}
		_, _ = fmt.Fprintf(w, die+die+die+die+die, 6_000_000_000, 4_000_000_000, 6_000_000_000, 7_000_000_000,
			6_000_000_000)
	})
	for since, want := range map[int64][]int64{0: {6_000_000_000, 7_000_000_000}, 6_500_000_000: {7_000_000_000}} {
		var seen []int64
		err := e.FollowDeaths(t.Context(), "ada", since, func() error { return nil },
			func(d Death) { seen = append(seen, d.At) })
		if err == nil || !slices.Equal(seen, want) {
			t.Errorf("after %d the deaths are of %d, %v; want %d", since, seen, err, want)
		}
	}
}

func TestTheDeadAreToldFromThoseThatRunOrNeverDid(t *testing.T) {
	const listed = `{"Id":%q,"State":%q,"Names":["/regionfall-ada-%s"],"Labels":{"regionfall.lab":"ada","regionfall.node":%q,"regionfall.service":"replicator"}}`
	e := engineAt(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case strings.HasSuffix(r.URL.Path, "/containers/json"):
			var all []string
			for id, state := range map[string]string{
				"a": "running", "b": "exited", "c": "created", "d": "paused",
				"e": "exited",
			} {
				all = append(all, fmt.Sprintf(listed, id, state, id, "replicator."+id))
			}
			_, _ = fmt.Fprintf(w, "[%s]", strings.Join(all, ","))
		case strings.HasSuffix(r.URL.Path, "/containers/b/json"):
			_, _ = fmt.Fprint(w, `{"Id":"b","State":{"Status":"exited","ExitCode":137,"OOMKilled":true}}`)
		case strings.HasSuffix(r.URL.Path, "/containers/e/json"): // started again since it was listed
			_, _ = fmt.Fprint(w, `{"Id":"e","State":{"Status":"running","Running":true}}`)
		case strings.HasSuffix(r.URL.Path, "/networks"):
			_, _ = fmt.Fprint(w, `[]`)
		case strings.HasSuffix(r.URL.Path, "/volumes"):
			_, _ = fmt.Fprint(w, `{}`)
		default:
			t.Errorf("the engine was asked for %s", r.URL.Path)
		}
	})
	dead, err := e.Dead(t.Context(), "ada")
	if want := []Death{{
		Node: "replicator.b", Service: topology.ServiceReplicator, Code: 137, OOM: true,
		container: "b",
	}}; err != nil || !slices.Equal(dead, want) {
		t.Errorf("dead are %+v, %v", dead, err)
	}
}

func TestLastWordsAreThoseThatSayWhy(t *testing.T) {
	var trace strings.Builder
	for i := range 20 {
		_, _ = fmt.Fprintf(&trace, "\tframe %d\n", i)
	}
	for name, c := range map[string]struct {
		log         string
		first, last string
		lines       int
	}{
		"nothing": {"", "", "", 0},
		"a few":   {"one\r\ntwo\n\nthree\n", "one", "three", 3},
		"many":    {trace.String(), "\tframe 10", "\tframe 19", 10},
		"a panic": {
			"well\npanic: runtime error: invalid memory address\n[signal SIGSEGV]\n" + trace.String(),
			"panic: runtime error: invalid memory address", "\tframe 7", 10,
		},
		"a short one": {"a\nb\nc\nd\ne\nf\ng\nh\npanic: no\ngoroutine 1\n", "a", "goroutine 1", 10},
		"out of locks": {
			"well\nfatal error: all goroutines are asleep\n" + trace.String(),
			"fatal error: all goroutines are asleep", "\tframe 8", 10,
		},
	} {
		words := lastWords(c.log)
		if len(words) != c.lines || c.lines > 0 && (words[0] != c.first || words[len(words)-1] != c.last) {
			t.Errorf("%s: %q", name, words)
		}
	}
}

func TestANodeThatRunsToItsEndIsAwaited(t *testing.T) {
	asked := 0
	e := engineAt(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/logs") {
			w.Header().Set("Content-Type", "application/vnd.docker.multiplexed-stream")
			_, _ = w.Write([]byte("\x01\x00\x00\x00\x00\x00\x00\x07one\ntwo"))
			return
		}
		w.Header().Set("Content-Type", "application/json")
		asked++
		_, _ = fmt.Fprintf(w, `{"Id":"c1","State":{"Running":%t,"ExitCode":3}}`, asked < 3)
	})
	n := &Node{Spec: Spec{Name: "prepare.us-east-1", Service: topology.ServiceApp}, engine: e, container: "c1"}
	d, words, err := n.AwaitEnd(t.Context(), time.Minute)
	if err != nil || d.Code != 3 || !slices.Equal(words, []string{"one", "two"}) || asked < 3 {
		t.Errorf("%+v, %q, %v", d, words, err)
	}
	asked = -1 << 20
	if _, _, err = n.AwaitEnd(t.Context(), 200*time.Millisecond); err == nil ||
		!strings.Contains(err.Error(), "waited 200ms for prepare.us-east-1 to end; last seen: it is running") {
		t.Errorf("one that does not end: %v", err)
	}
}
