package runner

import (
	"bytes"

	"github.com/regionfall/regionfall/scenarios/evidence"
)

// nodeLog gathers what a node printed and leaves it in the evidence when it is whole.
type nodeLog struct {
	bytes.Buffer
	dir, node string
}

func newLog(dir, node string) *nodeLog { return &nodeLog{dir: dir, node: node} }

// Close writes the log.
func (l *nodeLog) Close() error { return evidence.WriteLog(l.dir, l.node, &l.Buffer) }
