package command

import (
	"encoding/json"
	"testing"

	"github.com/regionfall/regionfall/scenarios/evidence"
)

func TestSchemasArePrinted(t *testing.T) {
	for name, want := range map[string]string{
		"result":   "The result of a drill",
		"scenario": "A scenario of Regionfall",
		"app":      "An app that Regionfall drills",
	} {
		f := regionfall(t, "schema", name)
		f.want(t, exitPass)
		var s struct{ Title string }
		if err := json.Unmarshal([]byte(f.stdout), &s); err != nil || s.Title != want {
			t.Errorf("schema %s is %q: %v", name, s.Title, err)
		}
	}
	regionfall(t, "schema", "result").want(t, exitPass, `"const": "`+evidence.Schema+`"`)
	regionfall(t, "schema", "topology").want(t, exitBadInput)
	regionfall(t, "schema").want(t, exitBadInput)
}
