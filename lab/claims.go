package lab

import (
	"context"
	"fmt"

	"github.com/regionfall/regionfall/lab/node"
	"github.com/regionfall/regionfall/lab/state"
)

// claims tells whose the labs on an engine are.
type claims struct {
	host   string
	engine containers
	ended  map[string]bool // containers of owners, as far as they were asked for
}

// containers is an engine, as far as owners in its containers go.
type containers interface {
	Self() string
	HasEnded(ctx context.Context, container string) (bool, error)
}

func newClaims(e containers) (*claims, error) {
	host, err := state.HostID()
	return &claims{host: host, engine: e, ended: map[string]bool{}}, err
}

// mine says whether a lab, by its labels, is this process's to sweep. A lab that was brought up in a container of the
// engine, as a job of CI does, is everybody's once that container has ended: its locks went with it. Until then it is
// nobody else's, whatever its locks say here.
func (c *claims) mine(ctx context.Context, labels map[string]string) (bool, error) {
	id := labels[node.LabelContainer]
	if id == "" || id == c.engine.Self() {
		return labels[node.LabelHost] == c.host, nil
	}
	ended, known := c.ended[id]
	if !known {
		var err error
		if ended, err = c.engine.HasEnded(ctx, id); err != nil {
			return false, fmt.Errorf("ask for the owner of lab %s: %w", labels[node.LabelLab], err)
		}
		c.ended[id] = ended
	}
	return ended, nil
}
