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
	// Drain is how long that takes at the rate of the last copies; null: there were none.
	Drain *Near `json:"drain_ms"`
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
		if b.At.Hi > last.effect.Hi || v.spec.Survivor != "" && b.To != v.spec.Survivor {
			continue
		}
		one := Backlog{Rule: b.Rule, Objects: b.Objects, Bytes: b.Bytes}
		if b.BytesPerSecond > 0 {
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
			Measured: fmt.Sprintf("%s, %s", Count(b.Objects, "object", "objects"), sized(b.Bytes)) + b.drains(1),
		}
		if b.FullBytes != nil && s.timescale > 1 {
			row.FullMeasured, row.Extrapolated = sized(*b.FullBytes)+b.drains(s.timescale), true
		}
		rows = append(rows, row)
	}
	return rows
}

// drains says how long it takes.
func (b Backlog) drains(scale float64) string {
	if b.Drain == nil {
		return ""
	}
	return ", copied in " + Exactly(AtScale(b.Drain.Duration(), scale))
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
