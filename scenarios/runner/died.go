package runner

import (
	"context"
	"errors"
	"time"

	"github.com/regionfall/regionfall/lab"
)

// programDeathOr returns the death of a program of the lab as the error of a drill that began at a time, and err if
// none died. Whatever failed, and whatever was proven or not, may be its consequence. Check finds a death that the
// drill itself has not noticed.
func programDeathOr(ctx context.Context, err error, began time.Time, check func(context.Context) error) error {
	var died *lab.Died
	if !errors.As(err, &died) && ctx.Err() == nil {
		broken := check(ctx)
		if !errors.As(broken, &died) {
			return errors.Join(err, broken)
		}
	}
	if died != nil {
		return died.During("the drill", began)
	}
	return err
}
