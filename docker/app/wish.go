package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/regionfall/regionfall/lab/topology"
)

// wish is whether the configuration asks for a node, as far as is known.
type wish struct {
	file     string
	number   int // of the node in its region
	revision int // of the document that said so last
	is       bool
}

// look reads the file. One that is missing, can't be read or is older than what was read before changes nothing, as for
// the app itself.
func (w *wish) look() bool {
	data, err := os.ReadFile(w.file)
	if err != nil {
		return w.is
	}
	var c topology.Config
	if json.Unmarshal(data, &c) == nil && c.Revision > w.revision {
		w.revision, w.is = c.Revision, w.number <= c.AppNodes
	}
	return w.is
}

// number is a node's number in its region. An app that is not one of several is the first.
func number(node string) int {
	n := 1
	if _, err := fmt.Sscanf(node, "app-%d.", &n); err != nil {
		return 1
	}
	return n
}
