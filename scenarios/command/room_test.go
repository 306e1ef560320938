package command

import (
	"strings"
	"testing"

	"github.com/regionfall/regionfall/lab/engine"
	"github.com/regionfall/regionfall/lab/engine/enginetest"
)

func TestDrillsSideBySideHaveRoom(t *testing.T) {
	left := func(n int) engine.Networks { return engine.Networks{Left: n, Limited: true} }
	labs := []int{3, 4, 3, 3} // networks
	for name, c := range map[string]struct {
		room   room
		wanted int
		want   int
		err    string
	}{
		"as many as the machine carries": {room{3, left(30)}, 0, 3, ""},
		"fewer, for want of networks":    {room{3, left(9)}, 0, 2, ""},
		"as many as are wanted":          {room{1, left(13)}, 4, 4, ""},
		"more than there are networks": {
			room{9, left(12)},
			4, 0,
			"--jobs is 4: the labs take 13 networks, and the engine has address pools for 12 more: take at most 3, " +
				"or remove",
		},
		"one that gets none says so": {room{9, left(0)}, 1, 1, ""},
		"none, for two":              {room{9, left(0)}, 2, 0, "for 0 more: remove networks that nobody uses"},
		"without a limit":            {room{2, engine.Networks{}}, 4, 4, ""},
	} {
		got, err := c.room.jobs(c.wanted, labs)
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: got %d, %v", name, got, err)
		}
	}
}

func TestJobsForWhichThereAreNoNetworksAreRefusedAtOnce(t *testing.T) {
	there := enginetest.Start(t)
	// Pools of addresses that this machine surely has none of: those would count too.
	there.Info = map[string]any{"DefaultAddressPools": []map[string]any{{"Base": "198.18.0.0/20", "Size": 24}}}
	there.Has(enginetest.Thing{Kind: "network", Name: "half", Subnet: "198.18.0.0/21"})
	f := finish(t, on(t.Context(), t, there, "run", "kyc-region-outage", "--repeat", "8", "--jobs", "8"))
	f.want(t, exitBadInput,
		"--jobs is 8: the labs take 24 networks, and the engine has address pools for 8 more: take at most 2")
	for _, question := range there.Asked() {
		if strings.HasPrefix(question, "POST ") {
			t.Errorf("the engine was asked to %s", question)
		}
	}
}
