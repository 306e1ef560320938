package starter

import (
	"strings"

	"github.com/regionfall/regionfall/scenarios/app"
)

// shape is what one incident has of its own. HOME and STANDBY stand for regions. What is left empty is as in most.
type shape struct {
	Incident
	story     string
	timescale int
	scale     string // what the timescale makes of the times of this file
	strategy  string // instead of the preset's
	topology  func(*app.App) string
	stale     bool // a part of the clients does not look again
	steps     func(*app.App) string
	promise   func(layout) string // the objectives
	after     string              // observe and tail
	expect    func(*app.App) string
}

var shapes = []shape{
	{
		Incident: Incident{"region-outage", "all of home is gone at once; the standby takes over"},
		story: `
HOME loses its power and its control plane at nine in the morning. STANDBY has a replica of everything,
and takes over by itself.`,
		timescale: 360, scale: "2h are 20 seconds of the lab, 15m are 2.5 s",
		steps: func(a *app.App) string { return cutFirst(a) + losesHome },
		expect: plain(`
# All of the above holds. To keep an incident that is not mended yet, say what must be found instead:
# expect: {fail: [recovery_time], given: [redirected]}
expect: pass`),
	},
	{
		Incident: Incident{"partition", "home and standby do not reach each other, and both live on"},
		story: `
The backbone between HOME and STANDBY fails. Both live, and clients reach both. HOME has to go on, and
nobody may take over from it: there would be two who acknowledge writes.`,
		timescale: 60, scale: "10m are 10 seconds of the lab",
		steps: plain(`
  - at: 5m # after the steady state
    inject: {partition: {between: [HOME, STANDBY]}} # one way only: {from: STANDBY, to: HOME}`),
		promise: func(l layout) string {
			return `  recovery_point: 0s # nobody takes over, and nothing is lost
  recovery_time: # of an outage, if there is one: the partition should bring none
    within: 10m
` + criterion(l, "2m", "2 seconds of the lab")
		},
		after: "tail: 20m # how long the partition lasts, and is watched\n",
		expect: plain(`
# A region that acknowledges writes and is not in charge fails the drill too: that finding is called fencing.
expect: pass`),
	},
	{
		Incident: Incident{
			"stale-standby", "the standby has been behind for a while when home is lost",
		},
		story: `
Replication to STANDBY fails, and nobody is told. Forty minutes later HOME is lost, and STANDBY takes over
with what it had.`,
		timescale: 360, scale: "40m are 6.7 seconds of the lab",
		steps: func(a *app.App) string {
			return `  - at: 15m # after the steady state
    inject: ` + behind(a) + `
  - at: 55m # so the standby is 40 minutes behind by now
    inject: {lose_region: {region: HOME}}`
		},
		expect: plain(`
# The drill is green when exactly this is found. Once replication is watched and mended in time, say expect: pass.
expect: {fail: [recovery_point], given: [redirected]}`),
	},
	{
		Incident: Incident{"overload", "the standby takes over, and is too small for all of the demand"},
		story: `
HOME is lost, and STANDBY has half as many nodes of the app. A health check finds it well; the customers,
who all come at once, do not.`,
		timescale: 180, scale: "30m are 10 seconds of the lab",
		topology: func(a *app.App) string {
			nodes := "  # What differs is how many nodes the app has.\n  NODES\n"
			if !isSample(a) {
				return nodes
			}
			return nodes + `  # A node of the sample app has two workers of 250 ms: that is 8 requests a second.
  app: {workers: 2, service_time: 250ms, queue: 100}
`
		},
		steps: plain(losesHome),
		promise: func(l layout) string {
			return `  standby_capacity: 95% # of the demand, sustained after the fault
  recovery_time:
    within: 30m
    window: 6m # 2 seconds of the lab, for which all of this must hold
    success: 97% # of the operations
    latency: {p95: 900ms}
    capacity: 95% # of what is offered is answered
`
		},
		expect: func(a *app.App) string {
			if isSample(a) {
				return `
# Four nodes do 32 requests a second, and two do 16: for 20 that is too few, and the drill must find it. With four
# nodes in both, let it say expect: pass.
expect: {fail: [recovery_time, standby_capacity], given: [redirected]}`
			}
			return `
# Offer as much as your home region serves at its peak: regionfall capacity REGION finds how much a region does. If the
# standby is known to be too small, say expect: {fail: [recovery_time, standby_capacity], given: [redirected]}
expect: pass`
		},
	},
	{
		Incident: Incident{
			"failing-runbook", "home is lost, and a step of the failover fails twice",
		},
		story: `
HOME is lost, and the calls of the failover are throttled, as a cloud's control plane does when everybody
calls it at once. The runbook has to try again.`,
		timescale: 360, scale: "2h are 20 seconds of the lab, 15m are 2.5 s",
		steps: plain(`
  - at: 17m # after the steady state
    inject: {fail_step: {step: promote, times: 2}} # or hang_step: {step: promote}, repeat_step: {step: redirect}
  - at: 18m
    inject: {lose_region: {region: HOME}}`),
		expect: plain(`
# A runbook that does not try again ends with expect: {fail: [recovery_time]}.
expect: pass`),
	},
	{
		Incident: Incident{"stale-dns", "home is lost, and a quarter of the clients keep its address"},
		story: `
STANDBY takes over within minutes. A quarter of the clients does not come: their runtimes keep an address
for half an hour, whatever its time to live.`,
		timescale: 180, scale: "2h are 40 seconds of the lab, 30m are 10 s", stale: true,
		steps: plain(losesHome),
		expect: plain(`
# The service is back for all when the last client has looked again. With a promise of 20m the drill must fail:
# expect: {fail: [recovery_time], given: [redirected]}
expect: pass`),
	},
	{
		Incident: Incident{"database-crash", "the primary database dies, and is started again after a while"},
		story: `
The database of HOME crashes. The region lives, so that nobody fails over: somebody is called, and starts it
again. The app has to connect again by itself.`,
		timescale: 180, scale: "1h is 20 seconds of the lab",
		steps: func(a *app.App) string {
			fault, heal := crash(a)
			return `
  - at: 10m # after the steady state
    inject: ` + fault + `
  - at: 25m # how long it takes to be found and started
    heal: ` + heal
		},
		promise: func(l layout) string {
			return `  recovery_point: 15m # if another region takes over after all
  recovery_time:
    within: 1h
` + criterion(l, "6m", "2 seconds of the lab")
		},
		expect: plain("expect: pass"),
	},
	{
		Incident: Incident{
			"nightly-backup", "home is lost; all there is elsewhere is last night's backup",
		},
		story: `
The app runs in HOME, and a job copies a backup to STANDBY every night. HOME is lost eight hours after it.
People hope, then look for the backup, then restore it.`,
		timescale: 3000, scale: "8h are 9.6 seconds of the lab, 15m are 300 ms", strategy: "backup-restore",
		topology: func(*app.App) string {
			return `  replication: {objects: backup, items: backup} # the job copies them, and nothing else
  routing: {ttl: 5m, check: {interval: 5m, threshold: 3}}
  automation:
    check: {interval: 5m, threshold: 3}
    decide: 2h15m # how long people need to decide for the restore
    step_timeout: 30s # not scaled: a restore takes seconds in the lab
`
		},
		steps: plain(`
  - job: backup
  - when: backup_done
    at: 8h # after the backup
    inject: {lose_region: {region: HOME}}`),
		promise: func(l layout) string {
			return `  recovery_point: 15m
  recovery_time:
    within: 2h
` + criterion(l, "30m", "600 ms of the lab")
		},
		after: "observe: 12h # long enough that the restore is seen to its end\n",
		expect: plain(`
# The drill is green when exactly these are found. Another strategy would keep the promises: see --from region-outage.
expect: {fail: [recovery_point, recovery_time], given: [restored, redirected]}`),
	},
}

