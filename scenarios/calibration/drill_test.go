package calibration

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
	"github.com/regionfall/regionfall/scenarios/workload"
)

// drill is one execution of a plan, with what came true of it.
type drill struct {
	plan
	rec     *history.Recorder
	service *service
	doors   doors
	names   *names
	load    *workload.Load

	// When each spell began and ended: an instant, or the call by which a proxy did it.
	began, ended []history.Interval
	report       measure.Report
	history      history.History // as it was read back
	acked        []string        // the ids of all writes that clients were told are taken, by the load's own word
}

// run runs a drill to its end and has it judged.
func (p plan) run(t *testing.T) *drill {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &drill{plan: p, doors: open(t, listener.Addr().String())}
	dir := t.TempDir()
	if *keep != "" {
		dir = filepath.Join(*keep, fmt.Sprintf("seed-%d", p.seed))
	}
	if d.rec, err = history.NewRecorder(dir); err != nil {
		t.Fatal(err)
	}
	d.service = &service{
		now: d.rec.Now, spells: p.spells, takeover: p.takeover, capacity: p.capacity, forgets: p.forgets[stores[0]],
		lateness: limit + 50*ms,
	}
	d.service.serve(t, listener)
	d.names = &names{now: d.rec.Now, doors: d.doors, moves: p.moves, ttl: p.ttl}
	d.names.serve(t, conn)
	src, err := os.ReadFile("../../fixtures/kyc/app.yaml")
	if err != nil {
		t.Fatal(err)
	}
	kycApp, err := app.Parse("app.yaml", src, nil)
	if err != nil {
		t.Fatal(err)
	}
	d.load, err = workload.Start(t.Context(), workload.Options{
		Spec: p.offered, Resolver: conn.LocalAddr().String(), Record: topology.RecordName, Recorder: d.rec,
		Protocol: workload.Of(kycApp, workload.Login{}), Prefix: strconv.FormatUint(p.seed, 36), Seed: p.seed,
	})
	if err != nil {
		t.Fatal(err)
	}
	d.rec.Phase(history.PhaseWorkload)
	d.happen(t)
	if err := d.load.Stop(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	d.rec.Phase(history.PhaseStop)
	d.conclude()
	if err := d.rec.Close(); err != nil {
		t.Fatal(err)
	}
	d.acked = d.load.Acked()
	if d.history, err = history.Load(dir); err != nil {
		t.Fatal(err)
	}
	d.report = measure.Judge(d.history, p.spec())
	return d
}

// step is something that is done at a time.
type step struct {
	at time.Duration
	do func(ctx context.Context) error
}

// happen lets the time of the drill go by, with all that is done in it.
func (d *drill) happen(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var followers sync.WaitGroup
	defer followers.Wait()
	defer stop()
	follow := func(f func() error) {
		followers.Go(func() {
			if err := f(); err != nil {
				t.Error(err)
			}
		})
	}
	follow(func() error { return followMachine(ctx, d.rec) })
	follow(func() error { return followControls(ctx, d.rec, d.doors) })
	if notes := d.notes(); len(notes) > 0 {
		follow(func() error { return followMarks(ctx, d.rec, d.skew, notes) })
	}
	if len(d.configs) > 0 {
		follow(func() error { return followConfigs(ctx, d.rec, d.configs) })
	}
	if d.lag.period > 0 {
		lags, stop := context.WithTimeout(ctx, d.causes[0].at-d.rec.Now()-20*ms)
		defer stop()
		follow(func() error { return followLags(lags, d.rec, d.lag, d.service) })
	}
	for _, s := range d.steps() {
		timer := time.NewTimer(s.at - d.rec.Now())
		select {
		case <-timer.C:
		case <-ctx.Done():
			t.Fatal(ctx.Err())
		}
		if err := s.do(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

// notes are what the automation does.
func (d *drill) notes() []note {
	if d.takeover == 0 {
		return nil
	}
	return []note{{d.promoted, "promoted"}, {d.takeover, "redirected"}}
}

func (d *drill) steps() []step {
	d.began, d.ended = make([]history.Interval, len(d.spells)), make([]history.Interval, len(d.spells))
	steps := []step{
		{steady, func(context.Context) error { d.rec.Phase(history.PhaseSteady); return nil }},
		{d.end, func(context.Context) error { return nil }},
	}
	for i, s := range d.spells {
		if !s.manner.byProxy() {
			d.began[i], d.ended[i] = history.At(s.from), history.At(s.to)
			continue
		}
		call := func(took *history.Interval, f func(context.Context, string,
			manner) error,
		) func(context.Context) error {
			return func(ctx context.Context) error {
				took.Lo = d.rec.Now()
				err := f(ctx, east, s.manner)
				took.Hi = d.rec.Now()
				return err
			}
		}
		steps = append(steps, step{s.from, call(&d.began[i], d.doors.take)})
		if s.to < d.end {
			steps = append(steps, step{s.to, call(&d.ended[i], d.doors.set)})
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Compare(a.at, b.at) })
	return steps
}

// conclude records what is known when all is over: the faults, and what west has, before and after they are healed.
func (d *drill) conclude() {
	if d.lag.period > 0 {
		d.forgets[stores[1]] = d.lag.copied(d.effective(d.causes[0]).Mid())
	}
	var faults []history.Fault
	for _, c := range d.causes {
		is := d.effective(c)
		f := history.Fault{
			Name: c.name, Target: east, Command: is.Lo - c.before,
			Effective: &history.Interval{Lo: is.Lo - c.before, Hi: is.Hi + c.after},
			Confirmed: true, By: "planted",
		}
		if f.Name == history.Switchover {
			f.Target = west
		}
		if c.loses {
			f.Regions = []string{east}
		}
		if c.spell >= 0 && !c.loses && d.ended[c.spell].Hi > 0 {
			f.Healed = &history.Interval{Lo: d.ended[c.spell].Lo, Hi: d.ended[c.spell].Hi}
		}
		d.rec.Fault(f)
		faults = append(faults, f)
	}
	d.read(history.BeforeReturn)
	for _, f := range faults {
		if f.Healed == nil {
			now := d.rec.Now()
			f.Healed = &history.Interval{Lo: now, Hi: now + ms}
			d.rec.Fault(f)
		}
	}
	d.read(history.AfterReconciliation)
	d.rec.Phase(history.PhaseEnd)
}

func (d *drill) read(which string) {
	for _, store := range stores {
		lo := d.rec.Now()
		ids := d.service.list(d.forgets[store])
		d.rec.Read(history.FinalRead{
			Read: which, Store: store, Region: west,
			At: history.Interval{Lo: lo, Hi: d.rec.Now()}, IDs: ids,
		})
	}
}
