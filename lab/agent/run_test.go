package agent

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/regionfall/regionfall/lab/topology"
)

func TestBuildRejects(t *testing.T) {
	for _, c := range []struct{ name, settings, want string }{
		{"replicater", `{}`, `no agent is called "replicater"`},
		{"replicator", ``, topology.AgentConfigEnv},
		{"replicator", `{"evry": 5}`, "evry"},
		{"replicator", `{} {}`, "more than one"},
		{"replicator", `{"region": "us-east-1"}`, "no sources"},
		{"replicator", `{"local": {"region": "a"}, "sources": [{"region": "a"}]}`, "from itself"},
		{"nameservice", `{}`, "targets"},
	} {
		if _, err := build(c.name, c.settings, NewMarks("")); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s with %s: %v, want it to mention %s", c.name, c.settings, err, c.want)
		}
	}
}

// A replicator whose stores are gone serves its routes, says that it reaches nothing, and ends when told, also while it is polled.
func TestServeUntilTheEnd(t *testing.T) {
	defer goleak.VerifyNone(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := topology.Endpoint{Region: east, Address: "127.0.0.1:1"}
	svc, err := newReplicator(ReplicatorConfig{
		Region:  west,
		Local:   Stores{Region: west, S3: gone, DynamoDB: gone},
		Sources: []Stores{{Region: east, S3: gone, DynamoDB: gone}},
		Objects: true,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, listener, svc, NewMarks("replicator.us-west-2")) }()

	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	get := func(path string) *http.Response {
		response, err := client.Get("http://" + listener.Addr().String() + path)
		if err != nil {
			t.Fatal(err)
		}
		return response
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		var lags []Lag
		response := get("/lag")
		err := json.NewDecoder(response.Body).Decode(&lags)
		response.Body.Close()
		if err != nil || len(lags) != 1 || lags[0].Source != east || lags[0].Store != "objects" {
			t.Fatalf("GET /lag: %v %+v", err, lags)
		}
		if lags[0].Reachable || lags[0].LastPassMSAgo != nil {
			t.Fatalf("stores that are gone are shown as %+v", lags[0])
		}
		if strings.Contains(lags[0].Error, "list objects of us-") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("no error shown within 10 s: %+v", lags[0])
		}
	}
	alive := get("/healthz")
	_ = alive.Body.Close()
	if alive.StatusCode != http.StatusOK {
		t.Errorf("GET /healthz: %s", alive.Status)
	}
	polled := make(chan struct{})
	go func() {
		defer close(polled)
		if response, err := client.Get("http://" + listener.Addr().String() + "/marks?wait=1m"); err == nil {
			response.Body.Close()
		}
	}()
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("ended with %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Error("still serving 5 s after the end")
	}
	<-polled
}
