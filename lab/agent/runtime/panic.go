package runtime

import (
	"fmt"
	"os"
	"runtime/debug"
)

// exitPanic is the exit code of an agent that panicked, as sysexits.h has it for a mistake in the program.
const exitPanic = 70

// LastWords is deferred first of all in each goroutine of an agent. When that panics, the program says what it was
// doing, why it failed and where, and ends: nothing goes on that may be half done. The lab tells the first lines to
// whoever waits for the agent.
func LastWords(doing string) {
	failed := recover()
	if failed == nil {
		return
	}
	fmt.Fprintf(os.Stderr, "panic: %s ends, while it was to %s: %v\n%s", os.Getenv("NODE"), doing, failed,
		debug.Stack())
	os.Exit(exitPanic)
}

// With gives a piece of work its last words, for whoever starts it in a goroutine of its own.
func With(doing string, work func()) func() {
	return func() {
		defer LastWords(doing)
		work()
	}
}
