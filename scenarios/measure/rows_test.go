package measure

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A lag that nobody saw is not 0, and one that was asked of a lab without a load is told apart from the other.
func TestLagInWords(t *testing.T) {
	for name, c := range map[string]struct {
		stores []StoreLag
		want   []string
	}{
		"nothing was copied": {[]StoreLag{{Store: "objects"}, {Store: "items"}}, []string{"replication lag: not measured"}},
		"under load": {
			[]StoreLag{{Store: "objects", Loaded: new(Low(2699900 * time.Microsecond))}, {Store: "items", Loaded: new(Low(0))}},
			[]string{"replication lag: objects 2.70 s, items 0 ms before the fault"},
		},
		"without a load only": {
			[]StoreLag{{Store: "objects"}, {Store: "items", Quiet: new(Low(30 * time.Millisecond))}},
			[]string{"replication lag: not measured", "without load: items 30 ms"},
		},
	} {
		m := Metrics{ReplicationLag: &ReplicationLag{Stores: c.stores}}
		var got []string
		for _, r := range (Report{Metrics: m}).Rows(360) {
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
