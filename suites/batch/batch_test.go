package batch_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/regionfall/regionfall/scenarios/evidence"
	"github.com/regionfall/regionfall/scenarios/measure"
	"github.com/regionfall/regionfall/suites/internal/harness"
	. "github.com/regionfall/regionfall/suites/matchers"
)

// written is how often each stage wrote its outputs.
func written(r evidence.Result) (times []int) {
	for _, s := range r.Metrics.Conservation.Stages {
		times = append(times, s.Written)
	}
	return times
}

var _ = Describe("A nightly job of five stages", func() {
	When("its worker is killed in the fourth stage", func() {
		It("goes on after the third, with an output that is that of an undisturbed run", func(ctx SpecContext) {
			r := harness.Run(ctx, "batch-resume")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
			times := written(r)
			Expect(times[:3]).To(Equal([]int{1, 1, 1}), "how often each stage was done")
			Expect(times[3]).To(BeNumerically("<=", 2), "the fourth was killed, and done again")
			Expect(times[4]).To(Equal(1))
			c := r.Metrics.Conservation
			Expect(c.In).To(Equal(c.Out + c.Rejected))
			Expect(c.Compared).To(Equal(40), "outputs compared by hash")
		}, SpecTimeout(harness.DrillTimeout))

		It("goes on after the second, if the output of the third is another by a bit", func(ctx SpecContext) {
			r := harness.Run(ctx, "testdata/flipped-output.yaml")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
			Expect(written(r)[:2]).To(Equal([]int{1, 1}))
			Expect(written(r)[2]).To(Equal(3), "the third stage was done, corrupted and done again")
		}, SpecTimeout(harness.DrillTimeout))

		It("misses its deadline, if nobody starts it again", func(ctx SpecContext) {
			r := harness.Run(ctx, "testdata/never-resumed.yaml")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
			Expect(r.Metrics.Deadline.Censored).To(BeTrue())
		}, SpecTimeout(harness.DrillTimeout))
	})

	When("a stage drops records and reports success", func() {
		It("is caught: by stage, by partition, by count and by key", func(ctx SpecContext) {
			r := harness.Run(ctx, "batch-silent-drop")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
			Expect(r.Metrics.Conservation.Breaches).To(ConsistOf(And(
				HaveField("Stage", "4"), HaveField("Partition", "3"), HaveField("In", 500), HaveField("Missing", 25),
				HaveField("Keys", And(HaveLen(20), HaveEach(HavePrefix("p3-")))),
			)))
			Expect(r.Metrics.Deadline.Verdict.String()).To(Equal(measure.Pass.String()), "the job itself saw nothing")
		}, SpecTimeout(harness.DrillTimeout))

		It("is caught too when it is one in a hundred, in another stage, and nothing else happens",
			func(ctx SpecContext) {
				r := harness.Run(ctx, "testdata/drop-in-stage-2.yaml")
				Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
				Expect(r.Metrics.Conservation.Breaches).To(ConsistOf(And(
					HaveField("Stage", "2"), HaveField("Partition", "0"), HaveField("Missing", 5),
				)))
			}, SpecTimeout(harness.DrillTimeout))
	})

	When("a stage is told to drop records when it is over", func() {
		It("proves nothing", func(ctx SpecContext) {
			r := harness.Run(ctx, "testdata/drop-too-late.yaml")
			Expect(r).To(And(HaveAConfirmedFault(), LeaveNothing()))
			Expect(r.Verdict).To(Equal(measure.Inconclusive))
			Expect(r.Reasons).To(ContainElement(ContainSubstring("dropped nothing")))
		}, SpecTimeout(harness.DrillTimeout))
	})

	When("the table of checkpoints does not answer", func() {
		It("keeps them in objects, and runs anew when the one there is does not match", func(ctx SpecContext) {
			r := harness.Run(ctx, "batch-checkpoint-store-down")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
			Expect(written(r)[0]).To(Equal(2), "the first stage was done again")
		}, SpecTimeout(harness.DrillTimeout))

		It("asks it again, and goes on from what it has in the end", func(ctx SpecContext) {
			r := harness.Run(ctx, "testdata/table-slow.yaml")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
			Expect(written(r)[:3]).To(Equal([]int{1, 1, 1}), "how often each stage was done")
		}, SpecTimeout(harness.DrillTimeout))

		It("goes on from an object that does match", func(ctx SpecContext) {
			r := harness.Run(ctx, "testdata/table-away.yaml")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
			Expect(written(r)[0]).To(Equal(1), "the first stage was done once")
		}, SpecTimeout(harness.DrillTimeout))
	})
})
