package workload

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

func TestWhatIsNotOKIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		s := &service{region: "east", before: func(w http.ResponseWriter, _ *http.Request) bool {
			if calls++; calls > 3 {
				return false
			}
			http.Error(w, `{"applied":"no","error":"full"}`, http.StatusServiceUnavailable)
			return true
		}}
		m := &memory{answers: east}
		l, rec := m.begin(t, Spec{
			Writes: 0.1, Clients: 1, Timeout: time.Second,
			Retry: Retry{Times: 3, After: 100 * time.Millisecond},
		}, s)
		time.Sleep(5 * time.Second)
		finish(t, l)
		ops := rec.ops()
		if len(ops) != 4 || len(l.Acked()) != 1 {
			t.Fatalf("%d calls, %d acknowledged, want 4 and 1: %+v", len(ops), len(l.Acked()), ops)
		}
		for n, op := range ops {
			// 100 ms, 200 ms and 400 ms, one after the other
			waited := []time.Duration{0, 100, 300, 700}[n] * time.Millisecond
			if op.Retry != n || op.ID != ops[0].ID || op.Attempts != 1 || op.Due-ops[0].Due != waited ||
				(op.Outcome == history.OK) != (n == 3) {
				t.Errorf("call %d: %+v", n, op)
			}
		}
	})
}

func TestNothingIsTriedAgainAfterStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{region: "east", before: func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		}}
		m := &memory{answers: east}
		l, rec := m.begin(t, Spec{
			Writes: 0.1, Clients: 1, Timeout: time.Second,
			Retry: Retry{Times: 9, After: time.Second},
		}, s)
		time.Sleep(2 * time.Second) // the second try was after one, and the third would be after three
		finish(t, l)
		if now := rec.Now(); now > 2*time.Second {
			t.Errorf("stopping waited until %s", now)
		}
		if ops := rec.ops(); len(ops) != 2 {
			t.Errorf("%d calls, want 2", len(ops))
		}
	})
}
