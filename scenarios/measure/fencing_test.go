package measure

import (
	"strings"
	"testing"

	"github.com/regionfall/regionfall/scenarios/history"
)

// How many writes were sent to who should have been fenced, and how many of them could have been acknowledged at all:
// one that is gone acknowledges nothing, fenced or not.
func TestFencingSaysOfHowManyAttempts(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(d *drill)
		want string
	}{
		"the region is gone to the end": {
			unchanged,
			"0 of 11 writes that were sent to a region that should have been fenced were acknowledged; none was sent " +
				"when it could be reached, so nothing put that to the test",
		},
		"it is back before the end": {
			func(d *drill) { d.returned(6000); d.ok(58, home) },
			"1 of 12 writes that were sent to a region that should have been fenced were acknowledged, by us-east-1; " +
				"1 of them were sent when it could be reached: us-east-1 from 6 s on",
		},
		"it was never gone": {
			func(d *drill) { d.partition(); d.ok(35, home) },
			"1 of 2 writes that were sent to a region that should have been fenced were acknowledged, by us-east-1",
		},
		"nobody asked it any more": {
			func(d *drill) {
				for i := 25; i < 37; i++ {
					d.unsent(i)
				}
			},
			"no write was sent to a region that should have been fenced",
		},
	} {
		d := goodDrill()
		c.edit(d)
		for _, f := range Judge(d.History, d.spec).Findings {
			if f.ID == FindingFencing && f.Detail != c.want {
				t.Errorf("%s: it says\n%s\nwant\n%s", name, f.Detail, c.want)
			}
		}
	}
}

// A region that follows the new primary hands on what it is asked; what its own database answers is not handed on.
func TestForwardedOperations(t *testing.T) {
	d := goodDrill()
	if got := MeasureForwarded(d.History, d.spec); got != nil {
		t.Errorf("nobody forwarded, and it says %+v", got)
	}
	for i, edit := range []func(op *history.Op){
		func(*history.Op) {},
		func(op *history.Op) { op.Kind, op.Path = history.Read, "primary" },
		func(op *history.Op) { op.Kind = history.Read },
		func(op *history.Op) { op.Kind, op.Path = history.Read, PathLocal },
		func(op *history.Op) { op.Kind, op.Path = history.Read, "waited" },
		func(op *history.Op) { op.Timeline = 1 },
	} {
		op := &d.Ops[45+i]
		d.ok(45+i, "eu-west-1")
		op.Timeline = 2
		edit(op)
	}
	got := MeasureForwarded(d.History, d.spec)
	if got == nil || got.Count != 3 || got.Of != 23 || got.Regions["eu-west-1"] != 3 {
		t.Fatalf("it says %+v", got)
	}
	rows := Report{Metrics: Metrics{Forwarded: got}}.Rows(60)
	if len(rows) != 1 || rows[0].Measured != "3 of 23 operations, 3 by eu-west-1" || rows[0].Judged {
		t.Errorf("it is shown as %+v", rows)
	}
}

// Those whose resolvers keep an answer are told apart, where the workload has any.
func TestStaleClientsAreToldApart(t *testing.T) {
	d := goodDrill()
	for i := range d.Ops {
		d.Ops[i].Client = i % 3
	}
	if m := MeasureClients(d.History, d.spec); m.Stale != nil {
		t.Errorf("there are none, and it says %+v", m.Stale)
	}
	d.spec.StaleClients = 1 // of which 57 is the last operation
	d.bad(57)
	m := MeasureClients(d.History, d.spec)
	if m.Count != 3 || m.Moved != 2 || m.Stale == nil || m.Stale.Count != 1 || m.Stale.Moved != 0 || !m.Stale.Censored {
		t.Fatalf("it says %+v, %+v", m, m.Stale)
	}
	var said []string
	for _, r := range (Report{Metrics: Metrics{Clients: m}}).Rows(60) {
		said = append(said, r.Name+": "+r.Measured+" = "+r.FullMeasured)
	}
	if got, want := strings.Join(said, "; "),
		"last client moved: > 3.18 s (2 of 3 did) = ; of stale clients: > 3.18 s, 0 of 1 did = > 3 min 10 s"; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
}

// What several incidents were is told in sentences.
func TestIncidentsInWords(t *testing.T) {
	d := goodDrill()
	d.failsBack()
	want := []string{
		"lose_region on us-east-1: the service was away from 3 s on for 1.08 s to 1.20 s; us-west-2 is in charge " +
			"after it; acknowledged writes: 2 of 25 lost, 188 ms … 308 ms",
		"lose_region on us-west-2: the service was away from 5.30 s on for 580 ms to 700 ms; us-east-1 is in charge " +
			"after it; acknowledged writes: 0 of 11 lost, the newest ≤ 108 ms old",
	}
	for i, got := range Judge(d.History, d.spec).Incidents {
		if got.Words() != want[i] {
			t.Errorf("it says\n%s\nwant\n%s", got.Words(), want[i])
		}
	}
	many := Incident{Outages: make([]Outage, 7)}
	if got := many.Words(); !strings.HasPrefix(got, "nothing was broken: the service was away 7 times, from 0 ms on") ||
		!strings.HasSuffix(got, "and 2 times more") {
		t.Errorf("it says %q", got)
	}
}
