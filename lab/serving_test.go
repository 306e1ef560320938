package lab

import (
	"encoding/json"
	"testing"

	"github.com/regionfall/regionfall/lab/image"
	"github.com/regionfall/regionfall/lab/topology"
)

// What each server of S3 and DynamoDB is given: an ordinary user and a folder, but for the registry's LocalStack.
func TestWhatServesS3AndDynamoDBHasWhatItNeeds(t *testing.T) {
	top, _ := topology.Preset("two-regions")
	for aws, want := range map[string]struct {
		root   bool
		folder string
		names  int
	}{
		"packages":                  {folder: topology.DataDir},
		"localstack":                {folder: "/var/lib/localstack", names: 1},
		"the registry's localstack": {root: true, names: 1},
	} {
		b := planned(top, aws)
		s := specsOf(t, b)["s3.us-west-2"]
		if s.Needs.Root != want.root || s.Needs.Writable != want.root || len(s.Needs.Scratch) > 0 {
			t.Errorf("with %s it may do %+v", aws, s.Needs)
		}
		if s.Volumes[want.folder] != s.ID && want.folder != "" || (len(s.Volumes) > 0) != (want.folder != "") ||
			len(s.Loopback) != want.names {
			t.Errorf("with %s it has %v, and is called %v", aws, s.Volumes, s.Loopback)
		}
	}
}

func TestALabFoundAgainKnowsWhatItsStoresCan(t *testing.T) {
	label, err := json.Marshal(image.Serve(topology.AWSLocalStack, false))
	if err != nil {
		t.Fatal(err)
	}
	got, err := serversOf(string(label))
	if s := got[topology.ServiceS3]; err != nil || s.Can.Durable || !s.Can.Versions ||
		s.String() != "LocalStack 4.14.0 from Python packages" {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err = serversOf(""); err != nil || got[topology.ServiceS3].Can != (image.Abilities{}) {
		t.Errorf("without a label: %+v, %v", got, err)
	}
	if _, err = serversOf("{"); err == nil {
		t.Error("a broken label is taken")
	}
}
