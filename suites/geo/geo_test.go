package geo_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/regionfall/regionfall/scenarios/evidence"
	"github.com/regionfall/regionfall/scenarios/measure"
	"github.com/regionfall/regionfall/suites/internal/harness"
	. "github.com/regionfall/regionfall/suites/matchers"
)

const (
	us   = "us-east-1"
	eu   = "eu-west-1"
	asia = "ap-southeast-1"

	rto = 15 * time.Minute // what was promised, in real time
	lag = 2 * time.Second  // of the lab that the replica in Asia is behind: 120 s
)

func guarantee(r evidence.Result, id string) measure.Session {
	GinkgoHelper()
	for _, s := range r.Metrics.Sessions {
		if s.Guarantee == id {
			return s
		}
	}
	Fail("nothing was measured of " + id)
	return measure.Session{}
}

func reads(r evidence.Result, region, path string) measure.ReadLatency {
	GinkgoHelper()
	for _, l := range r.Metrics.Reads {
		if l.Region == region && l.Path == path {
			return l
		}
	}
	Fail("no read in " + region + " was answered by path " + path)
	return measure.ReadLatency{}
}

var _ = Describe("A mobile app whose replica in Asia is two minutes behind", func() {
	When("every region reads from its own", func() {
		It("hides from users in Asia what they have written, for as long as the replica is behind",
			func(ctx SpecContext) {
				r := harness.Run(ctx, "geo-read-your-writes")
				Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
				own := guarantee(r, measure.FindingReadYourWrites)
				oldest, there := time.Duration(0), 0
				for _, w := range own.Windows {
					if w.Region == asia { // a busy machine's other replica may be late too, now and then
						oldest, there = max(oldest, w.Age.Duration()), there+w.Reads
					}
				}
				Expect(there).To(BeNumerically(">=", 10))
				Expect(there).To(BeNumerically(">", own.Violations/2))
				Expect(oldest).To(BeNumerically(">", lag/2),
					"what is not found is up to as old as the replica is behind")
				Expect(oldest).To(BeNumerically("<", 2*lag))
			}, SpecTimeout(harness.DrillTimeout))
	})

	When("the session says what it has seen", func() {
		It("shows everybody what they have written, from the primary where it has to", func(ctx SpecContext) {
			r := harness.Run(ctx, "geo-causal-reads")
			Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
			Expect(guarantee(r, measure.FindingReadYourWrites).Judged).To(BeNumerically(">", 50))
			far, near := reads(r, asia, "primary"), reads(r, eu, "local")
			Expect(far.Count).To(BeNumerically(">", 10))
			Expect(far.P50.Duration()).To(BeNumerically(">", 150*time.Millisecond),
				"the way to the primary and back, physically")
			Expect(near.P50.Duration()).To(BeNumerically("<", 80*time.Millisecond),
				"where nothing lags, nobody goes there: that is 80 ms away")
		}, SpecTimeout(harness.DrillTimeout))
	})
})

var _ = Describe("A mobile app that loses us-east-1", func() {
	It("is back within a quarter of an hour, and reads in 20 ms where users are", Serial, func(ctx SpecContext) {
		r := harness.Run(ctx, "geo-failover")
		Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
		Expect(r).To(Recover(time.Duration(float64(rto) / r.Scenario.Timescale)))
		for _, region := range []string{us, eu, asia} {
			Expect(reads(r, region, "local").P99.Duration()).To(BeNumerically("<=", 20*time.Millisecond), region)
		}
	}, SpecTimeout(harness.DrillTimeout))

	It("is not back when nobody is promoted", func(ctx SpecContext) {
		r := harness.Run(ctx, "testdata/nobody-is-promoted.yaml")
		Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
		Expect(r.Metrics.RecoveryTime.Censored).To(BeTrue())
		Expect(reads(r, asia, "local").Count).To(BeNumerically(">", 20), "who only reads notices nothing")
	}, SpecTimeout(harness.DrillTimeout))
})
