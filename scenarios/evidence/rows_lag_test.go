package evidence

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios/measure"
)

// A lag that nobody saw is not 0, and one that was asked of a lab without a load is told apart from the other.
func TestLagInWords(t *testing.T) {
	for name, c := range map[string]struct {
		stores []measure.StoreLag
		want   []string
	}{
		"nothing was copied": {[]measure.StoreLag{{Store: "objects"}, {Store: "items"}}, []string{"replication lag: not measured"}},
		"under load": {
			[]measure.StoreLag{{Store: "objects", LoadedMS: f64(2699.9)}, {Store: "items", LoadedMS: f64(0)}},
			[]string{"replication lag: objects 2.70 s, items 0 ms before the fault"},
		},
		"without a load only": {
			[]measure.StoreLag{{Store: "objects"}, {Store: "items", QuietMS: f64(30)}},
			[]string{"replication lag: not measured", "without load: items 30 ms"},
		},
	} {
		m := metricsOf(measure.Metrics{ReplicationLag: &measure.ReplicationLag{Stores: c.stores}}, 360)
		var got []string
		for _, r := range (Result{Metrics: m, Scenario: Scenario{Timescale: 360}}).rows() {
			got = append(got, r.Name+": "+r.Measured)
			if r.Judged || r.FullMeasured != "" {
				t.Errorf("%s: judged, or scaled: %+v", name, r)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}
