package history

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkLoad1M loads a recording of a million operations, six stores' readings with it.
func BenchmarkLoad1M(b *testing.B) {
	const ops = 1_000_000
	dir := b.TempDir()
	recordMany(b, dir, ops)
	for b.Loop() {
		h, err := Load(dir)
		if err != nil || len(h.Ops) != ops || len(h.Reads) != 6 {
			b.Fatalf("%d operations, %d readings: %v", len(h.Ops), len(h.Reads), err)
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/ops, "ns/operation")
}

// recordMany records operations of which every sixth is a write.
func recordMany(b *testing.B, dir string, ops int) {
	b.Helper()
	r, err := NewRecorder(dir)
	if err != nil {
		b.Fatal(err)
	}
	var acked []string
	for i := range ops {
		due := time.Duration(i) * time.Second / 600
		op := Op{
			Seq: int64(i), Kind: Write, ID: fmt.Sprintf("v-1a2b3c-%06d", i), Client: i % 64, Due: due, Sent: due +
				50_000, Done: due + 9*time.Millisecond,
			Outcome: OK, Status: 201, Region: "us-east-1", Node: "app-1.us-east-1", Revision: 1, Timeline: 1,
			Attempts: 1,
		}
		if i%6 == 0 {
			acked = append(acked, op.ID)
		} else {
			op.Kind, op.ID, op.Status, op.Path = Read, acked[max(0, len(acked)-1-i%64)], 200, "local"
		}
		r.Op(op)
	}
	for _, which := range []string{BeforeReturn, AfterReconciliation} {
		for _, store := range []string{StorePostgres, StoreObjects, StoreItems} {
			r.Read(FinalRead{Read: which, Store: store, Region: "us-west-2", IDs: acked})
		}
	}
	if err := r.Close(); err != nil {
		b.Fatal(err)
	}
}
