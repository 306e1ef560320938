package drill

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/scenarios/history"
)

// What a drill asks the lab in this process.

// Configured says nothing: nodes of this lab have no configuration.
func (*tinyLab) Configured(context.Context) []history.ConfigSight { return nil }

// Lags says nothing where the test does not: what regions of this lab take is copied at once.
func (l *tinyLab) Lags(context.Context) []history.LagSight {
	if l.lags == nil {
		return nil
	}
	return l.lags()
}

// Control asks the region, past the doors, for what it answers without its stores.
func (l *tinyLab) Control(ctx context.Context, region string) error {
	return get(ctx, "http://"+l.taps[region]+"/healthz")
}

// BeginSchedule notes when it was asked to.
func (l *tinyLab) BeginSchedule(context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.jobs = append(l.jobs, "schedule")
	return nil
}

// Replicate notes which rule was run.
func (l *tinyLab) Replicate(_ context.Context, rule string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.jobs = append(l.jobs, "replicate "+rule)
	return nil
}

// Backlogs says that one object waits.
func (*tinyLab) Backlogs(_ context.Context, region string) ([]history.Backlog, error) {
	return []history.Backlog{{Rule: "hot/", To: region, Objects: 1}}, nil
}

// RestoreVersions notes what was brought back.
func (l *tinyLab) RestoreVersions(_ context.Context, region, rule string,
	ago time.Duration,
) (restored, objects int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.jobs = append(l.jobs, fmt.Sprintf("restore %s in %s", rule, region))
	l.restored = ago
	return 3, 7, nil
}

// Manifests says what the test does.
func (l *tinyLab) Manifests(context.Context, string) ([]history.ManifestRead, error) {
	return l.manifests, nil
}

func (l *tinyLab) Resolver() string { return l.resolver }

func (l *tinyLab) Alive(ctx context.Context) (context.Context, func()) {
	alive, cancel := context.WithCancelCause(ctx)
	unhook := context.AfterFunc(l.intact, func() { cancel(context.Cause(l.intact)) })
	l.mu.Lock()
	defer l.mu.Unlock()
	l.alive = append(l.alive, alive)
	return alive, func() { unhook(); cancel(nil) }
}

// breaks has the lab break by itself. Everybody knows when it returns.
func (l *tinyLab) breaks(why error) {
	l.end(why)
	l.mu.Lock()
	alive := l.alive
	l.mu.Unlock()
	for _, a := range alive {
		<-a.Done()
	}
}

func (l *tinyLab) Steady(context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.steady == nil || l.now == nil {
		return nil
	}
	return l.steady(l.now())
}

func (l *tinyLab) Guard(s fault.Spec, now func() time.Duration) (*fault.Guard, error) {
	return fault.NewGuard(s, l, now)
}

// Switchover is done at once, where somebody else is not to do it.
func (l *tinyLab) Switchover(ctx context.Context, region string, said func(string)) error {
	if l.switchover == nil {
		return nil
	}
	return l.switchover(ctx, region, said)
}

// Failover sends clients to the standby.
func (l *tinyLab) Failover(ctx context.Context, region string, said func(string)) error {
	if l.failover != nil {
		return l.failover(ctx)
	}
	l.answer.Store(l.standby)
	l.mu.Lock()
	l.moved = l.now()
	l.mu.Unlock()
	said("clients are redirected to " + region)
	return nil
}

func (l *tinyLab) Job(ctx context.Context, name string) error {
	l.mu.Lock()
	l.jobs = append(l.jobs, name)
	l.mu.Unlock()
	if l.job == nil {
		return fmt.Errorf("run job %q: there is none", name)
	}
	return l.job(ctx)
}

func (l *tinyLab) Reconcile(ctx context.Context, _ string, within time.Duration) error {
	if l.reconcile == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	return l.reconcile(ctx)
}

func (l *tinyLab) Read(_ context.Context, name string, _ Sought) []StoreRead {
	if l.reading != nil {
		l.reading()
	}
	r := l.standby
	if name == l.home.name {
		r = l.home
	}
	var reads []StoreRead
	for _, store := range []string{history.StorePostgres, history.StoreItems} {
		read := StoreRead{Store: store, IDs: r.list()}
		if f := l.drop[store]; f != nil {
			read.IDs = f(read.IDs)
		}
		if store == l.unreadable {
			read = StoreRead{Store: store, Err: errors.New("it burns")}
		}
		reads = append(reads, read)
	}
	return reads
}

func (l *tinyLab) Pipeline(context.Context, string) ([]history.PipelineSight, error) {
	if l.pipeline == nil {
		return nil, errors.New("there is none")
	}
	return l.pipeline(), nil
}

func (l *tinyLab) Portions(context.Context, string) ([]history.Portion, error) {
	if l.portions == nil {
		return nil, nil
	}
	return l.portions()
}
