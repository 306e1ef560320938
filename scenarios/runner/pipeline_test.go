package runner

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/history"
)

func TestAPortionIsReadByItsRecords(t *testing.T) {
	one := history.Portion{Part: history.PartOutput}
	if err := fillPortion(&one, []byte("{\"id\":\"b\",\"n\":1}\n{\"id\":\"a\"}\n\n{\"id\":\"a\"}\n"),
		"id"); err != nil {
		t.Fatal(err)
	}
	if one.Records != 3 || !slices.Equal(one.Keys, []string{"a", "a", "b"}) || len(one.SHA256) != 64 {
		t.Errorf("it is read as %+v", one)
	}
	for name, c := range map[string]struct {
		data string
		same bool
	}{
		"in another order":     {"{\"id\":\"a\"}\n{\"id\":\"a\"}\n{\"id\":\"b\",\"n\":1}", true},
		"with another content": {"{\"id\":\"a\"}\n{\"id\":\"a\"}\n{\"id\":\"b\",\"n\":2}\n", false},
		"with one record less": {"{\"id\":\"a\"}\n{\"id\":\"b\",\"n\":1}\n", false},
	} {
		other := history.Portion{Part: history.PartExpected}
		if err := fillPortion(&other, []byte(c.data), "id"); err != nil || (other.SHA256 == one.SHA256) != c.same {
			t.Errorf("%s: %+v, %v", name, other, err)
		}
		if other.Keys != nil {
			t.Errorf("%s: what is expected has keys", name)
		}
	}
	for data, want := range map[string]string{
		"{\"id\":\"a\"}\n{\"it\":\"b\"}\n": "a record has no such field: id", "no JSON\n": "read a record",
	} {
		if err := fillPortion(&history.Portion{}, []byte(data), "id"); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", data, err)
		}
	}
	nested := history.Portion{}
	if err := fillPortion(&nested, []byte(`{"data":{"id":7}}`), "data.id"); err != nil || !slices.Equal(nested.Keys,
		[]string{"7"}) {
		t.Errorf("a number below a key is read as %q, %v", nested.Keys, err)
	}
}

func TestAJobIsOrderedOnce(t *testing.T) {
	batch, err := app.Named("batch")
	if err != nil {
		t.Fatal(err)
	}
	job, asked, status := batch.Job("nightly"), 0, http.StatusAccepted
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.URL.Path == "/jobs/nightly" {
			asked++
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte("no bucket"))
	}))
	defer s.Close()
	order := func() error {
		return orderJob(t.Context(), "nightly", job, job.Fill(app.Values{}), s.Listener.Addr().String())
	}
	if err := order(); err != nil || asked != 1 {
		t.Errorf("asked %d times: %v", asked, err)
	}
	status = http.StatusServiceUnavailable
	if err := order(); err == nil || !strings.Contains(err.Error(), "answered 503: no bucket") {
		t.Errorf("got %v", err)
	}
}

func TestPrefixesThatOthersCoverAreNotListed(t *testing.T) {
	got := outermost([]string{"in/", "out/", "out/done", "reference/"})
	if !slices.Equal(got, []string{"in/", "out/", "reference/"}) {
		t.Errorf("got %q", got)
	}
}

// The words of histories and of app files are the same.
func TestPartsHaveOneName(t *testing.T) {
	for of, is := range map[app.Part]string{
		app.PartInput: history.PartInput, app.PartOutput: history.PartOutput, app.PartRejected: history.PartRejected,
		app.PartExpected: history.PartExpected, app.PartDone: history.PartDone,
	} {
		if string(of) != is {
			t.Errorf("%s is %s", of, is)
		}
	}
}
