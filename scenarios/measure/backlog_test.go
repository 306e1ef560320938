package measure

import (
	"testing"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

func TestABacklogIsItsShareOfWhatTheRuleStandsFor(t *testing.T) {
	d := goodDrill()
	d.byRule()
	d.spec.Stores, d.spec.Ordered = []string{history.StoreObjects}, nil
	d.spec.Rules = []Rule{{Name: "hot/", Store: history.StoreObjects, Prefix: "hot/"}}
	d.spec.StandFor = map[string]int64{"hot/": 17e12}
	d.spec.Bandwidth, d.spec.Home = 400_000, home
	sight := func(at, objects int, from, to string) {
		d.Backlogs = append(d.Backlogs, history.Backlog{
			At: *between(at, at+5), Rule: "hot/", From: from, To: to, Objects: objects, Bytes: int64(1000 * objects),
			BytesPerSecond: 4000,
		})
	}
	sight(1500, 2, home, standby)
	sight(2900, 4, home, standby)
	sight(2900, 0, "a third region", standby) // which is not in charge
	sight(2900, 9, standby, home)
	sight(4000, 9, home, standby) // after the fault
	r := Judge(d.History, d.spec)
	all := r.Metrics.Backlogs
	if len(all) != 1 || all[0].Objects != 4 || all[0].Drain.Duration() != time.Second || *all[0].FullBytes != 4e12 {
		t.Fatalf("%+v", all)
	}
	for _, row := range r.Rows(60) {
		if row.ID == "backlog.hot/" {
			if row.Measured != "4 objects, 4 kB, copied in 1 s at 4 kB/s (the link carries 400 kB/s)" ||
				row.FullMeasured != "4 TB, copied in 1 min at 66.7 GB/s" || !row.Extrapolated || row.Judged {
				t.Errorf("%+v", row)
			}
			return
		}
	}
	t.Error("it has no row")
}
