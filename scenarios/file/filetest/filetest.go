// Package filetest has what the tests of formats share.
package filetest

import (
	"strings"
	"testing"

	"github.com/regionfall/regionfall/scenarios/file"
)

// CheckRefusal sees that what a file was refused for has a place in the file, and that no control characters of the
// file are echoed.
func CheckRefusal(t testing.TB, src []byte, err error) {
	t.Helper()
	problems := file.Problems(err)
	if len(problems) == 0 {
		t.Fatalf("refused without a place: %v", err)
	}
	lines := strings.Count(string(src), "\n") + strings.Count(string(src), "\r") + 1
	for _, p := range problems {
		if p.Line < 1 || p.Line > lines || p.Column < 1 || p.Message == "" {
			t.Errorf("%d:%d of %d lines: %q", p.Line, p.Column, lines, p.Message)
		}
		if said := p.Error(); strings.ContainsAny(said, "\x00\x1b\r") {
			t.Errorf("control characters are echoed: %q", said)
		}
	}
}
