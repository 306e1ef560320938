package image

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Who waits for another process is told which, and what it is at.
func TestWhoMakesImagesIsTold(t *testing.T) {
	dir := t.TempDir()
	first := &builder{cache: dir, report: func(e Event) { t.Errorf("it waits for nobody: %+v", e) }}
	unlock, err := first.lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	second := &builder{cache: dir, report: func(e Event) { said = append(said, e.Step); unlock() }}
	end, err := second.lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	end()
	want := fmt.Sprintf("waiting for process %d, which is making images of the lab", os.Getpid())
	if len(said) != 1 || said[0] != want {
		t.Errorf("it says %q, want %q", said, want)
	}
	got := waitingFor(filepath.Join(t.TempDir(), lockFile))
	if !strings.Contains(got, "another process that is making images") {
		t.Errorf("where nobody noted it, it says %q", got)
	}
}
