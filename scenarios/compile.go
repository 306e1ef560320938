package scenarios

import (
	"cmp"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/drill"
	"github.com/regionfall/regionfall/scenarios/measure"
	"github.com/regionfall/regionfall/scenarios/workload"
)

// What holds when a file doesn't say, in lab time.
const (
	defaultHold   = 2 * time.Second
	defaultWindow = 1500 * time.Millisecond
	observeFactor = 1.25 // of the recovery time objective: a fail must be seen to be one
)

// login is who clients are to PostgreSQL where they go past the app.
var login = workload.Login{User: topology.DatabaseUser, Password: topology.Secret, Database: topology.Database}

// compile is the plan in lab time. It needs a topology with regions; whether the lab can do it is for limits to say.
func (f *Format) compile(timescale float64, a *app.App) drill.Plan {
	t := f.Topology.compile()
	p := drill.Plan{
		Name: f.Name, Summary: f.Summary, Story: string(f.Story),
		Timescale:        timescale,
		Topology:         t.Scaled(timescale),
		App:              a,
		Protocol:         workload.Of(a, login),
		Workload:         f.Workload.compile(timescale, len(f.Objectives.Sessions) > 0),
		Steady:           drill.Steady{Hold: cmp.Or(f.SteadyState.Hold.Lab(timescale), defaultHold)},
		Judge:            f.Objectives.compile(timescale),
		ObjectivesSource: f.Objectives.Source,
		DocumentedTime:   (*time.Duration)(f.Documented.RecoveryTime),
		DocumentedPoint:  (*time.Duration)(f.Documented.RecoveryPoint),
		Expect: drill.Expect{
			Fail: len(f.Expect.Fail) > 0, Findings: toStrings(f.Expect.Fail),
			Given: toStrings(f.Expect.Given),
		},
		Observe: f.Observe.Lab(timescale),
	}
	// A file says how long the lab may take to become steady; that it then has to hold is not its fault.
	p.Steady.Within = time.Duration(f.SteadyState.Within) + p.Steady.Hold
	for _, s := range f.Steps {
		p.Steps = append(p.Steps, s.compile(timescale))
	}
	window, watched := defaultWindow, time.Duration(0)
	if o := p.Judge.RecoveryTime; o != nil {
		window = o.Window
		watched = time.Duration(observeFactor*float64(o.Within)) + o.Window
	}
	if d := p.Judge.Deadline; d != nil {
		d.Job = a.PipelineJob()
		watched = max(watched, d.Within+window) // that it was missed must be seen
	}
	p.Observe = cmp.Or(p.Observe, watched)
	p.Tail = cmp.Or(f.Tail.Lab(timescale), window) // long enough that a relapse right after recovery is seen
	p.Judge.ClientsIn, p.Judge.Given, p.Judge.StaleClients = p.Workload.In, p.Expect.Given, p.Workload.StaleClients()
	p.Judge.MinAcked = cmp.Or(p.Judge.MinAcked, enoughWrites(p))
	p.Judge.Home, p.Judge.Survivor = t.Home().Name, survivor(f.Steps, t)
	p.Judge.Rules, p.Judge.Claims = judgedRules(t, p.Judge.Stores, a), f.claims(timescale)
	inheritLimits(&p.Judge)
	p.Judge.Manifests = a != nil && a.Stores().S3 != nil && a.Stores().S3.Manifests != nil
	p.Judge.StandFor, p.Judge.Bandwidth = f.Topology.Replication.standFor(), t.Bandwidth
	p.Judge.Restores = restores(p.Steps)
	if pipeline := a.Pipeline(); pipeline != nil {
		p.Pipeline = &measure.Pipeline{
			Job: a.PipelineJob(), Stages: pipeline.Names(), Region: jobRegion(f.Steps, t),
		}
		if f.Objectives.Conservation {
			p.Judge.Conservation = p.Pipeline
		}
	}
	p.Judge.Replicated, p.Judge.CopyTakes = replicated(t, p.Judge)
	return p
}
