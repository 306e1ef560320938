package runner

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/scenarios/drill"
)

func TestADrillOnALabThatBrokeEndsWithThatAndNothingElse(t *testing.T) {
	began := time.Now().Add(-time.Minute)
	died := &lab.Died{
		Node: "replicator.us-west-2", Code: 2, At: began.Add(14200 * time.Millisecond),
		Words: []string{"panic: no"},
	}
	const story = "replicator.us-west-2 ended by itself (exit code 2) 14.2 s into the drill; its last words:\n    " +
		"panic: no"
	nobody := errors.New("the engine is away")
	ended, end := context.WithCancel(t.Context())
	end()
	for name, c := range map[string]struct {
		ctx         context.Context
		err, broken error
		want        string
	}{
		"the drill heard of it": {t.Context(), errors.Join(fmt.Errorf("inject: %w", died),
			errors.New("heal: no witness")), nil, story},
		"it was too late to hear":      {t.Context(), nil, died, story},
		"it proved nothing, therefore": {t.Context(), drill.ErrProvesNothing, died, story},
		"it failed, therefore":         {t.Context(), errors.New("heal: no witness"), died, story},
		"nothing broke":                {t.Context(), drill.ErrProvesNothing, nil, drill.ErrProvesNothing.Error()},
		"nobody can tell":              {t.Context(), nil, nobody, nobody.Error()},
		"interrupted":                  {ended, context.Canceled, died, context.Canceled.Error()},
	} {
		err := programDeathOr(c.ctx, c.err, began, func(context.Context) error { return c.broken })
		if err == nil || !strings.HasPrefix(err.Error(), c.want) ||
			errors.Is(err, drill.ErrProvesNothing) != (c.broken == nil && errors.Is(c.err, drill.ErrProvesNothing)) {
			t.Errorf("%s: it ends with %v", name, err)
		}
	}
	if err := programDeathOr(t.Context(), nil, began, func(context.Context) error { return nil }); err != nil {
		t.Errorf("a drill on a lab that lives ends with %v", err)
	}
}
