package workload

import (
	"net"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/regionfall/regionfall/scenarios/history"
)

// BenchmarkOperation is what one operation costs from when it is made to when it is judged, the service in the same
// process included.
func BenchmarkOperation(b *testing.B) {
	server := httptest.NewServer(&service{region: "east"})
	defer server.Close()
	to := lead(b, "east", server.Listener.Addr().String(), "3600000")
	names := startNameservice(b, to)
	var lookups sync.WaitGroup
	rec := newRecorder()
	c := &client{
		names: newResolver(testRecord, overUDP(names.address), rec.Now, &lookups),
		dial:  (&net.Dialer{}).DialContext,
	}
	people := newPopulation(idPrefix("t"), 1)
	protocol := Of(kycApp(b), Login{})
	for name, kind := range map[string]history.Kind{"write": history.Write, "read": history.Read} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for n := int64(1); b.Loop(); n++ {
				op := history.Op{Kind: kind, ID: people.id(1)}
				c.do(b.Context(), &op, protocol.Make(Operation{Kind: kind, ID: op.ID, Number: n, Seed: 1}))
				if op.Outcome != history.OK && kind == history.Write {
					b.Fatalf("%+v", op)
				}
			}
		})
	}
	lookups.Wait()
}