const losesHome = `  - at: 18m # after the steady state
    inject: {lose_region: {region: HOME}} # other faults: regionfall list faults`

// cutFirst is how to see what a commit that waits for nobody can lose, in a comment: a copy that is milliseconds behind
// loses next to nothing.
func cutFirst(a *app.App) string {
	fault, at := behind(a), "5m"
	if strings.Contains(fault, "pause_replication") {
		at = "1m" // it takes longer to be seen
	}
	return `  # Copies are milliseconds behind, and next to nothing is lost with commit: local. To see what it
  # can lose, have the standby cut off before, as --from stale-standby does:
  # - at: ` + at + `
  #   inject: ` + fault + "\n"
}

func plain(text string) func(*app.App) string {
	return func(*app.App) string { return text }
}

func isSample(a *app.App) bool { return a.BuiltIn() == app.Default }

// behind is the fault that keeps the standby's copy of what the app writes from going on.
func behind(a *app.App) string {
	switch s := a.Stores(); {
	case s.Postgres != nil:
		return "{blackhole: {from: STANDBY, to: HOME, service: postgres}}"
	case s.Redis != nil:
		return "{blackhole: {from: STANDBY, to: HOME, service: redis}}"
	case s.S3 != nil:
		return "{pause_replication: {store: objects, region: STANDBY}}"
	default:
		return "{pause_replication: {store: items, region: STANDBY}}"
	}
}

// crash is what ends the store that the app writes to in home, and what starts it again. Where it keeps nothing that it
// could start again with, it hangs.
func crash(a *app.App) (fault, heal string) {
	switch s := a.Stores(); {
	case s.Postgres != nil:
		return "{kill: {service: postgres, role: primary}}", "kill"
	case s.Redis != nil:
		return "{kill: {service: redis, role: primary}}", "kill"
	case s.S3 != nil:
		return "{pause: {service: s3, region: HOME}}", "pause"
	default:
		return "{pause: {service: dynamodb, region: HOME}}", "pause"
	}
}
