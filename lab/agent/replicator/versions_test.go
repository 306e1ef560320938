package replicator

import (
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

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/store"
)

// versioned is a bucket that keeps versions, the latest last.
type versioned struct {
	mu  sync.Mutex
	all map[string][]kept
}

type kept struct {
	body  string
	stamp int64
}

func (b *versioned) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	query := r.URL.Query()
	switch {
	case key == "":
		type entry struct {
			Key, VersionId string //nolint:revive // as S3 calls it
			IsLatest       bool
		}
		out := struct {
			XMLName xml.Name `xml:"ListVersionsResult"`
			Version []entry
		}{}
		for key, all := range b.all {
			for i := range slices.Backward(all) {
				if e := (entry{key, strconv.Itoa(i), i == len(all)-1}); strings.HasPrefix(key, query.Get("prefix")) {
					out.Version = append(out.Version, e, e) // and once more, as versitygw does
				}
			}
		}
		_ = xml.NewEncoder(w).Encode(out)
	case r.Method == http.MethodPut:
		body, _ := io.ReadAll(r.Body)
		stamp, _ := strconv.ParseInt(r.Header.Get("X-Amz-Meta-Stamp"), 10, 64)
		text := string(body)
		if _, rest, chunked := strings.Cut(text, "\r\n"); chunked { // signed chunks: a size, the content, and more
			text, _, _ = strings.Cut(rest, "\r\n")
		}
		b.all[key] = append(b.all[key], kept{text, stamp})
	default:
		i, _ := strconv.Atoi(query.Get("versionId"))
		v := b.all[key][i]
		w.Header().Set("X-Amz-Meta-Stamp", strconv.FormatInt(v.stamp, 10))
		w.Header().Set("Content-Length", strconv.Itoa(len(v.body)))
		if r.Method == http.MethodGet {
			_, _ = w.Write([]byte(v.body))
		}
	}
}

func TestVersionsAreBroughtBack(t *testing.T) {
	now := time.Now()
	at := func(minutes int) int64 { return now.Add(time.Duration(minutes) * time.Minute).UnixNano() }
	b := &versioned{all: map[string][]kept{
		"hot/old":       {{"first", at(-90)}, {"second", at(-70)}, {"bad", at(-10)}, {"worse", at(-5)}},
		"hot/young":     {{"only", at(-30)}, {"bad", at(-10)}},
		"hot/untouched": {{"good", at(-90)}},
		"hot/late":      {{"good", at(-20)}},
		"hot/settled":   {{"first", at(-90)}, {"second", at(-80)}},
		"cold/other":    {{"first", at(-90)}, {"bad", at(-10)}},
	}}
	server := httptest.NewServer(b)
	defer server.Close()
	v := &versions{
		client: store.Objects(strings.TrimPrefix(server.URL, "http://"), "us-west-2", nil), region: "us-west-2",
		marks: runtime.NewMarks("r"),
	}
	done, err := v.restore(t.Context(), "hot/", at(-60))
	if err != nil || done.Objects != 5 || done.Restored != 2 {
		t.Fatalf("%+v, %v", done, err)
	}
	for key, want := range map[string]string{
		"hot/old": "second", "hot/young": "only", "hot/untouched": "good", "hot/late": "good",
		"hot/settled": "second", "cold/other": "bad",
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
	if done, err := v.restore(t.Context(), "hot/", at(-60)); err != nil || done.Restored != 2 {
		t.Errorf("once more: %+v, %v", done, err) // what was brought back is younger than the time, too
	}
}
