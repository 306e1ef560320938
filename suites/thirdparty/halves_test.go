package thirdparty_test

import (
	"fmt"
	"path/filepath"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/regionfall/regionfall/scenarios/evidence"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
	"github.com/regionfall/regionfall/suites/internal/harness"
	. "github.com/regionfall/regionfall/suites/matchers"
)

// MLflow keeps runs in PostgreSQL and their artifacts in S3. What is left of a run is worth something only with both.
var _ = Describe("MLflow, which writes to two stores at once, when its region is lost", func() {
	const runs, artifacts = history.StorePostgres, history.StoreObjects

	It("leaves artifacts whose runs had not reached the other region", func(ctx SpecContext) {
		r := harness.Run(ctx, filepath.Join(apps, "mlflow", "outage.yaml"))
		Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
		Expect(r.Verdict).To(Equal(measure.Pass))
		Expect(halves(r, artifacts, runs)).To(BeNumerically(">", 0), "artifacts without their runs")
	}, SpecTimeout(harness.DrillTimeout))

	It("loses no run that counts once both regions have it, but leaves some without artifacts", func(ctx SpecContext) {
		r := harness.Run(ctx, filepath.Join(apps, "mlflow", "outage-sync.yaml"))
		Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LeaveNothing()))
		Expect(r.Verdict).To(Equal(measure.Pass))
		Expect(lostOf(r, runs)).To(BeZero(), "runs that were lost")
		Expect(halves(r, artifacts, runs)).To(BeZero(), "artifacts without their runs")
		Expect(halves(r, runs, artifacts)).To(And(BeNumerically(">", 0), Equal(r.Metrics.RecoveryPoint.Lost)),
			"runs without their artifacts, which are all that is lost")
	}, SpecTimeout(harness.DrillTimeout))
})

// halves is how many writes are in one store and not in another.
func halves(r evidence.Result, in, notIn string) (int, error) {
	j := r.Metrics.JointRecoveryPoint
	if j == nil {
		return 0, fmt.Errorf("%s did not compare %s with %s", r.Scenario.Name, in, notIn)
	}
	torn := 0
	for _, p := range j.Parts {
		if slices.Contains(p.With, in) && slices.Contains(p.Without, notIn) {
			torn += p.Writes
		}
	}
	return torn, nil
}

// lostOf is how many writes a store lost.
func lostOf(r evidence.Result, store string) (int, error) {
	if p := r.Metrics.RecoveryPoint; p != nil && p.Acked > 0 {
		for _, s := range p.Stores {
			if s.Name == store {
				return s.Lost, nil
			}
		}
	}
	return 0, fmt.Errorf("%s measured no recovery point of %s", r.Scenario.Name, store)
}
