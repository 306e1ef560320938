//go:build !linux

package engine

import (
	"context"
	"errors"
)

// An engine is started on Linux only, which Start says before any of these is asked.

func unmountBelow(string) error { return nil }

func (s starter) mountControlGroups(context.Context) error { return errors.ErrUnsupported }

func overlays(string) bool { return false }

func freeIn(string) (int64, error) { return 0, errors.ErrUnsupported }
