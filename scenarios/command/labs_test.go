package command

import (
	"testing"

	"github.com/regionfall/regionfall/lab/topology"
)

func TestAServiceIsReachedByWhatItSpeaks(t *testing.T) {
	for s, want := range map[topology.Service]string{
		topology.ServicePostgres: "postgres://postgres:regionfall-lab@127.0.0.1:1/kyc",
		topology.ServiceRedis:    "redis://127.0.0.1:1",
		topology.ServiceS3:       "http://127.0.0.1:1",
		topology.ServiceDynamoDB: "http://127.0.0.1:1",
	} {
		if got := urlOf(s, "127.0.0.1:1"); got != want {
			t.Errorf("%s is reached at %s, want %s", s, got, want)
		}
	}
}
