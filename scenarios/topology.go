package scenarios

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/file"
)

// Topology is the lab of a scenario, or the whole of a file that is a topology: a preset, and what is not as in the
// preset.
type Topology struct {
	Preset      Preset                 `yaml:"preset" takes:"preset" default:"two-regions" example:"two-regions" about:"The preset that the other keys change."`
	Strategy    topology.Strategy      `yaml:"strategy" takes:"strategy" example:"warm-standby" about:"Strategy of disaster recovery, from the cheapest to the most expensive."`
	Regions     []topology.Region      `yaml:"regions" example:"[us-east-1, {name: us-west-2, app_nodes: 2}]" about:"Regions of the lab. The first is home, where the primaries run; the second is the standby, which takes over."`
	Commit      topology.Commit        `yaml:"commit" takes:"commit mode" example:"remote" about:"Whether an acknowledgement waits for another region (remote) or not (local)."`
	Replication Replication            `yaml:"replication" about:"How objects and items reach the other regions."`
	AWS         topology.AWS           `yaml:"aws" takes:"server of S3 and DynamoDB" example:"localstack" about:"What serves S3 and DynamoDB."`
	Reads       topology.ReadsMode     `yaml:"reads" takes:"mode of reading" example:"local" about:"Where the app reads: where it writes, in its own region, or there once the session's writes have arrived."`
	Latency     *file.Physical         `yaml:"latency" example:"10ms" about:"Latency between two regions, each way."`
	Latencies   []topology.PairLatency `yaml:"latencies" example:"[{between: [us-east-1, eu-west-1], latency: 40ms}]" about:"Latencies of single pairs of regions."`
	Bandwidth   file.Size              `yaml:"bandwidth" example:"400kB" otherwise:"as much as the machine can" about:"Bytes of the lab that each link between two regions carries in a second, each way, all connections together."`
	Services    []string               `yaml:"services" example:"[screening, scoring]" about:"Parts of the app beside the one that takes requests; each has a node of its own in every region."`
	Overrides   []topology.Override    `yaml:"overrides" about:"Values that a service's own section of a region's configuration overrides."`
	Routing     Routing                `yaml:"routing" about:"How the name service answers."`
	Automation  Automation             `yaml:"automation" about:"The failover automation, or off."`
	App         topology.Work          `yaml:"app" about:"How much one node of the app can do, whatever the machine: workers over service_time."`

	// What the app's file says of its nodes. It is no key.
	appNodes  int // of each region; 0: it does not say
	processes []topology.Process
}

// Replication is when copies are made.
type Replication struct {
	Objects  topology.ReplicationMode `yaml:"objects" takes:"replication mode" example:"continuous" about:"How objects in S3 are replicated."`
	Items    topology.ReplicationMode `yaml:"items" takes:"replication mode" example:"continuous" about:"How items in DynamoDB are replicated."`
	Clock    *file.TimeOfDay          `yaml:"clock" example:"\"21:30\"" otherwise:"00:00" about:"What time of day it is when the steady state is reached, for the windows of rules."`
	Versions file.Switch              `yaml:"versions" example:"on" about:"That buckets keep every version of an object, so that one that was overwritten or deleted can be brought back. Deletions are replicated then, and not without it."`
	Lock     file.Switch              `yaml:"object_lock" example:"on" about:"That Object Lock keeps each version, so that nobody can delete it for as long as a drill takes. It needs versions."`
	Rules    []CopyRule               `yaml:"rules" max:"8" example:"[{prefix: hot/}, {prefix: cold/, window: {from: \"23:00\", to: \"04:00\"}}]" about:"Which objects and items are copied when. What no rule of a store that has any covers is not copied."`
}

// Routing is how the name service answers.
type Routing struct {
	Policy topology.RoutingPolicy `yaml:"policy" takes:"routing policy" example:"failover" about:"Which region it answers with."`
	TTL    *file.Duration         `yaml:"ttl" example:"60s" about:"How long an answer may be cached."`
	Check  Check                  `yaml:"check" about:"The health check of the name service."`
}

// Check is a health check.
type Check struct {
	Interval  *file.Duration `yaml:"interval" example:"30s" about:"Time between two checks."`
	Threshold *int           `yaml:"threshold" example:"3" about:"Number of equal results in a row that change the state."`
}

