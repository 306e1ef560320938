package configs

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/api"
)

// Links break in the middle of an answer: one that ends anywhere is an error for who fetches, and nothing worse.
func TestAFetchThatIsCutShortAnywhereIsAnError(t *testing.T) {
	whole := startRepository(t, two()...)
	cut, longest := 0, 0 // of the answer to a fetch, after how many bytes, and how many there are
	link := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request, err := http.NewRequestWithContext(r.Context(), r.Method, whole+r.URL.String(), r.Body)
		if err != nil {
			t.Error(err)
			return
		}
		request.Header = r.Header
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Error(err)
			return
		}
		defer response.Body.Close()
		answer, err := io.ReadAll(response.Body)
		if err != nil {
			t.Error(err)
			return
		}
		w.Header().Set("Content-Type", response.Header.Get("Content-Type"))
		w.WriteHeader(response.StatusCode)
		if !strings.HasSuffix(r.URL.Path, uploadPack) {
			_, _ = w.Write(answer)
			return
		}
		longest = len(answer)
		_, _ = w.Write(answer[:min(cut, longest)])
		if cut < longest {
			panic(http.ErrAbortHandler) // the connection ends here
		}
	}))
	defer link.Close()
	l := NewLineage(link.URL, "ada")
	for cut = 0; cut == 0 || cut < longest; cut++ {
		if _, _, err := l.Read(t.Context(), "west"); err == nil {
			t.Errorf("%d of %d bytes are enough", cut, longest)
		}
	}
	if c, _, err := l.Read(t.Context(), "west"); err != nil || c.Region != "west" {
		t.Errorf("whole, it is %+v, %v", c, err)
	}
}

func TestARepositoryAnswersAlsoAfterAPanic(t *testing.T) {
	made, err := NewRepository(api.RepositoryConfig{Dir: t.TempDir() + "/config.git", Documents: two()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, ok := made.(*repository)
	if !ok {
		t.Fatalf("a repository is a %T", made)
	}
	func() {
		defer func() { _ = recover() }() // as the server does
		r.answer(t.Context(), httptest.NewRecorder(), "pack",
			func(context.Context, io.Writer) error { panic("a pack that nobody made") })
	}()
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		r.answer(t.Context(), httptest.NewRecorder(), "pack",
			func(context.Context, io.Writer) error { return errors.New("no") })
	}()
	select {
	case <-answered:
	case <-time.After(10 * time.Second):
		t.Fatal("the repository has not answered for 10 s: whoever panicked keeps its lock")
	}
}
