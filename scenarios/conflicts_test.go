package scenarios

import (
	"strings"
	"testing"
)

// A fault that can't be seen while another is in force is refused before anything starts, and not once that is healed.
func TestFaultsThatCannotBeToldApartAreRefused(t *testing.T) {
	const (
		lost  = "inject: {lose_region: {region: us-east-1}}"
		hole  = "inject: {blackhole: {from: us-west-2, to: us-east-1, service: postgres}}"
		pause = "\n  - at: 20m\n    inject: {pause_replication: {store: postgres, region: us-west-2}}"
		cut   = "\n  - at: 20m\n    inject: {refuse: {from: clients, to: us-east-1, service: app}}"
		heal  = "\n  - at: 19m\n    heal: blackhole"
	)
	for name, c := range map[string]struct{ steps, want string }{
		"one behind the other": {
			hole + pause,
			"pause_replication on postgres to us-west-2 can't be seen while blackhole on us-west-2 to postgres in " +
				"us-east-1 is in force",
		},
		"one after the other":  {hole + heal + pause, ""},
		"one beside the other": {hole + cut, ""},
		"one that is wrong by itself": {
			hole + strings.Replace(pause, "region: us-west-2", "region: us-wst-2", 1),
			`region "us-wst-2" is not a region`,
		},
		"one that is lost with a region": {
			lost + cut,
			"refuse on clients to app in us-east-1 can't be seen while lose_region on us-east-1 is in force",
		},
	} {
		_, err := Parse("f.yaml", []byte(strings.Replace(example, lost, c.steps, 1)))
		if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) ||
			strings.Count(err.Error(), "can't be seen") > 1) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}
