package automationtest

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/agent/nameservice"
	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// Names is a real name service, without its DNS, that answers east, with its URL.
func Names(t *testing.T) (*nameservice.Server, string) {
	t.Helper()
	return NamesOf(t, api.NameserviceConfig{Targets: []api.Target{
		{Region: "east", Host: "127.0.0.1", Port: 1, Health: "http://127.0.0.1:1"},
		{Region: "west", Host: "127.0.0.1", Port: 2, Health: "http://127.0.0.1:2"},
	}})
}

// NamesOf is one with such targets, which are all healthy.
func NamesOf(t *testing.T, cfg api.NameserviceConfig) (*nameservice.Server, string) {
	t.Helper()
	cfg.Record, cfg.Check = topology.RecordName, topology.HealthCheck{Interval: time.Second, Threshold: 1}
	service, err := nameservice.New(cfg, runtime.NewMarks("nameservice"))
	if err != nil {
		t.Fatal(err)
	}
	for target := range cfg.Targets {
		service.(*nameservice.Server).Observe(target, nil)
	}
	mux := http.NewServeMux()
	service.Routes(mux)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return service.(*nameservice.Server), server.URL
}
