package workload

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

func TestSessionsReadTheirOwnAndCarryTheirPosition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		sent := map[string]bool{}
		given := []string{"0/A", "0/9", "1/0", "nonsense", ""}
		turn := 0
		s := &service{region: "east", before: func(w http.ResponseWriter, r *http.Request) bool {
			mu.Lock()
			defer mu.Unlock()
			sent[r.Method+" "+r.Header.Get(positionHeader)] = true
			w.Header().Set(positionHeader, given[turn%len(given)])
			w.Header().Set("X-Read-Path", "waited")
			w.Header().Set("X-Replication-Lag", "250")
			turn++
			return false
		}}
		l, rec := (&memory{answers: east}).begin(t, Spec{
			Writes: 8, Reads: 32, Clients: 4, Timeout: time.Second,
			Sessions: true,
		}, s)
		time.Sleep(4 * time.Second)
		finish(t, l)
		writer, readBefore := map[string]int{}, map[string]bool{}
		own, again := 0, 0
		for _, op := range rec.ops() {
			if op.Kind == history.Write {
				writer[op.ID] = op.Client
				continue
			}
			if op.Path != "waited" || op.Lag != 250*time.Millisecond {
				t.Fatalf("what the answer said is not in the record: %+v", op)
			}
			if by, is := writer[op.ID]; is && by == op.Client {
				own++
			}
			key := op.ID + string(rune('a'+op.Client))
			if readBefore[key] {
				again++
			}
			readBefore[key] = true
		}
		if total := len(rec.ops(history.Read)); own < total/4 || again < total/4 {
			t.Errorf("of %d reads %d are of the client's own writes and %d of what it had read: want a third or so",
				total, own, again)
		}
		if !sent["GET 0/A"] || !sent["GET 1/0"] || sent["GET 0/9"] || sent["GET nonsense"] || sent["POST 1/0"] {
			t.Errorf("sent were %v: want the greatest position so far with reads, and nothing else", sent)
		}
	})
}

func TestWithoutSessionsNothingIsCarried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{region: "east", before: func(w http.ResponseWriter, r *http.Request) bool {
			if r.Header.Get(positionHeader) != "" {
				t.Error("a client without a session sends a position")
			}
			w.Header().Set(positionHeader, "0/A")
			return false
		}}
		l, rec := (&memory{answers: east}).begin(t, Spec{Writes: 8, Reads: 8, Clients: 2, Timeout: time.Second}, s)
		time.Sleep(2 * time.Second)
		finish(t, l)
		if len(rec.ops(history.Read)) == 0 {
			t.Error("nothing was read")
		}
	})
}
