package agenttest

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

// ObjectStore answers what the copier asks of an object store, and counts the questions. What real stores answer is
// tried by the suites; here it matters which questions are asked.
type ObjectStore struct {
	mu      sync.Mutex
	Objects map[string]Object
	asked   map[string]int // by verb: LIST, HEAD, GET, PUT
	listed  int            // objects in listings
	On      func(verb string)
}

// Object is one of a store.
type Object struct {
	body, origin string
	stamp        int64
}

// NewObjectStore serves an empty one for as long as the test runs, and returns the stores of its region.
func NewObjectStore(t *testing.T, region string) (*ObjectStore, api.Stores) {
	t.Helper()
	s := &ObjectStore{Objects: map[string]Object{}, asked: map[string]int{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, api.Stores{Region: region, S3: topology.Endpoint{
		Region:  region,
		Address: server.Listener.Addr().String(),
	}}
}

// Write puts an object there, as the app of a region does.
func (s *ObjectStore) Write(key, origin string) { s.WriteAt(key, origin, time.Now()) }

// WriteAt is Write with a time of its own.
func (s *ObjectStore) WriteAt(key, origin string, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Objects[key] = Object{"body of " + key + " by " + origin, origin, at.UnixNano()}
}

// Keys are those of what is there, in order.
func (s *ObjectStore) Keys() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var keys []string
	for key := range s.Objects {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// Count returns the questions since the last count.
func (s *ObjectStore) Count() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := fmt.Sprintf("LIST %d of %d HEAD %d GET %d PUT %d", s.asked["LIST"], s.listed, s.asked["HEAD"],
		s.asked["GET"],
		s.asked["PUT"])
	clear(s.asked)
	s.listed = 0
	return text
}

// ServeHTTP answers as S3 does.
func (s *ObjectStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, key, object := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if !object || key == "" {
		s.asked["LIST"]++
		s.list(w, r.URL.Query().Get("prefix"), r.URL.Query().Get("start-after"))
		return
	}
	s.asked[r.Method]++
	if s.On != nil {
		s.On(r.Method)
	}
	o, is := s.Objects[key]
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
		s.Objects[key] = Object{body.String(), r.Header.Get("X-Amz-Meta-Origin"), stamp}
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

func (o Object) tag() string { return fmt.Sprintf("%q", o.body) }

func (s *ObjectStore) list(w http.ResponseWriter, prefix, after string) {
	type content struct {
		Key, ETag    string
		LastModified string
	}
	out := struct {
		XMLName  xml.Name `xml:"ListBucketResult"`
		Contents []content
	}{}
	for key, o := range s.Objects {
		if key > after && strings.HasPrefix(key, prefix) {
			out.Contents = append(out.Contents, content{key, o.tag(), time.Unix(0, o.stamp).UTC().Format(time.RFC3339)})
		}
	}
	slices.SortFunc(out.Contents, func(a, b content) int { return strings.Compare(a.Key, b.Key) })
	s.listed += len(out.Contents)
	_ = xml.NewEncoder(w).Encode(out)
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
