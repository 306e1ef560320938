package scenarios

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/drill"
	"github.com/regionfall/regionfall/scenarios/file"
)

// Describe writes the scenario for people: the story, then the plan with each time as the file has it and as the lab
// will see it.
func (s *Scenario) Describe(w io.Writer) error {
	plan, err := s.Compile()
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\n", plan.Name, plan.Summary)
	if story := strings.TrimSpace(plan.Story); story != "" {
		fmt.Fprintf(&b, "%s\n\n", story)
	}
	fmt.Fprintf(&b, "One lab second stands for %s. Once the lab is up, the drill takes at most %s and must end %s.\n\n",
		file.Short(time.Duration(plan.Timescale*float64(time.Second))), file.Short(longest(plan)), s.Info().Expect)
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	d := table{w: t, plan: plan}
	d.topology()
	d.times()
	d.objectives()
	if err := t.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(b.String()) { // the tabwriter pads cells that are empty
		if _, err := fmt.Fprintln(w, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}

// table writes rows of what, real time and lab time.
type table struct {
	w    io.Writer // of a strings.Builder: never fails
	plan drill.Plan
}

func (d table) row(what, realTime, labTime string) {
	_, _ = fmt.Fprintf(d.w, "%s\t%s\t%s\n", what, realTime, labTime)
}

// scheduled is a time that the timescale divides.
func (d table) scheduled(what string, lab time.Duration) {
	d.row(what, file.Short(time.Duration(float64(lab)*d.plan.Timescale).Round(time.Second)), file.Short(lab))
}

func (d table) topology() {
	t := d.plan.Topology
	d.row("TOPOLOGY", "", "")
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
	if len(t.Services) > 0 {
		d.row("  services", strings.Join(t.Services, ", "), "")
	}
	for _, o := range t.Overrides {
		d.row("    "+o.Service+" in "+o.In, o.Key+" leads to "+o.To, "")
	}
	load := d.plan.Workload
	d.row("  load", fmt.Sprintf("%g writes/s, %g reads/s", load.Writes, load.Reads),
		fmt.Sprintf("%d clients", load.Clients))
	if len(load.In) > 0 {
		d.row("  clients in", strings.Join(load.In, ", "), "")
	}
	if load.Stale.Share > 0 {
		d.scheduled(fmt.Sprintf("  %.4g%% of the clients ignore the TTL for", 100*load.Stale.Share), load.Stale.For)
	}
	if load.Retry.Times > 0 {
		d.row("  tried again", fmt.Sprintf("%d times, first after %s", load.Retry.Times, file.Short(load.Retry.After)), "")
	}
	if w := t.App; w.Workers > 0 {
		d.row("  an app node's work", fmt.Sprintf("%d workers, %s each", w.Workers, file.Short(w.ServiceTime)),
			fmt.Sprintf("%.4g/s, %d may wait", w.Rate(), w.Queue))
	}
	d.row("", "", "")
}

func (d table) times() {
	t := d.plan.Topology
	d.row("SCHEDULE", "REAL", "LAB")
	d.scheduled("  record's TTL", t.Routing.TTL)
	d.check("  health check", t.Routing.Check)
	if t.Automation.Off {
		d.row("  automation", "off", "")
	} else {
		d.check("  automation's check", t.Automation.Check)
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
	d.row("", "", "")
	d.row("STEPS", "REAL", "LAB")
	d.scheduled("  steady state holds for", d.plan.Steady.Hold)
	for _, s := range d.plan.Steps {
		after := "steady state"
		if s.When != "" {
			after = string(s.When)
		}
		d.scheduled("  "+stepText(s)+", after "+after, s.At)
	}
	d.scheduled("  recovery is awaited for", d.plan.Observe)
	d.scheduled("  and watched for", d.plan.Tail)
	d.row("", "", "")
}

func (d table) check(what string, c topology.HealthCheck) {
	d.scheduled(fmt.Sprintf("%s, %d in a row, every", what, c.Threshold), c.Interval)
}

func (d table) objectives() {
	d.row("OBJECTIVES", "REAL", "LAB")
	if o := d.plan.Judge.RecoveryPoint; o != nil {
		what := "  recovery point"
		if o.Within == 0 {
			what += ", nothing lost"
		}
		d.scheduled(what+" ("+strings.Join(d.plan.Judge.Stores, ", ")+")", o.Within)
	}
	if within := d.plan.Judge.StaleConfig; within != nil {
		d.scheduled("  stale configuration, after redirect", *within)
	}
	if within := d.plan.Judge.WriteGap; within != nil {
		d.scheduled("  write gap of a switchover", *within)
	}
	if all := d.plan.Judge.Sessions; len(all) > 0 {
		d.row("  sessions", strings.Join(all, ", "), "")
	}
	if p99 := d.plan.Judge.LocalReads; p99 > 0 {
		d.row("  local reads, p99", "", file.Short(p99))
	}
	if c := d.plan.Judge.Consistency; c != "" {
		d.row("  consistency", c, "")
	}
	if share := d.plan.Judge.StandbyCapacity; share > 0 {
		d.row("  standby capacity", fmt.Sprintf("%.4g%% of the demand", 100*share), "")
	}
	if o := d.plan.Judge.RecoveryTime; o != nil {
		d.scheduled("  recovery time", o.Within)
		d.scheduled(fmt.Sprintf("    %.4g%% ok, p%.4g at most %s, capacity %.4g%%, throughout",
			100*o.Success, 100*o.Quantile, file.Short(o.Latency), 100*o.Capacity), o.Window)
	}
}

// stepText says what a step does, in the words of the file.
func stepText(s drill.Step) string {
	switch {
	case s.Inject != nil:
		return fmt.Sprintf("inject %s: %s", s.Inject.Kind(), s.Inject.Target())
	case s.Heal != "":
		return "heal " + s.Heal
	case s.Switchover != "":
		return "switch over to " + s.Switchover
	default:
		return "run job " + s.Job
	}
}
