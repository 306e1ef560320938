package drill

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios/history"
)

// place gives the marks where they were placed on the drill's clock, and what was said.
func place(t *testing.T, exchanges ...Exchange) ([]history.Mark, string) {
	t.Helper()
	rec, err := history.NewRecorder("")
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	m := &markRecorder{clocks: map[string]*history.ClockSync{}, rec: rec, say: func(format string, args ...any) {
		said = append(said, fmt.Sprintf(format, args...))
	}}
	for _, x := range exchanges {
		m.record(x)
	}
	return rec.Snapshot().Marks, strings.Join(said, "\n")
}

func TestMarksArePlacedByTheirAgentsClock(t *testing.T) {
	const second = time.Second
	exchange := func(source, start string, asked, now time.Duration, notes ...Note) Exchange {
		return Exchange{Source: source, Start: start, Asked: asked, Answered: asked + 10*ms, Now: now, Marks: notes}
	}
	got, said := place(t,
		exchange("a", "1", 10*second, 3*second, Note{At: 2 * second, Name: "detected", Detail: "slow"}),
		exchange("b", "1", 10*second, 70*second, Note{At: 71 * second, Name: "answer"}), // another agent, another clock
		// its process is new, and so is its clock
		exchange("a", "2", 20*second, 0, Note{At: second, Name: "started"}),
		exchange("a", "1", 30*second, 23*second+5*ms, Note{At: 23 * second, Name: "promoted"}),
	)
	want := []struct {
		name   string
		at     time.Duration // when asked
		doubt  time.Duration
		source string
	}{
		{"detected", 9 * second, 10 * ms, "a"},
		{"answer", 11 * second, 10 * ms, "b"},
		{"started", 21 * second, 10 * ms, "a"},
		{"promoted", 30 * second, 5 * ms, "a"}, // two exchanges bound the clock from both sides
	}
	if len(got) != len(want) {
		t.Fatalf("got %+v", got)
	}
	const drift = 3 * ms // of 20 s at most, by 100 millionths each way
	for i, w := range want {
		m := got[i]
		lo, hi := m.At.Lo-w.at, m.At.Hi-w.at
		if m.Name != w.name || m.Source != w.source || lo < -drift || lo > 0 || hi < w.doubt || hi > w.doubt+drift {
			t.Errorf("want %s of %s at %s and up to %s later: %+v", w.name, w.source, w.at, w.doubt, m)
		}
	}
	if got[0].Detail != "slow" || !strings.Contains(said, "a: detected slow") || strings.Contains(said, "jumped") {
		t.Errorf("said %s", said)
	}
}

func TestAClockThatJumpsIsTold(t *testing.T) {
	_, said := place(t,
		Exchange{Source: "a", Asked: time.Second, Answered: time.Second + ms, Now: 0},
		Exchange{Source: "a", Asked: 2 * time.Second, Answered: 2*time.Second + ms, Now: 0},
	)
	if !strings.Contains(said, "a: ") || !strings.Contains(said, "jumped") {
		t.Errorf("said %q", said)
	}
}

func TestAMarkOfAnUnknownClockMayBeOfAnyTime(t *testing.T) {
	got, said := place(t, Exchange{Source: "a", Asked: time.Second, Answered: 0, Marks: []Note{{Name: "promoted"}}})
	if diff := cmp.Diff([]history.Mark{{At: history.Interval{Hi: math.MaxInt64}, Source: "a", Name: "promoted"}},
		got); diff != "" {
		t.Errorf("got:\n%s", diff)
	}
	if !strings.Contains(said, "before it was asked") {
		t.Errorf("said %q", said)
	}
}
