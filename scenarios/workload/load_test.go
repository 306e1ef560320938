package workload

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios/history"
)

// Rates are powers of two so that due times are whole nanoseconds.

func TestAStalledServiceDoesNotSlowTheSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const stall = time.Second
		over := make(chan struct{})
		s := &service{region: "east", before: func(http.ResponseWriter, *http.Request) bool { <-over; return false }}
		m := &memory{answers: east}
		l, rec := m.begin(t, Spec{Writes: 64, Clients: 3, Timeout: time.Minute}, s)

		time.Sleep(stall - time.Nanosecond)
		synctest.Wait()
		if got := s.seen(http.MethodPost); got != 64 {
			t.Errorf("a stalled service saw %d requests of the first second, want all 64", got)
		}
		time.Sleep(time.Nanosecond)
		close(over)
		time.Sleep(stall - time.Nanosecond)
		finish(t, l)

		ops := rec.ops()
		if len(ops) != 128 {
			t.Fatalf("recorded %d operations in two seconds at 64/s", len(ops))
		}
		for i, op := range ops {
			want := history.Op{
				Seq: int64(i + 1), Kind: history.Write, ID: op.ID, Client: i % 3,
				Due: time.Duration(i) * time.Second / 64,
			}
			// the wait is in the latency of every operation that met it
			want.Sent, want.Done = want.Due, max(want.Due, stall)
			want.Outcome, want.Status, want.Attempts = history.OK, http.StatusCreated, 1
			want.Region, want.Node, want.Revision, want.Timeline = "east", "app-1.east", 3, 2
			if diff := cmp.Diff(want, op); diff != "" {
				t.Fatalf("operation %d (-want +got):\n%s", i, diff)
			}
		}
	})
}

func TestAnOperationTooManyIsRecordedAsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{region: "east", before: func(_ http.ResponseWriter,
			r *http.Request,
		) bool {
			<-r.Context().Done()
			return true
		}}
		m := &memory{answers: east, limit: 10}
		l, rec := m.begin(t, Spec{Writes: 64, Clients: 1, Timeout: time.Minute}, s)
		time.Sleep(time.Second - time.Nanosecond)
		cutShort(t, l, context.Canceled)
		for i, op := range rec.ops() {
			outcome, why, attempts := history.Unknown, "no answer: cut by the end of the workload", 1
			if i >= 10 {
				outcome, why, attempts = history.Failed, "not sent: 10 operations in flight already", 0
			}
			if op.Outcome != outcome || op.Error != why || op.Attempts != attempts {
				t.Errorf("operation %d: %+v, want outcome %d, %q, %d attempts", i, op, outcome, why, attempts)
			}
		}
		if got := len(rec.ops()); got != 64 {
			t.Errorf("recorded %d of 64 operations", got)
		}
	})
}

// cutShort stops a load without letting it wait.
func cutShort(t *testing.T, l *Load, want error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Stop(ctx); !errors.Is(err, want) {
		t.Errorf("stop: %v, want %v", err, want)
	}
}

func TestStopWaitsForWhatIsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{region: "east", before: func(http.ResponseWriter,
			*http.Request,
		) bool {
			time.Sleep(2 * time.Second)
			return false
		}}
		m := &memory{answers: east}
		l, rec := m.begin(t, Spec{Writes: 8, Clients: 1, Timeout: 5 * time.Second}, s)
		time.Sleep(time.Second - time.Nanosecond)
		finish(t, l)
		finish(t, l) // again does no harm
		if got := rec.Now(); got != 2*time.Second+7*time.Second/8 {
			t.Errorf("stopped at %v, want when the last operation was answered", got)
		}
		before := rec.ops()
		time.Sleep(time.Minute)
		if diff := cmp.Diff(before, rec.ops()); diff != "" || len(before) != 8 || len(l.Acked()) != 8 {
			t.Errorf("want 8 operations, all acknowledged, and none after Stop; got %d, %d; diff %s", len(before),
				len(l.Acked()), diff)
		}
	})
}

func TestTimeoutCountsFromSending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{region: "east", before: func(_ http.ResponseWriter,
			r *http.Request,
		) bool {
			<-r.Context().Done()
			return true
		}}
		m := &memory{answers: east}
		l, rec := m.begin(t, Spec{Writes: 4, Clients: 1, Timeout: 700 * time.Millisecond}, s)
		time.Sleep(time.Second)
		finish(t, l)
		for _, op := range rec.ops() {
			if op.Done-op.Sent != 700*time.Millisecond || op.Outcome != history.Unknown ||
				op.Error != "no answer: timed out after 700ms" {
				t.Errorf("operation without an answer: %+v", op)
			}
		}
	})
}

