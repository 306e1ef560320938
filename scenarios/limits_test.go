package scenarios

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios/file"
)

// A file that offers little is not refused for a number that nobody wrote; one that offers too little to prove anything
// is, and so is one that asks for more than it offers.
func TestHowManyWritesMustBeAcknowledged(t *testing.T) {
	const before = "workload: {writes: 30/s" // for 5 s, until the fault of the example
	for name, c := range map[string]struct {
		writes, says string
		want         int
		wrong        string
	}{
		"plenty":              {writes: "30/s", want: 50},
		"as many as usual":    {writes: "12.5/s", want: 50},
		"a little less":       {writes: "12/s", want: 48},
		"little":              {writes: "5.4/s", want: 21}, // of 27
		"just enough":         {writes: "4/s", want: 20},
		"nothing is proven":   {writes: "3.9/s", wrong: "20 writes can't be acknowledged before the first fault: 3.9/s for 5s"},
		"the author says":     {writes: "3/s", says: "10", want: 10},
		"the author says one": {writes: "1/s", says: "1", want: 1},
		"the author asks too much": {
			writes: "5.4/s", says: "50",
			wrong: "50 writes can't be acknowledged before the first fault: 5.4/s for 5s of lab time are 27",
		},
	} {
		src := strings.Replace(example, before, "workload: {writes: "+c.writes, 1)
		// A gap between two writes is a third of the recovery point at most.
		src = strings.Replace(src, "recovery_point: 15m", "recovery_point: 1h", 1)
		if c.says != "" {
			src = strings.Replace(src, "recovery_point:", "min_acknowledged: "+c.says+"\n  recovery_point:", 1)
		}
		s, err := Parse("f.yaml", []byte(src))
		if c.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%s: %v, want %q", name, err, c.wrong)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		p, err := s.Compile()
		if err != nil || p.Judge.MinAcked != c.want {
			t.Errorf("%s: %d are needed, want %d (%v)", name, p.Judge.MinAcked, c.want, err)
		}
	}
}

// What can be lost is told apart by the limits that stores are held to, and by no other.
func TestOnlyLimitsThatAStoreIsHeldToMustBeToldApart(t *testing.T) {
	for limits, where := range map[string][]string{
		"{within: 1s, stores: {postgres: 0s, objects: 1h, items: 1h}}": nil,
		"{within: 1s, stores: {postgres: 0s, objects: 1h}}":            {"objectives.recovery_point: "},
		"{within: 1s, stores: {postgres: 0s, objects: 1s, items: 1h}}": {limitsPath + ".objects: "},
		"{within: 1s, stores: {objects: 1s}}": {
			"objectives.recovery_point: ", limitsPath + ".objects: ", // postgres and items share the first
		},
	} {
		src := strings.Replace(example, "recovery_point: 15m", "recovery_point: "+limits, 1)
		_, err := Parse("f.yaml", []byte(src))
		var got []string
		for _, p := range file.Problems(err) {
			at, _, _ := strings.Cut(p.Message, "3ms of lab time can't be told apart")
			got = append(got, at)
		}
		if diff := cmp.Diff(where, got); diff != "" {
			t.Errorf("%s is complained about (-want +got):\n%s", limits, diff)
		}
	}
}
