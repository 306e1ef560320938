package fault

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

// immortal is a node whose engine says that it is down and that it runs, and never ends its process.
type immortal struct{ *fakeNode }

func (immortal) Life(context.Context) (string, error) { return "the first", nil }

func TestANodeThatWasNotRestartedIsNotTakenForIt(t *testing.T) {
	redis := Nodes{Service: "redis", Region: east}
	for name, c := range map[string]struct {
		node  func(*fakeNode) Node
		while func(n *fakeNode) // it is down
		want  string
	}{
		"restarted": {func(n *fakeNode) Node { return n }, func(*fakeNode) {}, ""},
		"somebody else has ended it too": {
			func(n *fakeNode) Node { return n }, func(n *fakeNode) { n.other = true }, "held by another fault",
		},
		"its process was never ended": {
			func(n *fakeNode) Node { return immortal{n} }, func(*fakeNode) {}, "has not started it again",
		},
		"somebody else starts it and it dies by itself": {
			func(n *fakeNode) Node { return n },
			func(n *fakeNode) { n.restart(); _ = n.Hold(context.Background(), topology.NodeDown) },
			"was started by somebody else",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNode(topology.ServiceRedis, east)
				g, err := NewGuard(&Restart{Nodes: redis, Down: 5 * time.Second}, fakeLab{nodes: []Node{c.node(n)}},
					clock())
				if err != nil {
					t.Fatal(err)
				}
				time.AfterFunc(3*time.Second, func() { c.while(n) })
				_, err = g.Inject(t.Context())
				if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
					t.Errorf("got %v, want %q", err, c.want)
				}
			})
		})
	}
}
