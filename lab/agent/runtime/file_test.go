package runtime

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestReplacedFileIsOldOrNew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	write := func(content string, fail error) error {
		return ReplaceFile(path, func(w io.Writer) error {
			_, err := io.WriteString(w, content)
			return errors.Join(err, fail)
		})
	}
	if err := write("old", nil); err != nil {
		t.Fatal(err)
	}
	torn := errors.New("torn")
	if err := write("half", torn); !errors.Is(err, torn) {
		t.Errorf("the error is %v, want %v", err, torn)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "old" {
		t.Errorf("the file is %q, %v after a write that failed", got, err)
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
			}
			if got, err := os.ReadFile(path); err != nil || (string(got) != "old" && string(got) != "new") {
				t.Errorf("a reader saw %q, %v", got, err)
				return
			}
		}
	}()
	for range 50 {
		if err := write("new", nil); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	<-stopped
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("the file is %v, %v, want one that all can read", info, err)
	}
}
