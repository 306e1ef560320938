package node

import (
	"errors"
	"fmt"
	"strings"

	"github.com/regionfall/regionfall/lab/topology"
)

// ErrStopped says that a node has stopped before it was ready.
var ErrStopped = errors.New("it stopped")

// NotReady is a node that did not come up.
type NotReady struct {
	Node    string
	Service topology.Service
	Err     error  // what was awaited, and what was seen last; ErrStopped for a node that has stopped
	Log     string // its last lines; empty where they can't be had
}

// Error tells all of it.
func (n *NotReady) Error() string { return withLog(fmt.Errorf("%s: %w", n.Node, n.Err), n.Log).Error() }

// Unwrap is what was seen last.
func (n *NotReady) Unwrap() error { return n.Err }

// withLog adds the last lines of a log, if there are any, to an error.
func withLog(err error, log string) error {
	if log == "" {
		return err
	}
	return fmt.Errorf("%w; its log ends:\n    %s", err, strings.ReplaceAll(log, "\n", "\n    "))
}
