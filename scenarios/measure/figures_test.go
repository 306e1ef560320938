package measure

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// An interval is rounded outwards to whole milliseconds and never becomes empty; what met its objective still does;
// nothing that was missing becomes 0.
func TestIntervalsAreRoundedOutwards(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lo := drawTime(t, "lo", -time.Second, 3*time.Hour)
		hi := lo + drawTime(t, "width", 1, 10*time.Second)
		objective := drawTime(t, "objective", 0, 3*time.Hour)
		want := RecoveryTime{Interval: fromTo(lo, hi), Objective: Spec{}.objective(objective)}
		var got RecoveryTime
		again(t, want, &got)
		if got.Lo.Duration() > lo || got.Hi.Duration() < hi || *got.Lo >= Low(*got.Hi) {
			t.Fatalf("[%v, %v] became %v ms", lo, hi, ends(got.Interval))
		}
		if hi <= objective && *got.Hi > *got.Within {
			t.Fatalf("%v of %v met it, and %v of %v does not", hi, objective, got.Hi.Duration(), got.Within.Duration())
		}
		if got.FirstSuccess != nil || got.FullScale != nil || got.WithinFull != nil || got.Sum.Lo != nil {
			t.Fatal("what was not measured has a value")
		}
		var twice RecoveryTime
		again(t, got, &twice)
		if diff := cmp.Diff(got, twice); diff != "" {
			t.Fatalf("it is another when it is read a second time:\n%s", diff)
		}
	})
}

// Wherever they end, phases add up to the whole, which is rounded once.
func TestPhasesAddUpWhereTheyAreWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var phases Phases
		total := time.Duration(0)
		for _, ns := range rapid.SliceOfN(rapid.Int64Range(0, int64(10*time.Second)), 0, 9).Draw(t, "phases") {
			phases, total = append(phases, Phase{Took: Near(ns)}), total+time.Duration(ns)
		}
		var got Phases
		again(t, phases, &got)
		sum := time.Duration(0)
		for _, p := range got {
			sum += p.Took.Duration()
		}
		if sum != total.Round(time.Millisecond) || len(got) != len(phases) {
			t.Fatalf("phases add up to %v, not %v", sum, total)
		}
	})
}

// again writes a value and reads it back.
func again(t *rapid.T, v, into any) {
	data, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestFiguresAreReadStrictly(t *testing.T) {
	for _, text := range []string{`"5"`, `0.5`, `1e30`, `9223372036854775807`, `[1]`} {
		for _, into := range []any{new(Low), new(High), new(Near)} {
			if err := json.Unmarshal([]byte(text), into); err == nil {
				t.Errorf("%s is read as a %T", text, into)
			}
		}
	}
	for _, text := range []string{`[2, 1]`, `[1]`, `[1, 2, 3]`, `7`, `["a", "b"]`} {
		if err := json.Unmarshal([]byte(text), new(Span)); err == nil {
			t.Errorf("%s is read as a span", text)
		}
	}
}

func TestSharesAreRoundedOutwards(t *testing.T) {
	data, err := json.Marshal([]any{
		LowShare(0.3529), HighShare(0.3521), LowShare(0.35), HighShare(0.35),
		Ratio(20.004),
	})
	if want := "[0.352,0.353,0.35,0.35,20]"; err != nil || string(data) != want {
		t.Errorf("%s, want %s: %v", data, want, err)
	}
}

// No verdict is left, however deep it stands, and the report that it was taken from keeps its own.
func TestWithdrawn(t *testing.T) {
	d := goodDrill()
	d.spec.StandbyCapacity, d.spec.Sessions = 0.9, Guarantees()
	r := Judge(d.History, d.spec)
	before, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if n := passes(reflect.ValueOf(r.Withdrawn())); n != 0 {
		t.Errorf("%d verdicts are left", n)
	}
	if n := passes(reflect.ValueOf(r)); n < 10 {
		t.Errorf("the report that it was taken from has %d verdicts", n)
	}
	after, err := json.Marshal(r)
	if err != nil || string(before) != string(after) {
		t.Errorf("the report that it was taken from is another one: %v", err)
	}
}

// passes counts the verdicts below a value that are not inconclusive.
func passes(v reflect.Value) (n int) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			n = passes(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			n += passes(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			n += passes(v.Field(i))
		}
	case reflect.Int:
		if v.Type() == reflect.TypeFor[Verdict]() && v.Int() != int64(Inconclusive) {
			n++
		}
	}
	return n
}

func TestWords(t *testing.T) {
	for ms, want := range map[int64]string{
		0: "0 ms", 45: "45 ms", 4213: "4.21 s", 20000: "20 s", 1_512_000: "25 min 12 s", 7_200_000: "2 h",
		28_920_000:  "8 h 2 min",
		270_000_000: "3 d 3 h", -1500: "-1.50 s",
		// one of a unit is said in that unit
		1000: "1 s", 60_000: "1 min", 3_600_000: "1 h", 86_400_000: "1 d",
	} {
		if got := Exactly(time.Duration(ms) * msec); got != want {
			t.Errorf("%d ms is said %q, want %q", ms, got, want)
		}
	}
	for scale, want := range map[float64]string{360: "x360", 1: "x1", 0.25: "x0.25", 1.5: "x1.5"} {
		if got := Scale(scale); got != want {
			t.Errorf("a timescale of %g is said %q, want %q", scale, got, want)
		}
	}
	if got := Promise(2500 * msec); got != "2.5 s" {
		t.Errorf("2500 ms is promised as %q", got)
	}
	if got := Between(19_998*msec, 20_001*msec); got != "19.99 s … 20.01 s" {
		t.Errorf("an interval around its objective is said %q", got)
	}
}
