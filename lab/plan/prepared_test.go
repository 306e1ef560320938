package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/lab/topology"
)

func TestAnAppIsPreparedInANodeOfItsOwn(t *testing.T) {
	for _, repoint := range []Repoint{"", RepointRestart, RepointEndpoint} {
		a := shop
		a.Repoint, a.Prepared, a.Needs = repoint, Prepared{Command: []string{"migrate", "up"}}, Needs{Root: true}
		top, _ := topology.Preset("two-regions")
		got, err := plannedWith(top, a).Preparing()
		if err != nil {
			t.Fatal(err)
		}
		want := Node{
			Place: topology.Place{
				Service: topology.ServiceApp, Region: "us-east-1", Number: 1, Part: topology.Preparing,
			},
			Image: "regionfall", Foreign: "acme/shop:1", Networks: []string{"us-east-1"},
			Aliases: []string{"prepare.us-east-1"},
			Env: map[string]string{
				"NODE": "prepare.us-east-1", "REGION": "us-east-1", "CONFIG_FILE": topology.ConfigFile,
				"DATABASE_URL": "postgres://postgres:regionfall-lab@postgres.us-east-1:5432/kyc",
				"WHO":          "prepare.us-east-1 in us-east-1, " + topology.ConfigFile,
				"STORES":       "redis.us-east-1:6379 s3.us-east-1:4566 dynamodb.us-east-1:4566 regionfall",
			},
			Volumes: map[string]string{"/config": "us-east-1-config"}, Cmd: []string{"migrate", "up"},
			Needs: Needs{Root: true},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", repoint, diff)
		}
	}
}
