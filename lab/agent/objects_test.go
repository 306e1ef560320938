package agent

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/api"

	"github.com/regionfall/regionfall/lab/topology"
)

// shelf answers what the copier asks of an object store, and counts the questions. What real stores answer is tried by the suites; here it
// matters which questions are asked.
type shelf struct {
	mu      sync.Mutex
	objects map[string]shelved
	asked   map[string]int // by verb: LIST, HEAD, GET, PUT
	told    int            // objects in listings
	on      func(verb string)
}

type shelved struct {
	body, origin string
	stamp        int64
}

func newShelf(t *testing.T, region string) (*shelf, api.Stores) {
	t.Helper()
	s := &shelf{objects: map[string]shelved{}, asked: map[string]int{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, api.Stores{Region: region, S3: topology.Endpoint{Region: region, Address: server.Listener.Addr().String()}}
}

func (s *shelf) write(key, origin string) { s.writeAt(key, origin, time.Now()) }

func (s *shelf) writeAt(key, origin string, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[key] = shelved{"body of " + key + " by " + origin, origin, at.UnixNano()}
}

func (s *shelf) keys() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var keys []string
	for key := range s.objects {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// count gives the questions since the last count.
func (s *shelf) count() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := fmt.Sprintf("LIST %d of %d HEAD %d GET %d PUT %d", s.asked["LIST"], s.told, s.asked["HEAD"], s.asked["GET"], s.asked["PUT"])
	clear(s.asked)
	s.told = 0
	return text
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, key, object := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if !object || key == "" {
		s.asked["LIST"]++
		s.list(w, r.URL.Query().Get("start-after"))
		return
	}
	s.asked[r.Method]++
	if s.on != nil {
		s.on(r.Method)
	}
	o, is := s.objects[key]
	switch {
	case r.Method == http.MethodPut:
		if is && r.Header.Get("If-None-Match") == "*" {
			w.WriteHeader(http.StatusPreconditionFailed)
			_, _ = w.Write([]byte(`<Error><Code>PreconditionFailed</Code></Error>`))
			return
		}
		body := new(strings.Builder)
		_ = readChunks(body, r)
		stamp, _ := strconv.ParseInt(r.Header.Get("X-Amz-Meta-Stamp"), 10, 64)
		s.objects[key] = shelved{body.String(), r.Header.Get("X-Amz-Meta-Origin"), stamp}
	case !is:
		w.WriteHeader(http.StatusNotFound)
	default:
		w.Header().Set("Etag", o.tag())
		w.Header().Set("X-Amz-Meta-Stamp", strconv.FormatInt(o.stamp, 10))
		w.Header().Set("X-Amz-Meta-Origin", o.origin)
		w.Header().Set("Content-Length", strconv.Itoa(len(o.body)))
		if r.Method == http.MethodGet {
			_, _ = w.Write([]byte(o.body))
		}
	}
}

func (o shelved) tag() string { return fmt.Sprintf("%q", o.body) }

func (s *shelf) list(w http.ResponseWriter, after string) {
	type content struct {
		Key, ETag    string
		LastModified string
	}
	out := struct {
		XMLName  xml.Name `xml:"ListBucketResult"`
		Contents []content
	}{}
	for key, o := range s.objects {
		if key > after {
			out.Contents = append(out.Contents, content{key, o.tag(), time.Unix(0, o.stamp).UTC().Format(time.RFC3339)})
		}
	}
	slices.SortFunc(out.Contents, func(a, b content) int { return strings.Compare(a.Key, b.Key) })
	s.told += len(out.Contents)
	_ = xml.NewEncoder(w).Encode(out)
}

func copierBetween(from, to api.Stores) *objectCopier { return newObjectCopier(from, to, newRules()) }

func pass(t *testing.T, c *objectCopier) copyPass {
	t.Helper()
	p, err := c.pass(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// past has a copier believe that what it saw so far was seen long ago, and that listings of all are dear.
func past(c *objectCopier) {
	for i := range c.horizon.marks {
		c.horizon.marks[i].at = time.Now().Add(-2 * lookBack)
	}
	c.horizon.hasBeenCut, c.horizon.cost, c.horizon.whole = true, time.Hour, time.Now()
}

func TestWhatIsNewIsCopiedByAShortListing(t *testing.T) {
	source, from := newShelf(t, "us-east-1")
	target, to := newShelf(t, "us-west-2")
	for i := range 500 {
		source.write(fmt.Sprintf("documents/%04d", i), "us-east-1")
	}
	c := copierBetween(from, to)
	if p := pass(t, c); p.copied != 500 || !p.whole {
		t.Fatalf("%+v", p)
	}
	source.count()
	target.count()
	past(c)
	if p := pass(t, c); p.copied != 0 || p.whole {
		t.Errorf("nothing new: %+v", p)
	}
	if got, want := source.count(), "LIST 1 of 0 HEAD 0 GET 0 PUT 0"; got != want {
		t.Errorf("nothing new: the source was asked %s, want %s", got, want)
	}
	for i := range 5 {
		source.write(fmt.Sprintf("documents/%04d", 500+i), "us-east-1")
	}
	past(c)
	if p := pass(t, c); p.copied != 5 || p.behind <= 0 || p.behind > time.Minute {
		t.Errorf("five new: %+v", p)
	}
	if got, want := source.count(), "LIST 1 of 5 HEAD 0 GET 5 PUT 0"; got != want {
		t.Errorf("the source was asked %s, want %s", got, want)
	}
	if got, want := target.count(), "LIST 1 of 0 HEAD 0 GET 0 PUT 5"; got != want {
		t.Errorf("the target was asked %s, want %s", got, want)
	}
}

func TestCopiesThatComeBackCostOneListing(t *testing.T) {
	home, homeAt := newShelf(t, "us-east-1")
	other, otherAt := newShelf(t, "us-west-2")
	there, back := copierBetween(homeAt, otherAt), copierBetween(otherAt, homeAt)
	home.write("documents/0001", "us-east-1")
	pass(t, there)
	pass(t, back)
	for i := range 4 {
		home.write(fmt.Sprintf("documents/%04d", 2+i), "us-east-1")
	}
	past(there)
	past(back)
	pass(t, there)
	home.count()
	other.count()
	if p := pass(t, back); p.copied != 0 {
		t.Errorf("copied back: %+v", p)
	}
	if got, want := home.count()+", "+other.count(), "LIST 1 of 4 HEAD 0 GET 0 PUT 0, LIST 1 of 4 HEAD 0 GET 0 PUT 0"; got != want {
		t.Errorf("asked %s, want %s", got, want)
	}
}

func TestAllIsFoundInTheEnd(t *testing.T) {
	source, from := newShelf(t, "us-east-1")
	target, to := newShelf(t, "us-west-2")
	for _, key := range []string{"documents/5", "documents/6"} {
		source.write(key, "us-east-1")
	}
	c := copierBetween(from, to)
	pass(t, c)
	past(c)
	source.write("documents/1", "us-east-1") // not where new keys are expected
	source.write("documents/6", "us-west-3") // an overwrite
	if p := pass(t, c); p.copied != 0 || p.whole {
		t.Fatalf("a short listing saw it: %+v", p)
	}
	past(c)
	c.horizon.whole = time.Now().Add(-wholeAtMost)
	if p := pass(t, c); p.copied != 2 || !p.whole {
		t.Errorf("%+v", p)
	}
	if got := target.keys(); !slices.Equal(got, source.keys()) {
		t.Errorf("the target has %v", got)
	}
}

func TestWhatARuleHeldIsSeenAgainByAShortListing(t *testing.T) {
	source, from := newShelf(t, "us-east-1")
	_, to := newShelf(t, "us-west-2")
	source.write("documents/1", "us-east-1")
	rules := newRules()
	c := newObjectCopier(from, to, rules)
	pass(t, c)
	rules.set("me", &api.Rule{Store: api.StoreObjects, Prefix: "documents/2", Do: api.RuleLag, Lag: 50 * time.Millisecond})
	pass(t, c) // the rules are known now: each change has all that waits looked at again
	source.write("documents/2", "us-east-1")
	if p := pass(t, c); p.copied != 0 || p.pending.IsZero() || p.due.IsZero() {
		t.Fatalf("it was not held: %+v", p)
	}
	source.write("documents/3", "us-east-1")
	pass(t, c)
	past(c)
	for limit := time.Now().Add(10 * time.Second); ; {
		if p := pass(t, c); p.whole {
			t.Fatalf("all was listed: %+v", p)
		} else if p.copied == 1 {
			return
		}
		if time.Now().After(limit) {
			t.Fatal("what was held is never copied")
		}
		past(c)
	}
}

// readChunks reads a body as the client sends it over plain HTTP: in signed chunks with a checksum behind, or as it is.
func readChunks(to *strings.Builder, r *http.Request) error {
	body := bufio.NewReader(r.Body)
	if !strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		_, err := io.Copy(to, body)
		return err
	}
	for {
		line, err := body.ReadString('\n')
		if err != nil {
			return err
		}
		size, _, _ := strings.Cut(strings.TrimSpace(line), ";")
		n, err := strconv.ParseInt(size, 16, 64)
		if err != nil || n == 0 {
			return err
		}
		if _, err := io.CopyN(to, body, n); err != nil {
			return err
		}
		if _, err := body.Discard(2); err != nil {
			return err
		}
	}
}
