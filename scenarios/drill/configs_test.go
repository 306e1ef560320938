package drill

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// configLab is a lab whose nodes take a moment to say what their configuration is.
type configLab struct {
	Lab
	says func(since time.Duration) []history.ConfigSight
	now  func() time.Duration
}

func (l configLab) Configured(context.Context) []history.ConfigSight {
	at := l.now()
	time.Sleep(10 * time.Millisecond)
	return l.says(at)
}

// A node is recorded when it says something else: from when the answer before was asked for to when this one came.
func TestConfigurationsAreRecordedWhenTheyChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec, err := history.NewRecorder("")
		if err != nil {
			t.Fatal(err)
		}
		l := configLab{now: rec.Now, says: func(since time.Duration) []history.ConfigSight {
			app, lookup := history.ConfigSight{Node: "app", Revision: 1},
				history.ConfigSight{Node: "lookup", Error: "no answer"}
			if since >= 250*time.Millisecond {
				app.Revision = 2
			}
			return []history.ConfigSight{app, lookup}
		}}
		promised := time.Duration(0)
		d := &drill{plan: Plan{Judge: measure.Spec{StaleConfig: &promised}}, lab: l, rec: rec}
		stop := d.followConfigs(t.Context())
		time.Sleep(time.Second)
		stop()
		at := func(lo, hi time.Duration) history.Interval {
			return history.Interval{Lo: lo * time.Millisecond, Hi: hi * time.Millisecond}
		}
		want := []history.ConfigSight{
			{At: at(0, 10), Node: "app", Revision: 1},
			{At: at(0, 10), Node: "lookup", Error: "no answer"},
			{At: at(200, 310), Node: "app", Revision: 2},
		}
		if diff := cmp.Diff(want, rec.Snapshot().Configs); diff != "" {
			t.Errorf("configurations (-want +got):\n%s", diff)
		}
	})
}

func TestNobodyIsAskedForAConfigurationThatNothingIsPromisedOf(t *testing.T) {
	d := &drill{} // whose lab can't be asked
	d.followConfigs(t.Context())()
}
