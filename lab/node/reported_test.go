package node

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/wait"
)

// Nothing is added to what an app has said of itself: this node has no engine to be asked for its log.
func TestWhatIsToldNeedsNoLog(t *testing.T) {
	n := &Node{Spec: Spec{Name: "app-1.us-east-1"}}
	err := n.Await(t.Context(), "/readyz", time.Second, func(context.Context) error {
		return wait.Stop(Reported("the app ended with exit code 3"))
	})
	if !errors.As(err, new(Reported)) || err.Error() != "app-1.us-east-1: the app ended with exit code 3" {
		t.Errorf("got %v", err)
	}
}
