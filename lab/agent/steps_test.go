package agent

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/lab/topology"
)

// standby is a region whose configuration leads to the home region, with an app that takes each new revision when asked a second time.
func standby(t *testing.T) AutomationConfig {
	t.Helper()
	cfg := settings()
	cfg.ConfigFile = filepath.Join(t.TempDir(), "region.json")
	east := topology.Endpoint{Region: "east", Address: "hub:20001"}
	if err := writeConfig(cfg.ConfigFile, topology.Config{
		Revision: 4, Region: "west", AppNodes: 1, Postgres: east, Redis: east, S3: cfg.S3, DynamoDB: cfg.DynamoDB, MirrorS3: &east, MirrorDynamoDB: &east,
	}); err != nil {
		t.Fatal(err)
	}
	var inForce atomic.Int64
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c, err := readConfig(cfg.ConfigFile)
		if err != nil {
			t.Errorf("the app read: %v", err)
		}
		w.Header().Set(revisionHeader, strconv.FormatInt(inForce.Swap(int64(c.Revision)), 10))
	}))
	t.Cleanup(app.Close)
	cfg.AppsReady = []string{app.URL}
	return cfg
}

func TestRepointLeavesNoOtherRegion(t *testing.T) {
	cfg := standby(t)
	detail, err := newRepoint(cfg, map[string]bool{}).Do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got, err := readConfig(cfg.ConfigFile)
	if err != nil {
		t.Fatal(err)
	}
	want := topology.Config{
		Revision: 5, Region: "west", AppNodes: 1, Postgres: cfg.Postgres, Redis: cfg.Redis, S3: cfg.S3, DynamoDB: cfg.DynamoDB,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
	if detail != "revision 5, rewritten" {
		t.Errorf("the detail is %q", detail)
	}

	before, err := os.Stat(cfg.ConfigFile)
	if err != nil {
		t.Fatal(err)
	}
	detail, err = newRepoint(cfg, map[string]bool{}).Do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(cfg.ConfigFile)
	if err != nil {
		t.Fatal(err)
	}
	if !os.SameFile(before, after) || detail != "revision 5, was so already" {
		t.Errorf("done again, it changed the file: %q", detail)
	}
	if entries, err := os.ReadDir(filepath.Dir(cfg.ConfigFile)); err != nil || len(entries) != 2 { // the other is the lock
		t.Errorf("beside the configuration there is something else: %v, %v", entries, err)
	}
}

func TestRepointWaitsForTheRevision(t *testing.T) {
	cfg := standby(t)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set(revisionHeader, "4") }))
	defer app.Close()
	cfg.AppsReady = []string{app.URL}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := newRepoint(cfg, map[string]bool{}).Do(ctx); err == nil || !strings.Contains(err.Error(), "ready with revision 4") {
		t.Errorf("the error is %v, want that the app has the old revision", err)
	}
}

// A dead node costs the failover one deadline, and not the failover; nor does another step wait for it.
func TestStepsGoOnWithTheNodesThatAreReady(t *testing.T) {
	cfg := standby(t)
	const dead = "http://127.0.0.1:1"
	good := cfg.AppsReady[0]
	late := map[string]bool{}
	attempt := func(step *publishing) (string, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		return step.Do(ctx)
	}
	cfg.AppsReady = []string{dead}
	if _, err := attempt(newRepoint(cfg, late)); err == nil || len(late) > 0 {
		t.Errorf("no node is ready: %v, and late are %v", err, late)
	}
	cfg.AppsReady = []string{good, dead}
	out := newScaleOut(cfg, late)
	if _, err := attempt(out); err == nil || !strings.Contains(err.Error(), "connection refused") || !late[dead] {
		t.Errorf("one of two is dead, and the first attempt ends with %v", err)
	}
	if detail, err := attempt(out); err != nil || detail != "revision 6, was so already, 1 ready" {
		t.Errorf("the second attempt ends with %q, %v", detail, err)
	}
	if detail, err := attempt(newRepoint(cfg, late)); err != nil || detail != "revision 6, was so already, 1 ready" {
		t.Errorf("another step ends with %q, %v", detail, err)
	}
	late[good], late[dead] = false, true
	cfg.AppsReady = []string{dead, good} // who was late is the only one
	out = newScaleOut(cfg, map[string]bool{good: true})
	if _, err := attempt(out); err == nil {
		t.Error("no node that is waited for is ready, and the step is done")
	}
	if _, err := attempt(out); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("the one that is back is not looked at: %v", err)
	}
	if detail, err := attempt(out); err != nil || !strings.HasSuffix(detail, "1 ready") {
		t.Errorf("the one that is back does not count: %q, %v", detail, err)
	}
}

func TestScaleOutHasAllNodesRun(t *testing.T) {
	cfg := standby(t)
	cfg.AppsReady = []string{cfg.AppsReady[0], cfg.AppsReady[0]}
	for _, want := range []string{"revision 5, app nodes: 2 instead of 1", "revision 5, was so already"} {
		if detail, err := newScaleOut(cfg, map[string]bool{}).Do(t.Context()); err != nil || detail != want {
			t.Errorf("it says %q, %v, want %q", detail, err, want)
		}
	}
	if got, err := readConfig(cfg.ConfigFile); err != nil || got.AppNodes != 2 || got.Postgres.Region != "east" {
		t.Errorf("the configuration has become %+v, %v", got, err)
	}
}

