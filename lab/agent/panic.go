package agent

import (
	"fmt"
	"os"
	"runtime/debug"
)

// exitPanic is the exit code of an agent that panicked, as sysexits.h has it for a mistake in the program.
const exitPanic = 70

// lastWords is deferred first of all in each goroutine of an agent. When that panics, the program says what it was doing, why it failed and where, and ends:
// nothing goes on that may be half done. The lab tells the first lines to whoever waits for the agent.
func lastWords(doing string) {
	failed := recover()
	if failed == nil {
		return
	}
	fmt.Fprintf(os.Stderr, "panic: %s ends, while it was to %s: %v\n%s", os.Getenv("NODE"), doing, failed, debug.Stack())
	os.Exit(exitPanic)
}

// with gives a piece of work its last words, for whoever starts it in a goroutine of its own.
func with(doing string, work func()) func() {
	return func() {
		defer lastWords(doing)
		work()
	}
}
