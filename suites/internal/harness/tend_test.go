package harness

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
	"github.com/onsi/gomega"
)

// fragile is a lab that breaks when it is told to.
type fragile struct {
	whole context.Context
	end   context.CancelCauseFunc
}

func newFragile() *fragile {
	f := &fragile{}
	f.whole, f.end = context.WithCancelCause(context.Background())
	return f
}

func (f *fragile) Alive(ctx context.Context) (context.Context, func()) {
	alive, cancel := context.WithCancelCause(ctx)
	unhook := context.AfterFunc(f.whole, func() { cancel(context.Cause(f.whole)) })
	return alive, func() { unhook(); cancel(nil) }
}

// verdict is that of a suite that is meant to fail.
type verdict struct{ failed bool }

func (v *verdict) Fail() { v.failed = true }

// The suite in here is a real one, in which a lab breaks. Ginkgo runs one in a process.
func TestASuiteWhoseLabBreaksEndsWithOneSentence(t *testing.T) {
	const story = "replicator.us-west-2 ended by itself (exit code 2); its last words:\n    panic: no"
	var ran []string
	ginkgo.Describe("a lab that several share", ginkgo.Ordered, ginkgo.ContinueOnFailure, func() {
		lab := newFragile()
		ginkgo.BeforeAll(func() { Tend(lab) })
		ginkgo.It("is well at first", func() { ran = append(ran, "well") })
		ginkgo.It("breaks while something is waited for", func(ctx ginkgo.SpecContext) {
			ran = append(ran, "breaks")
			time.AfterFunc(50*time.Millisecond, func() { lab.end(errors.New(story)) })
			gomega.Eventually(func() bool { return false }).WithContext(Alive(ctx)).WithTimeout(Patience).Should(
				gomega.BeTrue())
		}, ginkgo.SpecTimeout(SpecTimeout))
		for range 10 {
			ginkgo.It("is of no use any more", func() { ran = append(ran, "no use") })
		}
	})
	ginkgo.Describe("a lab of its own", func() {
		ginkgo.It("is well", func(ctx ginkgo.SpecContext) {
			Tend(newFragile())
			ran = append(ran, "other")
			gomega.Eventually(func() bool { return true }).WithContext(Alive(ctx)).Should(gomega.BeTrue())
		}, ginkgo.SpecTimeout(SpecTimeout))
	})
	var report types.Report
	ginkgo.ReportAfterSuite("it is looked at", func(r types.Report) { report = r })

	gomega.RegisterFailHandler(ginkgo.Fail)
	suite, output := ginkgo.GinkgoConfiguration()
	suite.RandomizeAllSpecs, output.Succinct, output.NoColor = false, true, true
	v := &verdict{}
	start := time.Now()
	ginkgo.RunSpecs(v, "a suite that is meant to fail", suite, output)
	if took := time.Since(start); took > Patience/2 {
		t.Errorf("it took %s", took)
	}
	failed, passed := 0, 0
	for _, s := range report.SpecReports.WithLeafNodeType(types.NodeTypeIt) {
		switch {
		case s.State.Is(types.SpecStatePassed):
			passed++
		case s.State.Is(types.SpecStateFailed) && strings.TrimSpace(s.Failure.Message) == story:
			failed++
		default:
			t.Errorf("%s: %s, %q", s.FullText(), s.State, s.Failure.Message)
		}
	}
	if !v.failed || failed != 11 || passed != 2 {
		t.Errorf("%d specs failed with the story and %d passed; want 11 and 2", failed, passed)
	}
	slices.Sort(ran)
	if want := []string{"breaks", "other", "well"}; !slices.Equal(ran, want) {
		t.Errorf("there ran %q", ran)
	}
	if left := tended.list(); len(left) > 0 {
		t.Errorf("%d labs are tended for ever", len(left))
	}
}
