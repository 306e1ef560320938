package node

import (
	"context"
	"fmt"
	"slices"

	"github.com/containerd/errdefs"
)

// CommandOf is what a container of an image runs, with a command in place of the image's own unless it is empty. Has
// says whether the engine has the image at all.
func (e *Engine) CommandOf(ctx context.Context, name string, command []string) (whole []string, has bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	i, err := e.client.ImageInspect(ctx, name)
	switch {
	case errdefs.IsNotFound(err):
		return nil, false, nil
	case err != nil:
		return nil, false, fmt.Errorf("ask the engine for image %s: %s", name, oneLine(err))
	case i.Config == nil:
		return command, true, nil
	case len(command) == 0:
		command = i.Config.Cmd
	}
	return slices.Concat(i.Config.Entrypoint, command), true, nil
}
