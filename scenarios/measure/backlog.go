package measure

import (
	"fmt"
	"time"
)

// Backlog is what a rule had not copied to the region that takes over, just before the last cause: as its replicator
// last saw it.
type Backlog struct {
	Rule    string `json:"rule"`
	Objects int    `json:"objects"`
	Bytes   int64  `json:"bytes"`
	// BytesPerSecond is the rate of the pass that copied most, and Drain how long what waits takes at that; null: none
	// copied anything. Carries is the bandwidth of the link in the lab; 0: it has no limit of its own.
	BytesPerSecond *float64 `json:"bytes_per_second"`
	Drain          *Near    `json:"drain_ms"`
	Carries        int64    `json:"link_bytes_per_second,omitempty"`
	// FullBytes is its share of what the objects of the rule stand for: an extrapolation; null: they stand for nothing.
	FullBytes *int64 `json:"full_scale_bytes"`
}

// measureBacklogs is that of each rule. At full scale the backlog is the share of the writes acknowledged by then that
// waits, times what those stand for; and copying it takes the timescale times as long, at the throughput of the lab.
func (v *view) measureBacklogs(m *Metrics) []Backlog {
	var all []Backlog
	if len(v.causes) == 0 {
		return nil
	}
	last := v.causes[len(v.causes)-1]
	for _, b := range v.Backlogs {
		if b.At.Hi > last.effect.Hi || isOther(b.To, v.spec.Survivor) || isOther(b.From, v.spec.Home) {
			continue
		}
		one := Backlog{Rule: b.Rule, Objects: b.Objects, Bytes: b.Bytes, Carries: v.spec.Bandwidth}
		if b.BytesPerSecond > 0 {
			one.BytesPerSecond = new(b.BytesPerSecond)
			one.Drain = new(Near(time.Duration(float64(b.Bytes) / b.BytesPerSecond * float64(time.Second))))
		}
		if p := m.RecoveryPoint; p != nil && v.spec.StandFor[b.Rule] > 0 {
			if r := p.of(b.Rule); r != nil && r.Acked > 0 {
				share := min(1, float64(b.Objects)/float64(r.Acked))
				one.FullBytes = new(int64(share * float64(v.spec.StandFor[b.Rule])))
			}
		}
		all = replaceBacklog(all, one)
	}
	return all
}

// isOther says whether a region is another one than that which is meant, where both are known.
func isOther(region, meant string) bool { return region != "" && meant != "" && region != meant }

// replaceBacklog has the last of each rule.
func replaceBacklog(all []Backlog, one Backlog) []Backlog {
	for i := range all {
		if all[i].Rule == one.Rule {
			all[i] = one
			return all
		}
	}
	return append(all, one)
}

// backlogs is the checker of what waited. Nothing is promised of it.
type backlogs struct{ noFindings }

// Measure notes what waited.
func (backlogs) Measure(v *view, m *Metrics) { m.Backlogs = v.measureBacklogs(m) }

// Rows show it.
func (backlogs) Rows(s rowSource) []Row {
	var rows []Row
	for _, b := range s.Metrics.Backlogs {
		row := Row{
			ID: "backlog." + b.Rule, Name: "backlog of " + b.Rule,
			Measured: fmt.Sprintf("%s, %s", Count(b.Objects, "object", "objects"), sized(b.Bytes)) +
				b.drains(b.Bytes, 1),
		}
		if b.Drain != nil && b.Carries > 0 {
			row.Measured += fmt.Sprintf(" (the link carries %s/s)", sized(b.Carries))
		}
		if b.FullBytes != nil && s.timescale > 1 {
			row.FullMeasured, row.Extrapolated = sized(*b.FullBytes)+b.drains(*b.FullBytes, s.timescale), true
		}
		rows = append(rows, row)
	}
	return rows
}

// drains says how long so many bytes take, and at what rate that is.
func (b Backlog) drains(bytes int64, scale float64) string {
	if b.Drain == nil {
		return ""
	}
	text := ", copied in " + Exactly(AtScale(b.Drain.Duration(), scale))
	if b.Bytes > 0 { // as many bytes as there are more of them, in the time that is longer
		rate := *b.BytesPerSecond * float64(bytes) / float64(b.Bytes) / scale
		text += " at " + sized(int64(rate)) + "/s"
	}
	return text
}

// sized says a number of bytes.
func sized(bytes int64) string {
	for _, unit := range []struct {
		name string
		of   int64
	}{{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}} {
		if bytes >= unit.of {
			return fmt.Sprintf("%.3g %s", float64(bytes)/float64(unit.of), unit.name)
		}
	}
	return fmt.Sprintf("%d bytes", bytes)
}
