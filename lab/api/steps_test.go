package api

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Whoever writes while a standby is promoted, or is sent to a region that is not ready, loses something: the old
// primary is fenced before anything makes the standby take writes, and clients are redirected after everything that
// they need.
func TestStepsOfAFailoverAreInOrder(t *testing.T) {
	want := []string{
		"detect", "decide", "fence", "restore", "promote", "repoint", "scale_out", "preflight", "redirect", "follow",
	}
	var got, afterwards []string
	for _, s := range FailoverSteps() {
		got = append(got, s.Name)
		if s.Afterwards {
			afterwards = append(afterwards, s.Name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	if !slices.Equal(afterwards, []string{"follow"}) {
		t.Errorf("clients do not wait for %v, want only what other regions need", afterwards)
	}
}

func TestMarksOfAFailoverAreInOrder(t *testing.T) {
	want := []string{
		"detected", "decided", "fenced", "restored", "promoted", "repointed", "scaled_out", "preflight", "shifted",
		"redirected", "followed",
	}
	if diff := cmp.Diff(want, StepMarks()); diff != "" {
		t.Errorf("marks (-want +got):\n%s", diff)
	}
}
