package measure

import (
	"slices"
	"testing"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// A store tells what was lost if it was read after the fault was surely effective, at 3.02 s, and, where it is to tell
// what came over with the failover, by when the region began to be given back, at 7 s.
func TestWhenAReadingTellsOfTheLoss(t *testing.T) {
	const store = history.StorePostgres
	for name, c := range map[string]struct {
		kind string
		at   *history.Interval
		want bool
	}{
		"before the return, as soon as the fault is effective": {history.BeforeReturn, between(3020, 3030), true},
		"before the return, when it may not be effective":      {history.BeforeReturn, between(3019, 3030), false},
		"before the return, up to when it begins":              {history.BeforeReturn, between(6990, 7000), true},
		"before the return, when it has begun":                 {history.BeforeReturn, between(6990, 7001), false},
		"after reconciliation, as soon as the fault is effective": {
			history.AfterReconciliation, between(3020, 3030),
			true,
		},
		"after reconciliation, when it may not be effective": {
			history.AfterReconciliation, between(3019, 3030),
			false,
		},
	} {
		d := goodDrill()
		d.read(c.kind, store).At = *c.at
		v := viewOf(d.History, d.spec)
		got, problem := v.returned(v.causes[0], store)
		if c.kind == history.AfterReconciliation {
			got, problem = v.reconciled(store, v.causes[0].effect)
		}
		if (got != nil) != c.want || (problem == "") != c.want {
			t.Errorf("%s: it tells %v, since %q", name, got != nil, problem)
		}
	}
}

// A store's reading after reconciliation is found wherever it stands among the readings.
func TestReadingsComeInAnyOrder(t *testing.T) {
	d := goodDrill()
	for range d.Reads {
		v := viewOf(d.History, d.spec)
		for _, store := range d.spec.Stores {
			if got, problem := v.reconciled(store, v.causes[0].effect); got == nil {
				t.Errorf("where %s of %s is the first: %s", d.Reads[0].Read, d.Reads[0].Store, problem)
			}
		}
		d.Reads = append(d.Reads[1:], d.Reads[0])
	}
}

// A region that answers by the new primary's timeline hands on what it is asked. It does not where the new primary
// lacks what it acknowledged by when that was read, at 7.5 s.
func TestWhatWasHandedOnIsThere(t *testing.T) {
	for done, want := range map[time.Duration]int{7499 * msec: 1, 7500 * msec: 1, 7501 * msec: 0} {
		d := goodDrill()
		d.ok(59, "eu-west-1")
		d.Ops[59].Timeline, d.Ops[59].Done = 2, done
		d.lose(history.StorePostgres, d.Ops[59].ID)
		v := viewOf(d.History, d.spec)
		if got := len(v.writesByCause(v.takenOver()).unfenced); got != want {
			t.Errorf("acknowledged at %v: %d writes by who should have been fenced, want %d", done, got, want)
		}
	}
}

// Who was in charge when a store was read tells what was lost, and who is in the end; nobody else does. The standby
// takes over between 3.895 and 3.905 s, and home again from 5.8 s on.
func TestWhoseReadingsTell(t *testing.T) {
	for name, c := range map[string]struct {
		region string
		at     int // ms
		want   bool
	}{
		"the first standby, when it may not be in charge": {standby, 3894, false},
		"home, before anybody took over":                  {home, 3894, false},
		"home, as soon as somebody may have":              {home, 3895, true},
		"the first standby, when it is in charge":         {standby, 3905, true},
		"the first standby, when home is in charge again": {standby, 5810, false},
		"somebody who never was, when the standby is":     {"eu-west-1", 4000, false},
		"home, in charge again":                           {home, 5810, true},
	} {
		d := goodDrill()
		d.failsBack()
		d.Reads = append(d.Reads, history.FinalRead{
			Read: history.BeforeReturn, Store: history.StorePostgres, Region: c.region, At: *between(c.at, c.at+10),
		})
		got := viewOf(d.History, d.spec).authoritativeReadings()
		if slices.Contains(got, len(d.Reads)-1) != c.want {
			t.Errorf("%s: it tells %v", name, !c.want)
		}
	}
}