// Automation is the failover automation.
type Automation struct {
	On          *file.Switch      `yaml:",alone"`
	Check       Check             `yaml:"check" about:"The health check of the automation, by which it detects the loss of home."`
	LostWhen    topology.LostWhen `yaml:"lost_when" takes:"loss" example:"either" otherwise:"app_and_database" about:"What of the home region has to be silent until it is taken for lost: its app and its database, the database, the app, or either of them."`
	Decide      *file.Duration    `yaml:"decide" example:"0s" about:"How long the decision takes once the loss is detected: 0s for a machine, hours for people on call."`
	StepTimeout *file.Physical    `yaml:"step_timeout" example:"10s" about:"Deadline of each step of a failover."`
	Preflight   *file.Switch      `yaml:"preflight" example:"on" about:"Clients are redirected only when no node of the app refers to the lost region any more."`
	Shift       *Shift            `yaml:"shift" min:"1" example:"{share: 25%, hold: 3m, success: 99%, p99: 500ms}" about:"Clients are moved a share at a time, with the routing policy weighted."`
}

// Shift is how clients are moved a share at a time.
type Shift struct {
	Share   file.Share    `yaml:"share" example:"25%" about:"Share of the clients that is moved at a time."`
	Hold    file.Duration `yaml:"hold" example:"3m" about:"How long the moved clients are observed before the next share."`
	Success file.Share    `yaml:"success" example:"99%" about:"Minimum share of the region's requests that succeed meanwhile."`
	P99     file.Physical `yaml:"p99" example:"500ms" about:"Maximum 99th percentile of latency meanwhile."`
}

// compile is the topology with what the file changes of its preset, in real-world time.
func (t Topology) compile() topology.Topology {
	out, _ := topology.Preset(string(t.Preset))
	overrideWord(&out.Strategy, t.Strategy)
	overrideWord(&out.Postgres.Commit, t.Commit)
	overrideWord(&out.Objects.Mode, t.Replication.Objects)
	overrideWord(&out.Items.Mode, t.Replication.Items)
	overrideWord(&out.AWS, t.AWS)
	overrideWord(&out.Reads, t.Reads)
	t.Replication.compileRules(&out)
	overrideTime(&out.Latency, t.Latency)
	out.Bandwidth = int64(t.Bandwidth)
	t.compileRegions(&out)
	if t.Services != nil {
		out.Services = t.Services
	}
	if t.Overrides != nil {
		out.Overrides = t.Overrides
	}
	overrideWord(&out.Routing.Policy, t.Routing.Policy)
	overrideTime(&out.Routing.TTL, t.Routing.TTL)
	t.Routing.Check.compile(&out.Routing.Check)
	t.Automation.compile(&out.Automation)
	if t.App != (topology.Work{}) {
		out.App = t.App
	}
	out.Processes = t.processes
	return out
}

// compileRegions has regions and the latencies of their pairs. Who names other regions than the preset's does not
// have to unsay what it says of pairs that are gone.
func (t Topology) compileRegions(out *topology.Topology) {
	for i := range out.Regions {
		out.Regions[i].AppNodes = cmp.Or(t.appNodes, out.Regions[i].AppNodes)
	}
	if t.Regions != nil {
		out.Regions = slices.Clone(t.Regions)
		out.Latencies = slices.DeleteFunc(out.Latencies, func(p topology.PairLatency) bool {
			_, one := out.Region(p.Between[0])
			_, other := out.Region(p.Between[1])
			return !one || !other
		})
	}
	if t.Latencies != nil {
		out.Latencies = t.Latencies
	}
}

func (c Check) compile(out *topology.HealthCheck) {
	overrideTime(&out.Interval, c.Interval)
	if c.Threshold != nil {
		out.Threshold = *c.Threshold
	}
}

func (a Automation) compile(out *topology.Automation) {
	if a.On != nil {
		out.Off = !bool(*a.On)
	}
	a.Check.compile(&out.Check)
	overrideWord(&out.LostWhen, a.LostWhen)
	overrideTime(&out.Decide, a.Decide)
	overrideTime(&out.StepTimeout, a.StepTimeout)
	if a.Preflight != nil {
		out.Preflight = bool(*a.Preflight)
	}
	if s := a.Shift; s != nil {
		out.Shift = topology.Shift{
			Share: float64(s.Share), Hold: time.Duration(s.Hold), Success: float64(s.Success),
			P99: time.Duration(s.P99),
		}
	}
}

// overrideWord replaces a word of the preset where the file has one.
func overrideWord[T ~string](preset *T, word T) {
	if word != "" {
		*preset = word
	}
}

// overrideTime replaces a time of the preset where the file has one.
func overrideTime[T file.Duration | file.Physical](preset *time.Duration, value *T) {
	if value != nil {
		*preset = time.Duration(*value)
	}
}

