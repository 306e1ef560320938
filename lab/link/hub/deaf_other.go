//go:build !linux

package hub

import "errors"

// The hub runs in a Linux container; elsewhere only tests run it.
var errLinux = errors.New("only a hub on Linux can be deaf")

func deafen(int) error { return errLinux }

func listen(int) error { return errLinux }
