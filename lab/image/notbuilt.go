package image

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"syscall"
)

// NotBuilt is what could not be built for what is in the program, its module or its folder. Other errors are of this
// machine, its engine, or the network.
type NotBuilt struct{ Err error }

// Error is why it failed.
func (n *NotBuilt) Error() string { return n.Err.Error() }

// Unwrap is why it failed.
func (n *NotBuilt) Unwrap() error { return n.Err }

// ofThisMachine are what programs print that fail for the network, or for a full disk.
var ofThisMachine = []string{
	"no such host", "connection refused", "i/o timeout", "network is unreachable", "connection reset by peer",
	"TLS handshake timeout", "failed to verify certificate", "Temporary failure", "Could not resolve host",
	"502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout", "no space left on device",
}

// notBuilt makes a NotBuilt of the error of a program, or of a step of a build, that says nothing of this machine.
func notBuilt(err error) error {
	var exit *exec.ExitError
	var step *buildError
	text := ""
	switch {
	case errors.As(err, &step):
		text = strings.Join(step.printed, "\n")
	case errors.As(err, &exit):
		if status, is := exit.Sys().(syscall.WaitStatus); is && status.Signaled() {
			return err // it was killed, as for want of memory
		}
		text = err.Error()
	default:
		return err
	}
	if slices.ContainsFunc(ofThisMachine, func(symptom string) bool { return strings.Contains(text, symptom) }) {
		return err
	}
	return &NotBuilt{err}
}
