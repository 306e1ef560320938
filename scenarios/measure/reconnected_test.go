package measure

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/scenarios/history"
)

// endpointed adds marks of a node's supervisor, each five milliseconds either way of when it was left.
func (d *drill) endpointed(node, name, detail string, at int) {
	d.Marks = append(d.Marks, history.Mark{At: *between(at-5, at+5), Source: node, Name: name, Detail: detail})
}

func (d *drill) turned(node, store string, at int) {
	d.endpointed(node, api.MarkTurned, store+" to hub:8003, connections ended: 2", at)
}

func (d *drill) reconnected(node, store string, at int) {
	d.endpointed(node, api.MarkReconnected, store+" by hub:8003", at)
}

// In the good drill operations are offered from 0.4 s on, and until 6.5 s.
func TestWhenTheAppWasConnectedAgain(t *testing.T) {
	const one, two, old = "app-1." + standby, "app-2." + standby, "app-1." + home
	again := func(node, store string, lo, hi int) Reconnection {
		return Reconnection{Node: node, Store: store, Interval: fromTo(time.Duration(lo)*msec, time.Duration(hi)*msec)}
	}
	never := func(node, store string, lo int) Reconnection {
		return Reconnection{Node: node, Store: store, Interval: more(time.Duration(lo) * msec), Censored: true}
	}
	all := func(lo, hi int, nodes ...Reconnection) *Reconnected {
		return &Reconnected{Interval: fromTo(time.Duration(lo)*msec, time.Duration(hi)*msec), Nodes: nodes}
	}
	for name, c := range map[string]struct {
		edit func(d *drill)
		want *Reconnected
		row  string
	}{
		"no endpoint is turned": {func(*drill) {}, nil, ""},
		"of two nodes the last": {func(d *drill) { // the region is lost
			d.turned(two, "postgres", 4000)
			d.turned(one, "postgres", 4010)
			d.reconnected(one, "postgres", 4030)
			d.reconnected(two, "postgres", 4500)
		}, all(490, 510, again(one, "postgres", 10, 30), again(two, "postgres", 490, 510)), "490 ms … 510 ms"},
		"of two stores the last": {func(d *drill) {
			d.turned(one, "postgres", 4000)
			d.turned(one, "redis", 4000)
			d.reconnected(one, "postgres", 4100)
			d.reconnected(one, "redis", 5000)
		}, all(990, 1010, again(one, "redis", 990, 1010)), "990 ms … 1.01 s"},
		"at once": {func(d *drill) {
			d.turned(one, "postgres", 4000)
			d.reconnected(one, "postgres", 4002)
		}, all(0, 12, again(one, "postgres", 0, 12)), "0 ms … 12 ms"},
		"regions change roles, and the old one goes on": {func(d *drill) {
			d.turned(one, "postgres", 3000)
			d.turned(old, "postgres", 3200)
			d.reconnected(one, "postgres", 3100)
			d.reconnected(old, "postgres", 3900)
			d.turned(one, "postgres", 5000) // and back
			d.turned(old, "postgres", 5000)
			d.reconnected(one, "postgres", 5300)
			d.reconnected(old, "postgres", 5100)
		}, all(690, 710, again(old, "postgres", 690, 710), again(one, "postgres", 290, 310)), "690 ms … 710 ms"},
		"turned again before anything has answered": {func(d *drill) {
			d.turned(one, "postgres", 4000)
			d.turned(one, "postgres", 4300)
			d.reconnected(one, "postgres", 4400)
		}, all(390, 410, again(one, "postgres", 390, 410)), "390 ms … 410 ms"},
		"one that hangs on": {func(d *drill) {
			d.turned(one, "postgres", 4000)
			d.turned(two, "postgres", 4000)
			d.reconnected(two, "postgres", 4100)
		}, &Reconnected{
			Interval: more(2495 * msec), Censored: true,
			Nodes: []Reconnection{never(one, "postgres", 2495), again(two, "postgres", 90, 110)},
		}, "> 2.49 s (1 of 2 nodes)"},
		"one that hangs on to another store": {func(d *drill) {
			d.turned(one, "postgres", 4000)
			d.reconnected(one, "redis", 4100)
		}, &Reconnected{
			Interval: more(2495 * msec), Censored: true, Nodes: []Reconnection{never(one, "postgres", 2495)},
		}, "> 2.49 s (0 of 1 node)"},
		"before and after the service is watched": {func(d *drill) {
			d.turned(one, "postgres", 300)
			d.reconnected(one, "postgres", 390)
			d.turned(two, "postgres", 7000)
		}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := goodDrill()
			c.edit(d)
			r := Judge(d.History, d.spec)
			if diff := cmp.Diff(c.want, r.Metrics.Reconnected); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			row := ""
			for _, got := range r.Rows(d.spec.Timescale) {
				if got.ID == "app_reconnected" {
					row = got.Measured
				}
			}
			if row != c.row {
				t.Errorf("it is told as %q, want %q", row, c.row)
			}
			if r.Verdict != Pass {
				t.Errorf("it is judged %s: %v", r.Verdict, r.Reasons)
			}
		})
	}
}
