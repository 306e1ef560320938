package runner

import (
	"context"
	"errors"
	"time"

	"github.com/regionfall/regionfall/lab"
)

// orBroken is what a drill that began at a time has ended with: that a program of the lab has died, if one has, and else err. Whatever failed, and whatever
// was proven or not, may have come of that. Check asks for one that the drill itself has not heard of.
func orBroken(ctx context.Context, err error, began time.Time, check func(context.Context) error) error {
	var died *lab.Died
	if !errors.As(err, &died) && ctx.Err() == nil {
		broken := check(ctx)
		if !errors.As(broken, &died) {
			return errors.Join(err, broken)
		}
	}
	if died != nil {
		return died.Into("the drill", began)
	}
	return err
}
