package drill

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// readBeforeReturn reads the stores before a step gives back what was taken away while another region is in charge:
// afterwards nobody can tell what was lost.
func (d *drill) readBeforeReturn(ctx context.Context, g *guarded) {
	if d.stopped || slices.Contains(measure.Conditions(), g.record.Name) || !g.record.Confirmed {
		return
	}
	for _, m := range d.rec.Snapshot().Marks {
		if m.Name == measure.MarkPromoted && m.At.Hi >= g.record.Effective.Lo {
			d.read(ctx, history.BeforeReturn)
			return
		}
	}
}

// read reads the survivor's stores. One whose reading fails is read again for a while: what it holds of before the
// fault stays the same. So is one, though not for long, that lacks what the survivor has acknowledged: an app that
// acknowledges first and writes then has that on its way.
func (d *drill) read(ctx context.Context, which string) {
	d.readFor(ctx, which, d.acknowledgedThere(d.plan.Judge.Survivor), onItsWayFor)
	if which == history.BeforeReturn && d.plan.Judge.Manifests {
		d.readManifests(ctx, which)
	}
}

// readManifests reads the survivor's manifests, and what they name.
func (d *drill) readManifests(ctx context.Context, which string) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	region := d.plan.Judge.Survivor
	at := history.Interval{Lo: d.rec.Now()}
	all, err := d.lab.Manifests(ctx, region)
	at.Hi = d.rec.Now()
	total := history.ManifestRead{Read: which, Region: region, At: at, Count: len(all)}
	if err != nil {
		total.Error = err.Error()
	}
	for _, m := range all {
		m.Read, m.Region, m.At = which, region, at
		d.rec.Manifest(m)
	}
	d.rec.Manifest(total)
	d.say("read the manifests of %s: %d", region, len(all))
}

// onItsWayFor is how long a write may be on its way to the store after it was acknowledged. Not each store is to have
// each write, so that this is often in vain.
const onItsWayFor = time.Second

// acknowledgedThere are the writes that a region has acknowledged.
func (d *drill) acknowledgedThere(region string) (ids []string) {
	for _, op := range d.rec.Snapshot().Ops {
		if op.Kind == history.Write && op.Outcome == history.OK && op.Region == region {
			ids = append(ids, op.ID)
		}
	}
	return ids
}

// readFor is read, and reads a store again that lacks any of these ids, for as long as that may take.
func (d *drill) readFor(ctx context.Context, which string, wanted []string, within time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	region := d.plan.Judge.Survivor
	sought := Sought{Prefix: d.load.IDPrefix()}
	limit, late := d.rec.Now()+readAgainFor, d.rec.Now()+within
	done := map[string]bool{}
	_ = d.pollEvery(ctx, 2*lookEvery, func() (bool, error) {
		lo := d.rec.Now()
		failed := 0
		reads := d.lab.Read(ctx, region, sought)
		others := d.others() // by now: what was acknowledged meanwhile may have been read
		for _, r := range reads {
			if done[r.Store] {
				continue
			}
			err, until := r.Err, limit
			if err == nil {
				err, until = lack(r.IDs, wanted), late
			}
			if err != nil && d.rec.Now() < until && ctx.Err() == nil {
				failed++
				d.say("read %s of %s: %v: read again", r.Store, region, err)
				continue
			}
			done[r.Store] = true
			r.IDs = slices.DeleteFunc(r.IDs, others)
			d.readStore(which, region, r, history.Interval{Lo: lo, Hi: d.rec.Now()})
		}
		return failed == 0, nil
	})
}

// lack says that ids are wanted that are not there; nil: all are.
func lack(ids, wanted []string) error {
	has := make(map[string]bool, len(ids))
	for _, id := range ids {
		has[id] = true
	}
	lacking := slices.DeleteFunc(slices.Clone(wanted), func(id string) bool { return has[id] })
	if len(lacking) == 0 {
		return nil
	}
	return fmt.Errorf("it lacks %d writes, such as %s", len(lacking), lacking[0])
}

// others says of an id in a store whether it is none of the drill's. Where the app chooses ids, nobody can tell a write
// without an answer from something that nobody wrote: only those count of which clients were told.
func (d *drill) others() func(id string) bool {
	if !d.plan.App.GivesIDs() {
		return func(id string) bool { return !strings.HasPrefix(id, d.load.IDPrefix()) }
	}
	acked := map[string]bool{}
	for _, id := range d.load.Acked() {
		acked[id] = true
	}
	return func(id string) bool { return !acked[id] }
}

func (d *drill) readStore(which, region string, r StoreRead, at history.Interval) {
	final := history.FinalRead{Read: which, Store: r.Store, Region: region, At: at, IDs: r.IDs}
	if r.Err != nil {
		final.Error = r.Err.Error()
		d.rec.Read(final)
		d.say("read %s of %s: %v", r.Store, region, r.Err)
		return
	}
	d.rec.Read(final)
	d.say("read %s of %s: %d writes", r.Store, region, len(r.IDs))
}

// reconcile lets what the returned region still had reach the survivor. That it does not is told, and shows in the
// second read.
func (d *drill) reconcile(ctx context.Context) {
	if err := d.lab.Reconcile(ctx, d.plan.Judge.Survivor, reconcileFor); err != nil {
		d.note("reconcile_incomplete", err.Error())
	}
}
