package replicator

import (
	"crypto/md5" //nolint:gosec // as S3 makes its tags
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/store"
)

// versioned is a bucket that keeps versions, the latest last.
type versioned struct {
	mu        sync.Mutex
	all       map[string][]written
	afterList func() // called once, when objects have been listed; nil: nobody is
}

type written struct {
	body    string
	stamp   int64
	origin  string
	deleted time.Time // it is a marker in place of a version
}

func (b *versioned) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer func() {
		call := b.afterList
		listed := call != nil && r.URL.Query().Has("list-type")
		if listed {
			b.afterList = nil
		}
		b.mu.Unlock()
		if listed {
			call()
		}
	}()
	_, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	query := r.URL.Query()
	switch {
	case key == "":
		b.list(w, query.Get("prefix"), query.Has("versions"))
	case r.Method == http.MethodPut:
		body, _ := io.ReadAll(r.Body)
		stamp, _ := strconv.ParseInt(r.Header.Get("X-Amz-Meta-Stamp"), 10, 64)
		text := string(body)
		if _, rest, chunked := strings.Cut(text, "\r\n"); chunked { // signed chunks: a size, the content, and more
			text, _, _ = strings.Cut(rest, "\r\n")
		}
		b.all[key] = append(b.all[key], written{body: text, stamp: stamp, origin: r.Header.Get("X-Amz-Meta-Origin")})
	case r.Method == http.MethodDelete:
		b.all[key] = append(b.all[key], written{deleted: time.Now()})
		w.WriteHeader(http.StatusNoContent)
	default:
		i := len(b.all[key]) - 1
		if query.Has("versionId") {
			i, _ = strconv.Atoi(query.Get("versionId"))
		}
		if i < 0 || !b.all[key][i].deleted.IsZero() {
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, "<Error><Code>NoSuchKey</Code></Error>")
			return
		}
		v := b.all[key][i]
		w.Header().Set("X-Amz-Meta-Stamp", strconv.FormatInt(v.stamp, 10))
		w.Header().Set("X-Amz-Meta-Origin", v.origin)
		w.Header().Set("ETag", v.etag())
		w.Header().Set("Content-Length", strconv.Itoa(len(v.body)))
		if r.Method == http.MethodGet {
			_, _ = w.Write([]byte(v.body))
		}
	}
}

func (v written) etag() string { return fmt.Sprintf(`"%x"`, md5.Sum([]byte(v.body))) }

// list lists versions and markers, or the objects that are there.
func (b *versioned) list(w io.Writer, prefix string, versions bool) {
	type entry struct {
		Key, VersionId string //nolint:revive // as S3 calls it
		IsLatest       bool
		LastModified   time.Time
		ETag           string
	}
	out := struct {
		XMLName                         xml.Name
		Version, DeleteMarker, Contents []entry
	}{XMLName: xml.Name{Local: "ListBucketResult"}}
	for _, key := range slices.Sorted(maps.Keys(b.all)) {
		if !strings.HasPrefix(key, prefix) {
			continue
		}
		for i, v := range slices.Backward(b.all[key]) {
			e := entry{key, strconv.Itoa(i), i == len(b.all[key])-1, v.deleted.Truncate(time.Second), v.etag()}
			switch {
			case !versions && e.IsLatest && v.deleted.IsZero():
				out.Contents = append(out.Contents, e)
			case !versions:
			case v.deleted.IsZero():
				out.Version = append(out.Version, e, e) // and once more, as versitygw does
			default:
				out.DeleteMarker = append(out.DeleteMarker, e)
			}
		}
	}
	_ = xml.NewEncoder(w).Encode(out)
}

// latest is what is under a key; empty for nothing.
func (b *versioned) latest(key string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if all := b.all[key]; len(all) > 0 {
		return all[len(all)-1].body
	}
	return ""
}

func TestVersionsAreBroughtBack(t *testing.T) {
	now := time.Now()
	at := func(minutes int) int64 { return now.Add(time.Duration(minutes) * time.Minute).UnixNano() }
	wrote := func(body string, minutes int) written { return written{body: body, stamp: at(minutes)} }
	deleted := func(minutes int) written { return written{deleted: now.Add(time.Duration(minutes) * time.Minute)} }
	b := &versioned{all: map[string][]written{
		"hot/old":       {wrote("first", -90), wrote("second", -70), wrote("bad", -10), wrote("worse", -5)},
		"hot/young":     {wrote("only", -30), wrote("bad", -10)},
		"hot/untouched": {wrote("good", -90)},
		"hot/late":      {wrote("good", -20)},
		"hot/settled":   {wrote("first", -90), wrote("second", -80)},
		"cold/other":    {wrote("first", -90), wrote("bad", -10)},
		"hot/deleted":   {wrote("good", -90), deleted(-10)},
		"hot/spoilt":    {wrote("good", -90), wrote("bad", -20), deleted(-10)},
		"hot/dropped":   {wrote("old", -100), deleted(-90)},
	}}
	server := httptest.NewServer(b)
	defer server.Close()
	v := &versions{
		client: store.Objects(strings.TrimPrefix(server.URL, "http://"), "us-west-2", nil), region: "us-west-2",
		marks: runtime.NewMarks("r"),
	}
	done, err := v.restore(t.Context(), "hot/", at(-60))
	if err != nil || done.Objects != 7 || done.Restored != 4 {
		t.Fatalf("%+v, %v", done, err)
	}
	for key, want := range map[string]string{
		"hot/old": "second", "hot/young": "only", "hot/untouched": "good", "hot/late": "good",
		"hot/settled": "second", "cold/other": "bad", "hot/deleted": "good", "hot/spoilt": "good", "hot/dropped": "",
	} {
		all := b.all[key]
		last := all[len(all)-1]
		if last.body != want {
			t.Errorf("%s is %q, want %q", key, last.body, want)
		}
		if touched := strings.HasSuffix(key, "old") || strings.HasSuffix(key, "young"); touched &&
			last.stamp < now.UnixNano() {
			t.Errorf("%s would lose against what it undoes: %s", key, fmt.Sprint(last))
		}
	}
	if done, err := v.restore(t.Context(), "hot/", at(-60)); err != nil || done.Restored != 4 {
		t.Errorf("once more: %+v, %v", done, err) // what was brought back is younger than the time, too
	}
}
