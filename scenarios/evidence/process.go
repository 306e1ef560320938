package evidence

import (
	"fmt"
	"strings"
)

// Process is one kind of nodes of an app that has several.
type Process struct {
	Name    string `json:"name"`    // by the app's file
	Count   int    `json:"count"`   // its nodes, of all regions together
	Clients bool   `json:"clients"` // clients are sent to it
	Nodes   []Node `json:"nodes"`
}

// Node is a node of the app, and what its supervisor said when the load was over and nothing healed yet.
type Node struct {
	Name  string    `json:"name"`
	State NodeState `json:"state"`
	Runs  *int      `json:"runs"` // how often its process was started; null: the node did not say
}

// NodeState says whether the process in a node runs.
type NodeState string

// The states.
const (
	NodeRuns   NodeState = "runs"
	NodeEnded  NodeState = "ended"  // by itself, or it was stopped
	NodeWaits  NodeState = "waits"  // it is not to run before a failover
	NodeSilent NodeState = "silent" // nothing answers, as in a region that was lost
)

// Words say how many nodes it has, and how each was when the load was over.
func (p Process) Words() string {
	text := fmt.Sprintf("%d nodes", p.Count)
	if p.Count == 1 {
		text = "1 node"
	}
	if p.Clients {
		text += " that clients are sent to"
	}
	parts := make([]string, len(p.Nodes))
	for i, n := range p.Nodes {
		parts[i] = n.words()
	}
	return text + "; when the load ended, " + strings.Join(parts, ", ")
}

func (n Node) words() string {
	text := n.Name + " " + map[NodeState]string{
		NodeRuns: "ran", NodeEnded: "had ended", NodeWaits: "waited for a failover", NodeSilent: "did not answer",
	}[n.State]
	if n.Runs != nil && *n.Runs > 1 {
		text += fmt.Sprintf(" (started %d times)", *n.Runs)
	}
	return text
}
