package topology

// NodeState is what the engine says of a node. These are the words of the ledger, of faults and of `regionfall status`.
type NodeState string

// The states of a node.
const (
	NodeRunning NodeState = "running"
	NodeFrozen  NodeState = "frozen" // every process stopped where it is; the kernel still accepts connections
	NodeDown    NodeState = "down"
)
