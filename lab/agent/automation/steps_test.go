package automation

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/agent/nameservice"
	"github.com/regionfall/regionfall/lab/agent/runtime"

	"github.com/regionfall/regionfall/lab/api"

	"github.com/regionfall/regionfall/lab/topology"
)

func TestReplacedFileIsOldOrNew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	write := func(content string, fail error) error {
		return runtime.ReplaceFile(path, func(w io.Writer) error {
			_, err := io.WriteString(w, content)
			return errors.Join(err, fail)
		})
	}
	if err := write("old", nil); err != nil {
		t.Fatal(err)
	}
	torn := errors.New("torn")
	if err := write("half", torn); !errors.Is(err, torn) {
		t.Errorf("the error is %v, want %v", err, torn)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "old" {
		t.Errorf("the file is %q, %v after a write that failed", got, err)
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
			}
			if got, err := os.ReadFile(path); err != nil || (string(got) != "old" && string(got) != "new") {
				t.Errorf("a reader saw %q, %v", got, err)
				return
			}
		}
	}()
	for range 50 {
		if err := write("new", nil); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	<-stopped
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("the file is %v, %v, want one that all can read", info, err)
	}
}

// names is a real name service, without its DNS, that answers east.
func names(t *testing.T) (*nameservice.Server, nameClient) {
	t.Helper()
	return namesOf(t, api.NameserviceConfig{Targets: []api.Target{
		{Region: "east", Host: "127.0.0.1", Port: 1, Health: "http://127.0.0.1:1"},
		{Region: "west", Host: "127.0.0.1", Port: 2, Health: "http://127.0.0.1:2"},
	}})
}

// namesOf is one with such targets, which are all healthy.
func namesOf(t *testing.T, cfg api.NameserviceConfig) (*nameservice.Server, nameClient) {
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
	return service.(*nameservice.Server), nameClient{base: server.URL}
}

func TestWitness(t *testing.T) {
	service, client := names(t)
	witness := nameWitness{names: client, home: "east"}
	if err := witness.SeesLoss(t.Context()); err == nil || !strings.Contains(err.Error(), "sees east healthy") {
		t.Errorf("of a healthy region it says %v", err)
	}
	service.Observe(0, errors.New("refused"))
	if err := witness.SeesLoss(t.Context()); err != nil {
		t.Errorf("of a region that fails its checks it says: %v", err)
	}
	if err := (nameWitness{names: client, home: "north"}).SeesLoss(t.Context()); err == nil {
		t.Error("it agrees to the loss of a region that it does not know")
	}
	if err := (nameWitness{
		names: nameClient{base: "http://127.0.0.1:1"},
		home:  "east",
	}).SeesLoss(t.Context()); err == nil {
		t.Error("a witness that cannot be reached agrees")
	}
}

func TestWitnessAnswersThatSayNothing(t *testing.T) {
	for _, body := range []string{"", "{}", "null", `{"primary":"east","answer":"east","targets":[]}`, "<html>"} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_,
				_ = io.WriteString(w, body)
		}))
		if err := (nameWitness{names: nameClient{base: server.URL}, home: "east"}).SeesLoss(t.Context()); err == nil {
			t.Errorf("the answer %q counts as agreement", body)
		}
		server.Close()
	}
}

func TestRedirect(t *testing.T) {
	service, client := names(t)
	step := redirect{names: client, region: "west"}
	for _, want := range []string{"west, instead of east", "west, was so already"} {
		if detail, err := step.Do(t.Context()); err != nil || detail != want {
			t.Errorf("it says %q, %v, want %q", detail, err, want)
		}
	}
	if got := service.RecordHealth(); got.Primary != "west" || got.Answer != "west" || got.Generation != 2 {
		t.Errorf("the name service is at %+v", got)
	}
}

func TestRedirectAgain(t *testing.T) {
	for name, c := range map[string]struct {
		ordered string // since the name service started
		want    string
	}{
		"forgotten": {"", "west, instead of east"},
		"in force":  {"west", ""},
		"overruled": {"east", ""}, // by a failback
	} {
		t.Run(name, func(t *testing.T) {
			service, client := names(t)
			if c.ordered != "" && !service.Redirect(c.ordered) {
				t.Fatalf("no redirect to %s", c.ordered)
			}
			step := redirect{names: client, region: "west"}
			for _, want := range []string{c.want, ""} {
				if detail, err := step.Again(t.Context()); err != nil || detail != want {
					t.Errorf("it says %q, %v, want %q", detail, err, want)
				}
			}
			if got := service.RecordHealth().Answer; (got == "west") != (c.ordered != "east") {
				t.Errorf("the answer is %s", got)
			}
		})
	}
	if _, err := (redirect{
		names:  nameClient{base: "http://127.0.0.1:1"},
		region: "west",
	}).Again(t.Context()); err == nil {
		t.Error("no error from a name service that is gone")
	}
}

func TestRedirectWaitsForTheAnswer(t *testing.T) {
	service, client := names(t)
	service.Observe(1, errors.New("not ready")) // west fails its checks, so east is answered whoever is primary
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := (redirect{names: client, region: "west"}).Do(ctx); err == nil ||
		!strings.Contains(err.Error(), "it answers east") {
		t.Errorf("the error is %v, want what the name service answers", err)
	}
}

func TestHomeIsLostOnlyWhenAppAndDatabaseFail(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer app.Close()
	cfg := settings()
	if got := newHomeProbe(cfg).Look(t.Context()); got.alive ||
		got.said != "app: connection refused; postgres: connection refused" {
		t.Errorf("nobody answers, and it sees %+v", got)
	}
	cfg.HomeHealth = app.URL
	if got := newHomeProbe(cfg).Look(t.Context()); !got.alive || !strings.Contains(got.said, "app: ok") {
		t.Errorf("the app answers, and it sees %+v", got)
	}
}

func TestProgressWithoutTraces(t *testing.T) {
	cfg := settings()
	cfg.RestoreFile = filepath.Join(t.TempDir(), "base.tar")
	world := labWorld{cfg: cfg, names: nameClient{base: cfg.Nameservice}}
	if p, why := world.Progress(t.Context()); p != progressNone {
		t.Errorf("nothing answers, and it finds %v, %q", p, why)
	}
	if world.HomeWasThere(t.Context()) {
		t.Error("nothing answers, and it finds that home was there")
	}
	world.cfg.Strategy = topology.BackupRestore
	if err := os.WriteFile(cfg.RestoreFile, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if p, why := world.Progress(t.Context()); p != progressDecided {
		t.Errorf("a base backup was handed over, and it finds %v, %q", p, why)
	}
}

func TestStateIsJSON(t *testing.T) {
	got, err := json.Marshal(api.AutomationState{State: "acting", Step: "promote", SinceMS: 5})
	if err != nil || string(got) != `{"state":"acting","step":"promote","since_ms":5,"serves":""}` {
		t.Errorf("it is %s, %v", got, err)
	}
}
