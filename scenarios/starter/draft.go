package starter

import (
	"fmt"
	"strings"

	"github.com/regionfall/regionfall/scenarios/app"
)

// Modeline is the line by which an editor finds the schema of a file.
func Modeline(schema string) string { return "# yaml-language-server: $schema=" + schema + "\n" }

// draft is a scenario on its way to a text.
type draft struct {
	Options
	shape
	layout

	app *app.App
}

func (d draft) text() string {
	var b strings.Builder
	b.WriteString(Modeline(d.Schema))
	fmt.Fprintf(&b, `# Written by regionfall init scenario --from %s. The schema describes every key there may be.
# regionfall show tells the plan of this file, check tries the app and breaks nothing, run drills it.
name: %s
summary: %s
# What happened, for whoever reads the report: tell your own incident here.
story: |
`, d.Incident.Name, d.Name, d.About)
	for line := range strings.SplitSeq(d.named(strings.TrimSpace(d.story)), "\n") {
		b.WriteString("  " + line + "\n")
	}
	fmt.Fprintf(&b, `
# One second of the lab stands for this many seconds: %s.
# A smaller one makes a longer drill, with finer figures.
timescale: %d

`, d.scale, d.timescale)
	b.WriteString(d.appText())
	b.WriteString(d.topologyText())
	b.WriteString(d.workloadText())
	b.WriteString(d.stepsText())
	b.WriteString(`
# What is promised. It is judged at the scale of the lab, from what clients were told.
objectives:
`)
	b.WriteString(d.promised())
	b.WriteString(d.after)
	b.WriteString("\n" + d.named(strings.TrimSpace(d.expect(d.app))) + "\n")
	return b.String()
}

func (d draft) appText() string {
	if d.App == "" {
		return `# What is drilled: the sample app, unless a file describes your own. regionfall init app writes one.
# app: ./app.yaml

`
	}
	return "# What is drilled. The file says what a write is, and where it must be found.\napp: " + d.App + "\n\n"
}

func (d draft) topologyText() string {
	var b strings.Builder
	b.WriteString(`# The lab. The first region is home, where the primaries run; the second is the standby.
`)
	preset, regions := d.preset, "regions: ["+strings.Join(d.regions, ", ")+"]"
	fmt.Fprintf(&b, "topology:\n  preset: %s\n", preset)
	if d.strategy != "" {
		fmt.Fprintf(&b, "  strategy: %s\n", d.strategy)
	}
	own := ""
	if d.topology != nil {
		own = d.topology(d.app)
	}
	if nodes := d.nodes(); strings.Contains(own, "NODES") {
		own = strings.Replace(own, "NODES", nodes, 1)
	} else {
		fmt.Fprintf(&b, "  %s\n", regions)
	}
	fmt.Fprintf(&b, "  %s\n%s", d.latency, own)
	if d.strategy == "" {
		b.WriteString(`  commit: local # remote: a write is acknowledged when the standby has it too
  routing: {ttl: 60s, check: {interval: 30s, threshold: 3}} # what the name service does, and how long answers are kept
  automation: {check: {interval: 30s, threshold: 3}, decide: 0s} # decide: how long people need; 0s is a machine
`)
	}
	return b.String() + "\n"
}

// nodes are the regions with fewer nodes of the app in the standby.
func (d draft) nodes() string {
	home, standby := 2, 1
	if isSample(d.app) {
		home, standby = 4, 2
	}
	var b strings.Builder
	b.WriteString("regions:\n")
	for i, region := range d.regions {
		n := standby
		if i == 0 {
			n = home
		}
		fmt.Fprintf(&b, "    - {name: %s, app_nodes: %d}\n", region, n)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (d draft) workloadText() string {
	var keys []string
	add := func(format string, args ...any) { keys = append(keys, fmt.Sprintf(format, args...)) }
	reads := d.app.Read() != nil
	writes := d.writes
	if d.strategy != "" {
		writes = "20/s" // 15 minutes are 300 ms of the lab
	}
	switch {
	case d.Incident.Name == "overload" && isSample(d.app):
		add("writes: 5/s, reads: 15/s, clients: 16, retry: {times: 2, after: 300ms}")
	case reads:
		add("writes: %s, reads: 10/s, clients: 8", writes)
	default:
		add("writes: %s, clients: 8", writes)
	}
	add("timeout: 1s")
	if d.stale {
		add("stale_dns: {share: 25%%, for: 30m}")
	}
	note := ""
	if !reads {
		note = "# The app has no operation read, so that nothing is read.\n"
	}
	return fmt.Sprintf(`# The load per second of the lab, answered or not. More writes make a finer recovery point.
%sworkload: {%s}

# What has to hold before anything is broken: else the drill proves nothing.
steady_state: {hold: %s, within: 2m} # within is not scaled

`, note, strings.Join(keys, ", "), d.hold())
}

// hold is two seconds of the lab.
func (d draft) hold() string { return fmt.Sprintf("%dm", max(1, 2*d.timescale/60)) }

func (d draft) stepsText() string {
	return "# What is done, in order.\nsteps:\n" + d.named(strings.Trim(d.steps(d.app), "\n")) + "\n"
}

func (d draft) promised() string {
	if d.promise != nil {
		return d.promise(d.layout)
	}
	return `  recovery_point: 15m # how old a lost write may be; 0s: none may be lost
  recovery_time: # how soon the service must be back
    within: 2h
` + criterion(d.layout, d.hold(), "2 seconds of the lab")
}

// criterion says what counts as being back.
func criterion(l layout, window, inLab string) string {
	return fmt.Sprintf(`    window: %s # %s, for which all of this must hold
    success: 99%% # of the operations
    latency: {p95: %s} # not scaled
    capacity: 95%% # of what is offered is answered
`, window, inLab, l.p95)
}
