package fault

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// DropRecords has a stage of the app's pipeline lose a share of the records of one partition, and report success.
type DropRecords struct {
	Stage     Label  `yaml:"stage" about:"The stage, by its name in the app's file."`
	Partition Label  `yaml:"partition" about:"The partition of which it loses records."`
	Share     Share  `yaml:"share" about:"The share of the records that it loses."`
	Region    string `yaml:"region" otherwise:"home" about:"The region whose app is told so."`
}

// Kind is drop_records.
func (*DropRecords) Kind() string { return "drop_records" }

// Target is the partition in the stage.
func (f *DropRecords) Target() string {
	return "partition " + string(f.Partition) + " in stage " + string(f.Stage)
}

// leastDrop is the least share that can be seen.
const leastDrop = 0.001

// Label is a name, which may be a number.
type Label string

// MayBeNumber is for whoever reads files.
func (Label) MayBeNumber() {}

var labelForm = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?$`)

// Validate asks for a stage, a partition and a share.
func (f *DropRecords) Validate(t topology.Topology) error {
	var errs []error
	for parameter, name := range map[string]Label{"stage": f.Stage, "partition": f.Partition} {
		if !labelForm.MatchString(string(name)) {
			errs = append(errs, invalid(parameter, "is %q: name one of the app's pipeline", name))
		}
	}
	if f.Share < leastDrop || f.Share > 1 {
		errs = append(errs, invalid("share", "is %s; it must be %s to 100%%", f.Share, Share(leastDrop)))
	}
	if f.Region != "" {
		errs = append(errs, regionIn(t, "region", f.Region))
	}
	return errors.Join(errs...)
}

// For makes the fault ready.
func (f *DropRecords) For(l Lab) (Fault, error) {
	region := cmp.Or(f.Region, l.Topology().Home().Name)
	nodes, err := l.Nodes(func(p Place) bool {
		// those that take requests
		return p.Region == region && p.Service == topology.ServiceApp &&
			strings.HasPrefix(p.Name, string(p.Service)+"-")
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Target(), err)
	}
	return &dropping{spec: *f, node: nodes[0]}, nil
}

// dropping is an order that the app keeps: which of its nodes is asked makes no difference.
type dropping struct {
	spec  DropRecords
	node  Node
	lives lives
}

// name is what the order is called. Two that ask for the same could not be told apart, and are never in force at once.
func (f *dropping) name() string {
	return fmt.Sprintf("drop-%s-%s-%s", f.spec.Stage, f.spec.Partition,
		strconv.FormatFloat(float64(f.spec.Share), 'g', -1, 64))
}

// Inject gives the order.
func (f *dropping) Inject(ctx context.Context) error {
	err := app(f.node).Drop(ctx, f.name(), api.DropOrder{
		Stage: string(f.spec.Stage), Partition: string(f.spec.Partition), Share: float64(f.spec.Share),
	})
	f.lives = livesOf(ctx, f.node)
	return err
}

// Vouched is that the app has said that it keeps the order.
func (*dropping) Vouched() bool { return true }

// Lapsed asks whether the app has the order still.
func (f *dropping) Lapsed(ctx context.Context) (bool, error) {
	has, err := f.isOrdered(ctx)
	if has || err != nil {
		return false, err
	}
	return f.lives.allContinue(ctx)
}

func (f *dropping) isOrdered(ctx context.Context) (bool, error) {
	all, err := app(f.node).Drops(ctx)
	_, has := all[f.name()]
	return has, err
}

// Heal takes the order back.
func (f *dropping) Heal(ctx context.Context) error { return app(f.node).Undrop(ctx, f.name()) }

// trialRecords are enough for the least share to be seen within the tolerance.
const trialRecords = 10_000

// Baseline gives the stage records on trial.
func (f *dropping) Baseline(ctx context.Context) (bool, string, error) { return f.InForce(ctx) }

// InForce gives the stage records on trial, and counts what became of them.
func (f *dropping) InForce(ctx context.Context) (bool, string, error) {
	lost, observed, err := f.try(ctx)
	switch {
	case err != nil:
		return false, "", err
	case lost == 0:
		return false, observed, nil
	case near(lost, float64(f.spec.Share)):
		return true, observed, nil
	}
	return false, "", fmt.Errorf("%s, and %s was asked for", observed, f.spec.Share)
}

// Gone asks for the order, and gives the stage records on trial.
func (f *dropping) Gone(ctx context.Context) (bool, string, error) {
	is, err := f.isOrdered(ctx)
	if err != nil {
		return false, "", err
	}
	lost, observed, err := f.try(ctx)
	if !is && lost > 0 {
		observed = "let go, and another fault drops records too: " + observed
	}
	return !is, observed, err
}

// try is what share of the records on trial is lost.
func (f *dropping) try(ctx context.Context) (lost float64, observed string, err error) {
	o, err := app(f.node).TryDrops(ctx, api.DropTrial{
		Stage: string(f.spec.Stage), Partition: string(f.spec.Partition), Records: trialRecords,
	})
	if err != nil {
		return 0, "", err
	}
	if o.In != trialRecords {
		return 0, "", fmt.Errorf("of %d records on trial it took %d", trialRecords, o.In)
	}
	lost = float64(o.In-o.Out-o.Rejected) / float64(o.In)
	return lost, fmt.Sprintf("of %d records on trial %d came out and %d were rejected: %s are lost", o.In, o.Out,
		o.Rejected, Share(lost)), nil
}
