package command

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/image"
)

// sweepsWithin is how long a sweep may take, before a command goes on without it.
const sweepsWithin = 30 * time.Second

// connect connects to the engine, and removes what a dead owner left there, once in a command. Commands that do nothing
// on an engine ask none, and so have nothing to wait for when it hangs. The doctor and the engine's own commands, which
// are for an engine that may be broken and tell of what is there, connect by themselves and sweep nothing.
func (a *app) connect(ctx context.Context) (*lab.Engine, error) {
	e, err := lab.Connect(ctx)
	if err != nil || a.swept {
		return e, err
	}
	a.swept = true
	within, cancel := context.WithTimeout(ctx, sweepsWithin)
	defer cancel()
	swept, err := lab.Sweep(within, e)
	err = errors.Join(err, image.Sweep())
	if len(swept) > 0 {
		a.tell("swept what a killed run left behind: %s", strings.Join(swept, ", "))
	}
	if err != nil && ctx.Err() == nil {
		a.tell("could not sweep what a killed run left behind: %v", err)
	}
	return e, nil
}

// sweep is for commands that connect to the engine later, and in other ways.
func (a *app) sweep(ctx context.Context) error {
	e, err := a.connect(ctx)
	if err != nil {
		return err
	}
	return e.Close()
}
