package world

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/agent/automation/automationtest"
	"github.com/regionfall/regionfall/lab/agent/configs"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// The configuration of a region is published by its replicator, with the stores of the region that took over.
func TestConfigurationOfAFollower(t *testing.T) {
	dir := t.TempDir()
	published, delivered := filepath.Join(dir, "published.json"), filepath.Join(dir, "region.json")
	east := topology.Endpoint{Region: "east", Address: "hub:1"}
	own := topology.Endpoint{Region: "south", Address: "s3.south:1"}
	before := topology.Config{
		Revision: 3, Region: "south", AppNodes: 1, Postgres: east, Redis: east, S3: own, DynamoDB: own,
		Reads: topology.ReadsLocal, LocalPostgres: &own,
	}
	if err := configs.WriteConfig(published, before); err != nil {
		t.Fatal(err)
	}
	d := configs.NewDelivery("south", configs.NewLineage(automationtest.Repository(t, before), "replicator.south"),
		published,
		delivered)
	d.Deliver(time.Now())
	mux := http.NewServeMux()
	d.Routes(mux)
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		c, err := configs.ReadConfig(delivered)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set(api.HeaderRevision, strconv.Itoa(c.Revision))
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	to := api.Follower{
		Region: "south", Config: server.URL + "/config", Apps: []string{server.URL + "/readyz"},
		Primary: topology.Endpoint{Region: "west", Address: "hub:2"},
		Cache:   topology.Endpoint{Region: "west", Address: "hub:3"},
	}
	for _, want := range []string{"revision 4, rewritten", "revision 4, was so already"} {
		if detail, err := attachApp(t.Context(), to); err != nil || detail != want {
			t.Fatalf("it says %q, %v, want %q", detail, err, want)
		}
	}
	got, err := configs.ReadConfig(delivered)
	if err != nil {
		t.Fatal(err)
	}
	if got.Postgres != to.Primary || got.Redis != to.Cache || got.S3 != own || got.Reads != topology.ReadsLocal ||
		*got.LocalPostgres != own {
		t.Errorf("the configuration has become %+v", got)
	}
}
