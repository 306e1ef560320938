package node

import (
	"errors"
	"fmt"
	"testing"
)

func TestANodeThatIsNotReadyTellsItsLastLines(t *testing.T) {
	late := &NotReady{Node: "app-1.us-east-1", Err: fmt.Errorf("%w before /open", ErrStopped), Log: "one\ntwo"}
	if got := late.Error(); got != "app-1.us-east-1: it stopped before /open; its log ends:\n    one\n    two" {
		t.Error(got)
	}
	if !errors.Is(late, ErrStopped) {
		t.Error("nobody can tell that it has stopped")
	}
	late.Log = ""
	if got := late.Error(); got != "app-1.us-east-1: it stopped before /open" {
		t.Error(got)
	}
}
