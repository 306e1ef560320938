package evidence

import "strings"

// lagRows say how far the stores were behind before anything was broken. It is no promise of the design's, so nothing is compared with it here; and
// no timescale makes copying quicker.
func lagRows(l ReplicationLag) []row {
	rows := []row{{ID: "replication_lag", Name: "replication lag", Measured: "not measured"}}
	if under := l.worst(func(s StoreLag) *int64 { return s.LoadedMS }); under != "" {
		rows[0].Measured = under + " before the fault"
	}
	if quiet := l.worst(func(s StoreLag) *int64 { return s.QuietMS }); quiet != "" {
		rows = append(rows, row{ID: "replication_lag.quiet", Name: "without load", Part: true, Measured: quiet})
	}
	return rows
}

// worst is what was seen of each store, where anything was.
func (l ReplicationLag) worst(of func(StoreLag) *int64) string {
	var all []string
	for _, s := range l.Stores {
		if ms := of(s); ms != nil {
			all = append(all, s.Store+" "+exactly(*ms))
		}
	}
	return strings.Join(all, ", ")
}
