package node

import (
	"context"
	"fmt"

	"github.com/containerd/errdefs"
)

// HasImage says whether the engine has an image of that name.
func (e *Engine) HasImage(ctx context.Context, name string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	_, err := e.client.ImageInspect(ctx, name)
	if err != nil && !errdefs.IsNotFound(err) {
		return false, fmt.Errorf("ask the engine for image %s: %s", name, oneLine(err))
	}
	return err == nil, nil
}
