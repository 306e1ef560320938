package agent

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/regionfall/regionfall/lab/agent/replicator"
	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
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
		{"repository", `{"dir": "/nowhere"}`, "documents"},
		{"responder", `{"delay": 5}`, "delay"},
		{"supervisor", `{"runs_from": 1}`, "command"},
	} {
		if _, err := build(c.name, c.settings, runtime.NewMarks("")); err == nil ||
			!strings.Contains(err.Error(), c.want) {
			t.Errorf("%s with %s: %v, want it to mention %s", c.name, c.settings, err, c.want)
		}
	}
}

// A replicator whose stores are gone serves its routes, says that it reaches nothing, and ends when told, also while it
// is polled.
func TestServeUntilTheEnd(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := topology.Endpoint{Region: "us-east-1", Address: "127.0.0.1:1"}
	svc, err := replicator.New(api.ReplicatorConfig{
		Region:  "us-west-2",
		Local:   api.Stores{Region: "us-west-2", S3: gone, DynamoDB: gone},
		Sources: []api.Stores{{Region: "us-east-1", S3: gone, DynamoDB: gone}},
		Objects: true,

		Repository:    "http://127.0.0.1:1",
		PublishedFile: filepath.Join(t.TempDir(), "published.json"),
		ConfigFile:    filepath.Join(t.TempDir(), "region.json"),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- runtime.Serve(ctx, listener, svc, runtime.NewMarks("replicator.us-west-2")) }()

	// as slow as the machine: go test has a limit of its own
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	get := func(path string) (int, []byte) {
		response, err := client.Get("http://" + listener.Addr().String() + path)
		if err != nil {
			t.Error(err)
			return 0, nil
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Error(err)
		}
		return response.StatusCode, body
	}
	err = runtime.Poll(t.Context(), 5*time.Millisecond, func(context.Context) error {
		var lags []api.Lag
		_, body := get("/lag")
		if err := json.Unmarshal(body, &lags); err != nil || len(lags) != 1 || lags[0].Source != "us-east-1" ||
			lags[0].Store != "objects" {
			t.Errorf("GET /lag: %v %s", err, body)
			return nil
		}
		if lags[0].Reachable || lags[0].LastPassMSAgo != nil {
			t.Errorf("stores that are gone are shown as %+v", lags[0])
		}
		if lags[0].Error == "" {
			return errors.New("no error shown yet")
		}
		if !strings.Contains(lags[0].Error, "list objects of us-") {
			t.Errorf("the error shown is %s", lags[0].Error)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if code, _ := get("/healthz"); code != http.StatusOK {
		t.Errorf("GET /healthz: %d", code)
	}
	// and somebody who only connects does not make the end a failure
	silent, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	asked, polled := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(polled)
		ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
			WroteRequest: func(httptrace.WroteRequestInfo) { close(asked) },
		})
		request, err := http.NewRequestWithContext(ctx, http.MethodGet,
			"http://"+listener.Addr().String()+"/marks?wait=1m", http.NoBody)
		if err != nil {
			t.Error(err)
			return
		}
		if response, err := client.Do(request); err == nil {
			response.Body.Close()
		}
	}()
	<-asked
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("ended with %v", err)
	}
	<-polled
}
