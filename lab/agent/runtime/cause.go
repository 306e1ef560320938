package runtime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// causeLength is the most characters of one cause: a mark is read in a line, beside its time and its name.
const causeLength = 60

// Plain is an error whose text alone says what happened, in words for a mark.
type Plain string

func (p Plain) Error() string { return string(p) }

// Cause is what went wrong at the bottom of an error, for people: "connection refused" rather than who dialled whom on
// whose behalf.
func Cause(err error) string {
	var said Plain
	var answer *pgconn.PgError
	var errno syscall.Errno
	var name *net.DNSError
	text := ""
	switch {
	case errors.As(err, &said):
		text = said.Error()
	case errors.As(err, &answer):
		text = answer.Message
	case errors.As(err, &errno):
		text = errno.Error()
	case timedOut(err):
		text = "no answer"
	case errors.As(err, &name):
		text = name.Err
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		text = "connection closed"
	default:
		text = OneLine(innermost(err))
	}
	if runes := []rune(text); len(runes) > causeLength {
		text = string(runes[:causeLength-1]) + "…"
	}
	return text
}

// innermost follows an error to its end, and of several that were joined the first.
func innermost(err error) error {
	var several interface{ Unwrap() []error }
	for {
		inner := errors.Unwrap(err)
		if inner == nil && errors.As(err, &several) {
			inner = several.Unwrap()[0]
		}
		if inner == nil {
			return err
		}
		err = inner
	}
}

// Within gives an error that is a timeout the words for how long nobody answered.
func Within(limit time.Duration, err error) error {
	if !timedOut(err) {
		return err
	}
	return fmt.Errorf("%w: %w", Plain("no answer in "+limit.String()), err)
}

func timedOut(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

// OneLine is an error as the detail of a mark: libraries break theirs into lines.
func OneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// WithoutNumbers tells kinds of failures apart: the same failure comes with another source port each time.
func WithoutNumbers(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, s)
}
