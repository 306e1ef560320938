package topology

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// following finds regions that don't stream from home in the end.
func (v *validation) following(t Topology) {
	for i, r := range t.Regions {
		field := fmt.Sprintf("regions[%d].follows", i)
		_, known := t.Region(r.Follows)
		switch {
		case r.Follows == "":
		case !t.Streams():
			v.complain(field, "nothing streams with strategy backup-restore: its database is built from a backup")
		case i == 0:
			v.complain(field, "home follows nobody: its primaries are what the others follow")
		case !known:
			v.unknown(field, t.regionNames(), "%.40q is no region of the topology", r.Follows)
		case r.Follows == r.Name:
			v.complain(field, "%s follows itself", r.Name)
		case t.circles(r.Name):
			v.complain(field, "%s follows %s, which follows it: nobody in the circle streams from home", r.Name,
				r.Follows)
		case i == 1 && r.Follows != t.Home().Name && t.Postgres.Commit == CommitRemote:
			// Home waits for those that stream from it, and the standby, which takes over, would lack what they have.
			v.complain(field, "with commit remote the standby must follow home itself, which waits for no other")
		}
	}
}

// circles says whether who follows the region's sources comes back to the region.
func (t Topology) circles(region string) bool {
	at := region
	for range t.Regions {
		if at = t.Source(at); at == region {
			return true
		}
	}
	return false
}

// latencies are between pairs of regions that exist, each pair once, whichever is named first.
func (v *validation) latencies(t Topology) {
	seen := map[[2]string]bool{}
	for i, p := range t.Latencies {
		field := fmt.Sprintf("latencies[%d]", i)
		for j, name := range p.Between {
			if _, ok := t.Region(name); !ok {
				v.unknown(fmt.Sprintf("%s.between[%d]", field, j), t.regionNames(),
					"%.40q is no region of the topology", name)
			}
		}
		pair := p.Between
		slices.Sort(pair[:])
		switch {
		case pair[0] == pair[1] && pair[0] != "":
			v.complain(field+".between", "%.40q twice: a link has two ends", pair[0])
		case seen[pair]:
			v.complain(field+".between", "%s and %s are there twice: a pair has one latency, the same both ways",
				pair[0], pair[1])
		}
		seen[pair] = true
		v.latency(field+".latency", p.Latency)
	}
}

func (v *validation) latency(field string, d time.Duration) {
	switch {
	case d < 0:
		v.notNegative(field, d)
	case d > maxLatency:
		v.complain(field, "%s is more than %s: to cut regions off from each other, inject a partition", d, maxLatency)
	case d%time.Millisecond != 0:
		v.complain(field, "%s: whole milliseconds only", d)
	}
}

func (v *validation) bandwidth(rate int64) {
	if rate != 0 && (rate < minBandwidth || rate > maxBandwidth || rate%1000 != 0) {
		v.complain("bandwidth", "%d bytes a second must be whole kB, from %d kB to %d MB", rate, minBandwidth/1000,
			maxBandwidth/1_000_000)
	}
}

// shift needs weights to shift, and figures that can be told.
func (v *validation) shift(field string, t Topology) {
	s := t.Automation.Shift
	if !s.InSteps() {
		return
	}
	if t.Routing.Policy != Weighted || len(t.Regions) != minRegions {
		v.complain(field,
			"clients are shifted by weights between two regions: use routing.policy weighted, and two regions")
	}
	if percents := s.Share * 100; !(percents >= 1 && percents <= 100) ||
		math.Abs(percents-math.Round(percents)) > 1e-9 {
		v.complain(field+".share",
			"how many of the clients are moved at a time: must be 1%% to 100%%, in whole percents")
	}
	if !(s.Success > 0 && s.Success <= 1) {
		v.complain(field+".success",
			"how much must be answered well before more clients are moved: must be more than 0%% and at most 100%%")
	}
	if !slices.Contains(RequestBuckets(), s.P99.Seconds()) {
		var ends []string
		for _, end := range RequestBuckets() {
			ends = append(ends, time.Duration(end*float64(time.Second)).String())
		}
		v.complain(field+".p99", "%s: the app counts its answers by whether they take %s: use one of these", s.P99,
			strings.Join(ends, ", "))
	}
	v.positive(field+".hold", s.Hold)
}
