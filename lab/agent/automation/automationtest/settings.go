package automationtest

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/agent/configs"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// Settings are complete, and lead nowhere.
func Settings() api.AutomationConfig {
	nowhere := topology.Endpoint{Region: "west", Address: "127.0.0.1:1"}
	return api.AutomationConfig{
		Region: "west", Home: "east", Check: topology.HealthCheck{Interval: time.Second, Threshold: 3},
		StepTimeout: time.Second,
		Strategy:    topology.WarmStandby, HomeHealth: "http://127.0.0.1:1", HomePostgres: nowhere,
		Nameservice: "http://127.0.0.1:1",
		Postgres:    nowhere, Redis: nowhere, S3: nowhere, DynamoDB: nowhere, Repository: "http://127.0.0.1:1",
		Published: "http://127.0.0.1:1", AppsReady: []string{"http://127.0.0.1:1"},
	}
}

// Repository serves a repository with documents, and returns the URL of its agent.
func Repository(t *testing.T, documents ...topology.Config) string {
	t.Helper()
	r, err := configs.NewRepository(api.RepositoryConfig{
		Dir:       filepath.Join(t.TempDir(), "config.git"),
		Documents: documents,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	r.Routes(mux)
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}
