package workload

import (
	"slices"
	"testing"
	"time"
)

// testTimeout is for operations that get their answer, however busy the machine is.
const testTimeout = 10 * time.Second

// BenchmarkLateness offers 200 operations per second and reports how late after their due time they were sent.
func BenchmarkLateness(b *testing.B) {
	names := startNameservice(b, serve(b, &service{region: "east"}, "1000"))
	l, rec := begin(b, Spec{Writes: 100, Reads: 100, Clients: 16, Timeout: testTimeout}, names.address)
	eventuallyIn(b, time.Duration(b.N)*time.Second/50+10*time.Second, "the operations",
		func() bool { return len(rec.ops()) >= b.N })
	finish(b, l)
	var late []time.Duration
	for _, op := range rec.ops() {
		late = append(late, op.Sent-op.Due)
	}
	slices.Sort(late)
	us := func(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
	b.ReportMetric(us(late[len(late)/2]), "p50-late-µs")
	b.ReportMetric(us(late[len(late)*99/100]), "p99-late-µs")
	b.ReportMetric(us(late[len(late)-1]), "max-late-µs")
}
