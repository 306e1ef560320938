package observe

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

func TestRoutingIsHeldAgainstTheTopology(t *testing.T) {
	const east, west = "us-east-1", "us-west-2"
	for _, c := range []struct {
		preset    string
		answers   []string
		unhealthy string
		want      string // in the complaint; empty for none
	}{
		{"two-regions", []string{east}, "", ""},
		{"two-regions", []string{west}, "", "answers [us-west-2] and should answer [us-east-1]"},
		{"two-regions", []string{east}, west, "finds us-west-2 unhealthy"},
		{"two-regions", []string{east, west}, "", "should answer [us-east-1]"},
		{"pilot-light", []string{east}, west, ""},
		{"pilot-light", []string{east}, east, "finds us-east-1 unhealthy"},
		{"active-active", []string{east, west}, "", ""},
		{"active-active", []string{east}, "", "should answer [us-east-1 us-west-2]"},
	} {
		top, _ := topology.Preset(c.preset)
		r := api.Routing{Answers: c.answers}
		body := fmt.Sprintf(`{"targets": [{"region": %q, "healthy": %t}, {"region": %q, "healthy": %t}]}`,
			east, c.unhealthy != east, west, c.unhealthy != west)
		if err := json.Unmarshal([]byte(body), &r); err != nil {
			t.Fatal(err)
		}
		err := checkRouting(top, r)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s answering %v, %q unhealthy: %v; want %q", c.preset, c.answers, c.unhealthy, err, c.want)
		}
	}
}
