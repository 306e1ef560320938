package thirdparty_test

import (
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/regionfall/regionfall/scenarios/measure"
	"github.com/regionfall/regionfall/suites/internal/harness"
	. "github.com/regionfall/regionfall/suites/matchers"
)

const apps = "../../fixtures/thirdparty"

var _ = Describe("An app that nobody here wrote, when its region is lost", func() {
	for _, app := range []string{"miniflux", "openfga"} {
		Context(app, func() {
			It("loses what had not reached the other region, and it is counted", func(ctx SpecContext) {
				r := harness.Run(ctx, filepath.Join(apps, app, "outage.yaml"))
				Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
				Expect(r.Verdict).To(Equal(measure.Pass))
				Expect(r).NotTo(LoseNothing())
			}, SpecTimeout(harness.DrillTimeout))

			It("loses nothing where a write counts once both regions have it", func(ctx SpecContext) {
				r := harness.Run(ctx, filepath.Join(apps, app, "outage-sync.yaml"))
				Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LoseNothing(), LeaveNothing()))
				Expect(r.Verdict).To(Equal(measure.Pass))
			}, SpecTimeout(harness.DrillTimeout))
		})
	}
})
