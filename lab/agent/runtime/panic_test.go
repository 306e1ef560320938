package runtime

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// An agent that panics in a goroutine of its own is a process that ends: this test starts itself as one.
func TestAnAgentThatPanicsSaysWhatItWasDoingAndEnds(t *testing.T) {
	const asked = "REGIONFALL_TEST_PANIC"
	if os.Getenv(asked) != "" {
		var late sync.WaitGroup
		late.Go(With("fence the old primary", func() { panic("nobody thought of that") }))
		late.Wait()
		os.Exit(0) // it went on
	}
	run := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	run.Env = append(os.Environ(), asked+"=yes", "NODE=automation.us-west-2")
	said, err := run.CombinedOutput()
	var ended *exec.ExitError
	if !errors.As(err, &ended) || ended.ExitCode() != exitPanic {
		t.Errorf("it ended with %v", err)
	}
	first, trace, _ := strings.Cut(string(said), "\n")
	if first != "panic: automation.us-west-2 ends, while it was to fence the old primary: nobody thought of that" {
		t.Errorf("its first words are %q", first)
	}
	if !strings.Contains(trace, "panic_test.go") {
		t.Errorf("it does not say where:\n%s", trace)
	}
}