// An app that is not the sample app names no revision, and may say in another way that it is ready.
func TestRepointTakesAnAppAtItsWord(t *testing.T) {
	cfg := standby(t)
	says := http.StatusServiceUnavailable
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(says)
		says = http.StatusNoContent
	}))
	defer app.Close()
	cfg.AppsReady = []string{app.URL}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := newRepoint(cfg, map[string]bool{}).Do(ctx); err != nil {
		t.Error(err)
	}
}

func TestRepointKeepsWhatItDoesNotKnow(t *testing.T) {
	cfg := standby(t)
	unknown := []byte(`{"revision": 4, "region": "west", "feature_flags": {}}`)
	if err := os.WriteFile(cfg.ConfigFile, unknown, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := newRepoint(cfg, map[string]bool{}).Do(t.Context())
	got, readErr := os.ReadFile(cfg.ConfigFile)
	if err == nil || readErr != nil || string(got) != string(unknown) {
		t.Errorf("error %v; the file has become %s, %v", err, got, readErr)
	}
}

func TestReplacedFileIsOldOrNew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	write := func(content string, fail error) error {
		return replaceFile(path, func(w io.Writer) error {
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
func names(t *testing.T) (*nameservice, nameClient) {
	t.Helper()
	service, err := newNameservice(NameserviceConfig{
		Record: topology.RecordName, Check: topology.HealthCheck{Interval: time.Second, Threshold: 1},
		Targets: []Target{
			{Region: "east", Host: "127.0.0.1", Port: 1, Health: "http://127.0.0.1:1"},
			{Region: "west", Host: "127.0.0.1", Port: 2, Health: "http://127.0.0.1:2"},
		},
	}, NewMarks("nameservice"))
	if err != nil {
		t.Fatal(err)
	}
	for target := range 2 {
		service.(*nameservice).observe(target, nil)
	}
	mux := http.NewServeMux()
	service.Routes(mux)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return service.(*nameservice), nameClient{base: server.URL}
}

func TestWitness(t *testing.T) {
	service, client := names(t)
	witness := nameWitness{names: client, home: "east"}
	if err := witness.SeesLoss(t.Context()); err == nil || !strings.Contains(err.Error(), "sees east healthy") {
		t.Errorf("of a healthy region it says %v", err)
	}
	service.observe(0, errors.New("refused"))
	if err := witness.SeesLoss(t.Context()); err != nil {
		t.Errorf("of a region that fails its checks it says: %v", err)
	}
	if err := (nameWitness{names: client, home: "north"}).SeesLoss(t.Context()); err == nil {
		t.Error("it agrees to the loss of a region that it does not know")
	}
	if err := (nameWitness{names: nameClient{base: "http://127.0.0.1:1"}, home: "east"}).SeesLoss(t.Context()); err == nil {
		t.Error("a witness that cannot be reached agrees")
	}
}

func TestWitnessAnswersThatSayNothing(t *testing.T) {
	for _, body := range []string{"", "{}", "null", `{"primary":"east","answer":"east","targets":[]}`, "<html>"} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
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
	if got := service.recordHealth(); got.Primary != "west" || got.Answer != "west" || got.Generation != 2 {
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
			if c.ordered != "" && !service.redirect(c.ordered) {
				t.Fatalf("no redirect to %s", c.ordered)
			}
			step := redirect{names: client, region: "west"}
			for _, want := range []string{c.want, ""} {
				if detail, err := step.Again(t.Context()); err != nil || detail != want {
					t.Errorf("it says %q, %v, want %q", detail, err, want)
				}
			}
			if got := service.recordHealth().Answer; (got == "west") != (c.ordered != "east") {
				t.Errorf("the answer is %s", got)
			}
		})
	}
	if _, err := (redirect{names: nameClient{base: "http://127.0.0.1:1"}, region: "west"}).Again(t.Context()); err == nil {
		t.Error("no error from a name service that is gone")
	}
}

func TestRedirectWaitsForTheAnswer(t *testing.T) {
	service, client := names(t)
	service.observe(1, errors.New("not ready")) // west fails its checks, so east is answered whoever is primary
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := (redirect{names: client, region: "west"}).Do(ctx); err == nil || !strings.Contains(err.Error(), "it answers east") {
		t.Errorf("the error is %v, want what the name service answers", err)
	}
}

func TestHomeIsLostOnlyWhenAppAndDatabaseFail(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer app.Close()
	cfg := settings()
	if got := newHomeProbe(cfg).Look(t.Context()); got.alive || got.said != "app: connection refused; postgres: connection refused" {
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
	got, err := json.Marshal(AutomationState{State: "acting", Step: "promote", SinceMS: 5})
	if err != nil || string(got) != `{"state":"acting","step":"promote","since_ms":5}` {
		t.Errorf("it is %s, %v", got, err)
	}
}