func TestReadsAskForWhatWasAcknowledgedAWhileAgo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{region: "east"}
		m := &memory{answers: east}
		l, rec := m.begin(t, Spec{Writes: 64, Reads: 128, Clients: 2, Timeout: time.Second}, s)
		time.Sleep(3 * time.Second)
		finish(t, l)
		acked := map[string]time.Duration{}
		for _, op := range rec.ops(history.Write) {
			acked[op.ID] = op.Done
		}
		reads, different := rec.ops(history.Read), map[string]bool{}
		for i, op := range reads {
			if due := readAfter + time.Duration(i)*time.Second/128; op.Due != due || op.Outcome != history.OK {
				t.Fatalf("read %d is %+v, want due at %v and ok", i, op, due)
			}
			at, ok := acked[op.ID]
			if age := op.Sent - at; !ok || age < readAfter || age > readAfter+readWindow*time.Second/64 {
				t.Fatalf("read %d asks for %s, acknowledged %v before", i, op.ID, age)
			}
			different[op.ID] = true
		}
		if len(reads) < 370 || len(different) < 100 {
			t.Errorf("%d reads of %d ids in 2.9 seconds at 128/s", len(reads), len(different))
		}
	})
}

func TestAnAbsentWriteIsAFailedReadOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const lost = "v-t-000003"
		s := &service{region: "east", before: func(w http.ResponseWriter, r *http.Request) bool {
			if strings.HasSuffix(r.URL.Path, lost) {
				http.NotFound(w, r)
				return true
			}
			return false
		}}
		m := &memory{answers: east}
		l, rec := m.begin(t, Spec{Writes: 8, Reads: 64, Clients: 1, Timeout: time.Second}, s)
		time.Sleep(4 * time.Second)
		finish(t, l)
		var failed int
		for _, op := range rec.ops() {
			if op.Outcome == history.OK {
				continue
			}
			failed++
			if op.ID != lost || op.Kind != history.Read || op.Outcome != history.Failed || op.Error != history.Absent ||
				op.Status != http.StatusNotFound {
				t.Errorf("not ok: %+v", op)
			}
		}
		if failed != 1 {
			t.Errorf("the lost write was found absent %d times, want once", failed)
		}
	})
}

func TestStatsAreOfTheLastSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stalled atomic.Bool
		s := &service{region: "east", before: func(_ http.ResponseWriter, r *http.Request) bool {
			if stalled.Load() {
				<-r.Context().Done()
			}
			return stalled.Load()
		}}
		m := &memory{answers: east}
		l, _ := m.begin(t, Spec{Writes: 64, Clients: 1, Timeout: time.Minute}, s)
		time.Sleep(3*time.Second - time.Nanosecond)
		synctest.Wait()
		if diff := cmp.Diff(Stats{Offered: 64, Good: 64, Acked: 192}, l.Stats()); diff != "" {
			t.Errorf("after three good seconds (-want +got):\n%s", diff)
		}
		stalled.Store(true)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if diff := cmp.Diff(Stats{Offered: 64, Acked: 192, InFlight: 128}, l.Stats()); diff != "" {
			t.Errorf("after two stalled seconds (-want +got):\n%s", diff)
		}
		cutShort(t, l, context.Canceled)
	})
}

func TestStartRefusesWhatMakesNoSense(t *testing.T) {
	_, err := Start(t.Context(), Options{Resolver: "127.0.0.1:53", Spec: Spec{Reads: -1}})
	if err == nil {
		t.Fatal("empty options were accepted")
	}
	for _, want := range []string{"writes", "reads", "client", "timeout", "record", "prefix", "recorder", "protocol"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no word about %s in: %v", want, err)
		}
	}
	if _, err := Start(t.Context(), Options{Resolver: "nowhere"}); err == nil ||
		!strings.Contains(err.Error(), "resolver address") {
		t.Errorf("a resolver without a port: %v", err)
	}
}

// clock notes how many writes the load had acknowledged whenever it was asked for the time.
type clock struct {
	*recorder
	load func() *Load

	mu    sync.Mutex
	acked map[time.Duration]int // the fewest at each time
}

func (c *clock) Now() time.Duration {
	now := c.recorder.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	if l := c.load(); l != nil {
		n = len(l.Acked())
	}
	if _, had := c.acked[now]; !had {
		c.acked[now] = n
	}
	return now
}

// Whoever reads the stores after a write is done by the clock asks for it.
func TestAWriteIsAmongTheAcknowledgedBeforeItIsDone(t *testing.T) {
	names := startNameservice(t, serve(t, &service{region: "east"}, "60000"))
	var started atomic.Pointer[Load]
	c := &clock{recorder: newRecorder(), load: started.Load, acked: map[time.Duration]int{}}
	l, err := Start(t.Context(), Options{
		Spec: Spec{Writes: 64, Clients: 1, Timeout: testTimeout}, Resolver: names.address, Record: testRecord,
		Recorder: c, Protocol: Of(kycApp(t), Login{}), Prefix: "t", Seed: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	started.Store(l)
	known := c.recorder.Now()
	eventually(t, "ten writes", func() bool { return len(c.ops()) > 10 })
	finish(t, l)
	acked, seen := l.Acked(), 0
	for _, op := range c.ops() {
		if op.Done <= known {
			continue
		}
		seen++
		if n := c.acked[op.Done]; !slices.Contains(acked[:n], op.ID) {
			t.Errorf("%s was done when %v were acknowledged", op.ID, acked[:n])
		}
	}
	if seen < 5 {
		t.Errorf("only %d writes tell", seen)
	}
}
