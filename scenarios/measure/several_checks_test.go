package measure

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

type metricCase struct {
	name  string
	edit  func(d *drill)
	check func(r Report, d *drill) string // empty: as expected
}

func (d *drill) twice() { // failsBack, with the refused of the second outage sent to the standby
	d.failsBack()
	for n := 48; n < 55; n++ {
		d.Ops[n].Region = standby
	}
}

// longer adds n good operations, served by a region.
func (d *drill) longer(n int, region string) {
	at := len(d.Ops)
	for i := at; i < at+n; i++ {
		due := time.Duration(500+100*i) * msec
		d.Ops = append(d.Ops, history.Op{
			Seq: int64(i), Kind: history.Write, ID: fmt.Sprintf("x%03d", i), Due: due,
			Sent: due + msec,
		})
		d.ok(i, region)
		d.keep(i)
	}
	stop := d.Ops[len(d.Ops)-1].Due + 100*msec
	d.Phases[2].At, d.Phases[3].At = stop, stop+1500*msec
	for i := range d.Faults {
		d.Faults[i].Healed = &history.Interval{Lo: stop + 500*msec, Hi: stop + 600*msec}
	}
	for i := range d.Reads {
		at := stop + 300*msec
		if d.Reads[i].Read == history.AfterReconciliation {
			at += 700 * msec
		}
		d.Reads[i].At = history.Interval{Lo: at, Hi: at + 10*msec}
	}
}

func (d *drill) switchover(to string, at, done int) {
	d.Faults = append(d.Faults, history.Fault{
		Name: history.Switchover, Target: to, Command: time.Duration(at) * msec, Effective: between(at, at),
		Healed: between(at, done), Confirmed: true, By: "done",
	})
}

// answered has one node answer whatever the standby did.
func (d *drill) answered() {
	for i := range d.Ops {
		if d.Ops[i].Region == standby {
			d.Ops[i].Node = "app." + standby
		}
	}
}

func (d *drill) sight(node, region, leads string, lo, hi int) {
	c := history.ConfigSight{At: *between(lo, hi), Node: node, Service: "app", Region: region, Revision: 1}
	if leads == "" {
		c.Error, c.Revision = "no answer", 0
	} else {
		c.Values = []history.ConfigValue{{
			Key: "postgres", Source: "region",
			ConfigEndpoint: history.ConfigEndpoint{Region: leads, Address: "hub:1"},
		}}
	}
	d.Configs = append(d.Configs, c)
}

func found(r Report, id string) (Finding, bool) {
	for _, f := range r.Findings {
		if f.ID == id {
			return f, true
		}
	}
	return Finding{}, false
}

// says wants a finding's verdict.
func says(id string, want Verdict) func(r Report, d *drill) string {
	return func(r Report, _ *drill) string {
		f, is := found(r, id)
		if !is {
			return "no finding " + id
		}
		if f.Verdict != want {
			return fmt.Sprintf("%s is %s, want %s: %s | drill %s", id, f.Verdict, want, f.Detail, r.Reasons)
		}
		return ""
	}
}

func not(id string, bad Verdict) func(r Report, d *drill) string {
	return func(r Report, _ *drill) string {
		if f, is := found(r, id); !is || f.Verdict == bad {
			return fmt.Sprintf("%s is %s: %s", id, f.Verdict, f.Detail)
		}
		return ""
	}
}

func overall(want Verdict) func(r Report, d *drill) string {
	return func(r Report, _ *drill) string {
		if r.Verdict != want {
			return fmt.Sprintf("%s, want %s: %q", r.Verdict, want, r.Reasons)
		}
		return ""
	}
}

func never(bad Verdict) func(r Report, d *drill) string {
	return func(r Report, _ *drill) string {
		if r.Verdict == bad {
			return fmt.Sprintf("%s: %q", r.Verdict, r.Reasons)
		}
		return ""
	}
}

func both(all ...func(r Report, d *drill) string) func(r Report, d *drill) string {
	return func(r Report, d *drill) string {
		var s []string
		for _, f := range all {
			if t := f(r, d); t != "" {
				s = append(s, t)
			}
		}
		return strings.Join(s, "\n  and ")
	}
}

func ivMS(i Interval) string {
	lo, hi := "nil", "nil"
	if i.Lo != nil {
		lo = fmt.Sprint(i.Lo.Duration())
	}
	if i.Hi != nil {
		hi = fmt.Sprint(i.Hi.Duration())
	}
	return "[" + lo + ", " + hi + "]"
}

// is wants an interval in ms; hi < 0: open.
func is(i Interval, lo, hi int) string {
	want := more(time.Duration(lo) * msec)
	if hi >= 0 {
		want = fromTo(time.Duration(lo)*msec, time.Duration(hi)*msec)
	}
	if ivMS(i) != ivMS(want) {
		return fmt.Sprintf("interval %s, want %s", ivMS(i), ivMS(want))
	}
	return ""
}

// holds wants an interval to hold a truth.
func holds(i Interval, truthMS int) string {
	t := time.Duration(truthMS) * msec
	if i.Lo == nil || i.Lo.Duration() > t || i.Hi != nil && i.Hi.Duration() < t {
		return fmt.Sprintf("interval %s does not hold %s", ivMS(i), t)
	}
	return ""
}

func shares(lo, hi float64) func(r Report, d *drill) string {
	return func(r Report, _ *drill) string {
		c := r.Metrics.Capacity
		if c == nil || c.ShareLo == nil {
			return "capacity not measured"
		}
		if math.Abs(float64(*c.ShareLo)-lo) > 0.005 || math.Abs(float64(*c.ShareHi)-hi) > 0.005 {
			return fmt.Sprintf("share %.3f to %.3f, want %.3f to %.3f", float64(*c.ShareLo), float64(*c.ShareHi), lo,
				hi)
		}
		return ""
	}
}

func (d *drill) reader(client int, id string, dueMS int, status int, region string) *history.Op {
	due := time.Duration(dueMS) * msec
	op := history.Op{
		Seq: int64(len(d.Ops)), Kind: history.Read, ID: id, Client: client, Due: due, Sent: due, Done: due + 5*msec,
		Attempts: 1,
		Outcome:  history.OK, Status: status, Region: region, Timeline: 1,
	}
	if status != 200 {
		op.Outcome, op.Error = history.Failed, errorOf(status)
	}
	d.Ops = append(d.Ops, op)
	return &d.Ops[len(d.Ops)-1]
}

// errorOf is that of an operation that an app says no to, if what is not there is 404.
func errorOf(status int) string {
	if status == http.StatusNotFound {
		return history.Absent
	}
	return fmt.Sprint("status ", status)
}

func lasting(n int) *time.Duration { d := time.Duration(n) * msec; return &d }

// toThird fails over to a third region when the second is lost too; the first is not given back before that.
func (d *drill) toThird() {
	d.twice()
	d.Faults[0].Healed = between(9000, 9100)
	d.spec.Survivor = third
	for i := range d.Marks {
		if d.Marks[i].Source == "automation."+home {
			d.Marks[i].Source = "automation." + third
		}
	}
	d.Marks = append(d.Marks, history.Mark{At: *between(5945, 5955), Source: "automation." + third, Name: "redirected"})
	for i := 55; i < len(d.Ops); i++ {
		d.Ops[i].Region = third
	}
	for i := range d.Reads {
		if d.Reads[i].Region == home {
			d.Reads[i].Region = third
		}
	}
}