// check complains about a topology whose keys stand below base. It says whether faults can be aimed at it.
func (t Topology) check(found *file.Complaints, base string) (valid bool) {
	t.Replication.checkRules(found, base)
	err := t.compile().Validate()
	for _, e := range flattenErrors(err) {
		var field *topology.FieldError
		if !errors.As(e, &field) {
			found.Add(base, "%v", e)
			continue
		}
		path := file.Join(base, field.Field)
		if strings.HasPrefix(field.Field, "processes[") {
			path = appKey + ".processes" // of the app's own file nothing is known here
		}
		found.Add(path, "%s: %s%s", path, field.Problem, hint(found.Text(path), field.Known))
	}
	return err == nil
}

// hint asks whether a name that nobody knows was meant to be one of the known ones.
func hint(name string, known []string) string {
	if like, ok := file.Nearest(name, known); ok && like != name {
		return fmt.Sprintf(": did you mean %q?", like)
	}
	return ""
}

func regionNames(t topology.Topology) []string {
	names := make([]string, len(t.Regions))
	for i, r := range t.Regions {
		names[i] = r.Name
	}
	return names
}

// flattenErrors lists the parts of a joined error, at every depth.
func flattenErrors(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, flattenErrors(e)...)
	}
	return all
}

func (d table) topology() {
	t := d.plan.Topology
	d.row("TOPOLOGY", "", "")
	d.app()
	for i, r := range t.Regions {
		role := []string{"home", "standby", "third region"}[i]
		note := fmt.Sprintf("%d app", r.AppNodes)
		if n := t.AppsAtStart(r); n < r.AppNodes {
			note += fmt.Sprintf(", %d at first", n)
		}
		if source := t.Source(r.Name); source != "" && t.Streams() {
			note += ", follows " + source
		}
		if r.Weight > 0 {
			note += fmt.Sprintf(", weight %d", r.Weight)
		}
		d.row("  "+role, r.Name, note)
	}
	d.row("  strategy", string(t.Strategy), "")
	d.row("  commit", string(t.Postgres.Commit), "")
	if m := t.Reads; m != "" {
		d.row("  reads", string(m), "")
	}
	if a := t.AWS; a != "" {
		d.row("  S3, DynamoDB", string(a), "")
	}
	d.row("  objects, items", string(t.Objects.Mode)+", "+string(t.Items.Mode), "")
	switch {
	case t.Objects.Locked:
		d.row("    versions", "kept", "under Object Lock")
	case t.Objects.Versions:
		d.row("    versions", "kept", "")
	}
	d.copyRules()
	if len(t.Services) > 0 {
		d.row("  services", strings.Join(t.Services, ", "), "")
	}
	for _, p := range t.Processes {
		d.row("  process", p.Name, fmt.Sprintf("%d in each region", p.Count))
	}
	for _, o := range t.Overrides {
		d.row("    "+o.Service+" in "+o.In, o.Key+" leads to "+o.To, "")
	}
	d.load()
	if w := t.App; w.Workers > 0 {
		d.row("  an app node's work", fmt.Sprintf("%d workers, %s each", w.Workers, file.Short(w.ServiceTime)),
			fmt.Sprintf("%.4g/s, %d may wait", w.Rate(), w.Queue))
	}
	d.row("", "", "")
}

func (d table) schedule() {
	t := d.plan.Topology
	d.row("SCHEDULE", "REAL", "LAB")
	d.scheduled("  record's TTL", t.Routing.TTL)
	d.check("  health check", t.Routing.Check)
	if t.Automation.Off {
		d.row("  automation", "off", "")
	} else {
		d.check("  automation's check", t.Automation.Check)
		if w := t.Automation.LostWhen; w != "" {
			d.row("  home is lost when silent", strings.ReplaceAll(string(w), "_", " "), "")
		}
		d.scheduled("  decision", t.Automation.Decide)
		d.row("  limit of a step", "", file.Short(t.Automation.StepTimeout))
		if s := t.Automation.Shift; s.InSteps() {
			d.scheduled(fmt.Sprintf("  shifts %.3g%% of the clients at a time, each for", 100*s.Share), s.Hold)
		}
		if t.Automation.Preflight {
			d.row("  pre-flight gate", "on", "")
		}
	}
	if p := t.Routing.Policy; p != topology.Failover && p != "" {
		d.row("  record's policy", string(t.Routing.Policy), "")
	}
	d.row("  latency of links, each way", "", file.Short(t.Latency))
	for _, p := range t.Latencies {
		d.row("    "+p.Between[0]+", "+p.Between[1], "", file.Short(p.Latency))
	}
	if t.Bandwidth > 0 {
		d.row("  bandwidth of links, each way", "", fmt.Sprintf("%d kB/s", t.Bandwidth/1000))
	}
	d.row("", "", "")
}

func (d table) check(what string, c topology.HealthCheck) {
	d.scheduled(fmt.Sprintf("%s, %d in a row, every", what, c.Threshold), c.Interval)
}
