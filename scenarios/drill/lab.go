package drill

import (
	"context"
	"errors"
	"time"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/workload"
)

// Lab is what a drill asks of a running lab.
type Lab interface {
	// Entrances are how clients come in.
	Entrances
	// Alive is ctx until something has ended by itself that the lab is made of; its cause says what.
	Alive(ctx context.Context) (alive context.Context, stop func())
	// Steady looks once at everything that has to be true before a fault: durability, replication, routing. Its error
	// says what is not, and is ErrMovedAlready if waiting can't mend it.
	Steady(ctx context.Context) error
	// Observer sees what happens in the lab.
	Observer
	// Doer does what the steps of a plan say.
	Doer
	// Stores reads what the stores of a region hold.
	Stores
}

// Copies are what rules of replication make.
type Copies interface {
	// BeginSchedule has the rules' schedule begin now.
	BeginSchedule(ctx context.Context) error
	// Replicate runs a rule to its end.
	Replicate(ctx context.Context, rule string) error
	// Backlogs asks what the rules have not copied to a region.
	Backlogs(ctx context.Context, region string) ([]history.Backlog, error)
	// RestoreVersions brings the objects of a rule back, in a region, to what they were so long ago. It gives how many
	// were others, of how many there are.
	RestoreVersions(ctx context.Context, region, rule string, ago time.Duration) (restored, objects int, err error)
}

// Entrances are where clients reach a lab, each as host:port.
type Entrances interface {
	// Resolver is where the name service answers DNS over UDP.
	Resolver() string
	// StoreDoor leads to a store of a region that clients speak to themselves.
	StoreDoor(to app.Target, region string) (string, error)
}

// Observer is what a drill sees of the lab as it goes.
type Observer interface {
	// FollowMarks hands on what the agents noted, until ctx ends.
	FollowMarks(ctx context.Context, now func() time.Duration, seen func(Exchange)) error
	// Configured asks every node of the app what its configuration is. A node that does not answer is in the answer,
	// with its error.
	Configured(ctx context.Context) []history.ConfigSight
	// Lags asks how far the stores of each region are behind those of the others, as far as anybody says.
	Lags(ctx context.Context) []history.LagSight
	// Control asks the responder of a region, which has nothing to do, once and on a connection of its own, over the
	// kind of way that clients' operations take and that no fault of links touches.
	Control(ctx context.Context, region string) error
	// Pipeline lists the objects in a region that are of the app's pipeline.
	Pipeline(ctx context.Context, region string) ([]history.PipelineSight, error)
}

// Doer is what steps are done with.
type Doer interface {
	// Guard makes a fault ready; its sightings are given on the clock now.
	Guard(spec fault.Spec, now func() time.Duration) (*fault.Guard, error)
	// Job runs a job of the lab to its end, or has the app begin one of its own.
	Job(ctx context.Context, name string) error
	// Copies are made by rules.
	Copies
	// Switchover has a region take over from one that lives, to the end. It is ErrNotSwitched when the system under
	// test did not do it.
	Switchover(ctx context.Context, region string, said func(step string)) error
	// Failover orders the automation to have a region take over, and waits until it has.
	Failover(ctx context.Context, region string, said func(step string)) error
}

// ErrNotSwitched says that a switchover was refused, or taken back: what the drill is to find out, and no failure of
// it.
var ErrNotSwitched = errors.New("not switched over")

// Stores is the final read.
type Stores interface {
	// Reconcile waits until what the lost region still had has reached the survivor, for so long at most.
	Reconcile(ctx context.Context, survivor string, within time.Duration) error
	// Read reads every store of a region whole. A store that can't be read is in the answer, with its error.
	Read(ctx context.Context, region string, sought Sought) []StoreRead
	// Manifests reads the app's manifests in a region, and what they name.
	Manifests(ctx context.Context, region string) ([]history.ManifestRead, error)
	// Portions reads what the objects of the app's pipeline hold. One that can't be read is in the answer, with its
	// error.
	Portions(ctx context.Context, region string) ([]history.Portion, error)
}

// Sought is what is looked for in the stores.
type Sought struct {
	Prefix string // of the ids of all writes of the drill, as clients choose them
}

// StoreRead is what one store held: the ids of everything that was written, and of what others wrote.
type StoreRead struct {
	Store string
	IDs   []string
	Err   error
}

// Exchange is one question to an agent for its marks: Asked and Answered on the drill's clock, Now and the marks' times
// on the agent's.
type Exchange struct {
	Source          string // the agent's node
	Start           string // changes when the agent's process does, and its clock with it
	Asked, Answered time.Duration
	Now             time.Duration
	Marks           []Note
}

// Note is one mark on the agent's own clock.
type Note struct {
	At           time.Duration
	Name, Detail string
}

// Event is told to whoever watches a drill: a line of text as things happen, or the load as it is (Text is empty).
type Event struct {
	At    time.Duration
	Phase string
	Text  string
	Fault bool // the line is about a fault
	Load  workload.Stats
}

// markRecorder places each agent's notes on the recorder's clock.
type markRecorder struct {
	clocks map[string]*history.ClockSync // by agent and process
	from   time.Duration                 // what was noted before the drill is recorded, and not reported
	rec    *history.Recorder
	say    func(format string, args ...any)
}

func (m *markRecorder) record(x Exchange) {
	key := x.Source + " " + x.Start
	clock, ok := m.clocks[key]
	if !ok {
		clock = &history.ClockSync{}
		m.clocks[key] = clock
	}
	if err := clock.Exchange(x.Asked, x.Now, x.Answered); err != nil {
		m.say("%s: %v", x.Source, err)
	}
	for _, n := range x.Marks {
		at := clock.Interval(n.At)
		m.rec.Mark(history.Mark{At: at, Source: x.Source, Name: n.Name, Detail: n.Detail})
		if at.Hi >= m.from {
			m.say("%s: %s %s", x.Source, n.Name, brief(n.Detail))
		}
	}
}

// brief is the beginning of a text that may be an error's whole story; the evidence has all of it.
func brief(text string) string {
	const limit = 72
	if r := []rune(text); len(r) > limit {
		return string(r[:limit]) + "…"
	}
	return text
}
