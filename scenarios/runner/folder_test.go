package runner

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/regionfall/regionfall/scenarios"
	"github.com/regionfall/regionfall/scenarios/drill"
	"github.com/regionfall/regionfall/scenarios/evidence"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

const ms = time.Millisecond

// example promises a recovery point of 2.5 s and a recovery time of 20 s in lab time.
const example = `name: example
summary: us-east-1 is lost
timescale: 360
steps:
  - at: 18m
    inject: {lose_region: {region: us-east-1}}
objectives:
  recovery_point: 15m
  recovery_time: {within: 2h, window: 10m}
expect: pass
`

// The drill in the folder: us-east-1 is lost at 5 s and us-west-2 serves from 7 s on. Nothing is lost but what a test
// takes away.
const (
	lostAt = 5 * time.Second
	backAt = 7 * time.Second
	ends   = 12 * time.Second
	healed = 13 * time.Second
)

// recorded is the history of that drill. Each operation takes 10 ms; every third is a read.
func recorded(t *testing.T, rec *history.Recorder) history.History {
	t.Helper()
	rec.Phase(history.PhaseWorkload)
	rec.Phase(history.PhaseSteady)
	var acked []string
	for i := int64(0); time.Duration(i)*time.Second/45 < ends; i++ {
		at := 10*ms + time.Duration(i)*time.Second/45
		op := history.Op{
			Seq: i, Kind: history.Write, ID: fmt.Sprintf("v-%03d", i), Due: at, Sent: at, Done: at + 10*ms,
			Outcome: history.OK, Status: 201, Region: "us-east-1", Attempts: 1,
		}
		switch {
		case at >= backAt:
			op.Region = "us-west-2"
		case op.Done >= lostAt:
			op.Outcome, op.Status, op.Error = history.Failed, 0, "not sent: dial: connection refused"
		}
		if i%3 == 2 {
			op.Kind, op.ID = history.Read, acked[len(acked)-1]
		} else if op.Outcome == history.OK {
			acked = append(acked, op.ID)
		}
		rec.Op(op)
	}
	fault := history.Fault{
		Name: "lose_region", Target: "us-east-1", Regions: []string{"us-east-1"}, Command: lostAt - 20*ms,
		Confirmed: true,
		Effective: &history.Interval{Lo: lostAt, Hi: lostAt + 5*ms}, By: "clients get no answer",
	}
	rec.Fault(fault)
	read := func(which string, at time.Duration) {
		for _, store := range []string{
			history.StorePostgres, history.StoreObjects, history.StoreItems, history.StoreCode,
		} {
			rec.Read(history.FinalRead{
				Read: which, Store: store, Region: "us-west-2", At: history.Interval{Lo: at, Hi: at + 50*ms},
				IDs: acked,
			})
		}
	}
	read(history.BeforeReturn, ends+500*ms)
	fault.Healed = &history.Interval{Lo: healed, Hi: healed + 50*ms}
	rec.Fault(fault)
	read(history.AfterReconciliation, healed+time.Second)
	rec.Phase(history.PhaseStop)
	rec.Phase(history.PhaseEnd)
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	return rec.Snapshot()
}

// folder is the evidence of the drill as Run leaves it, judged at a timescale.
func folder(t *testing.T, source string, timescale float64) string {
	t.Helper()
	return folderBy(t, source, timescale, record)
}

// oldFolder is the same as versions left it whose results were of the first schema: their recordings had no heading and
// no closing line.
func oldFolder(t *testing.T, source string, timescale float64) string {
	t.Helper()
	dir := folderBy(t, source, timescale, func(dir string, _ drill.Plan) (*history.Recorder,
		error,
	) {
		return history.NewRecorder(dir)
	})
	events := eventsOf(t, dir)
	rewrite(t, filepath.Join(dir, history.EventsFile), slices.Concat(events[:len(events)-1]...))
	path := filepath.Join(dir, evidence.FileResult)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var r map[string]any
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	r["schema"] = "regionfall-result/v1"
	for _, key := range []string{"incidents", "harness", "host", "began", "ended"} {
		delete(r, key)
	}
	for _, f := range r["faults"].([]any) {
		delete(f.(map[string]any), "role")
	}
	r["lab"].(map[string]any)["images"] = []map[string]string{{"name": "app regionfall/app:12", "id": "sha256:ab"}}
	if data, err = json.MarshalIndent(r, "", "  "); err != nil {
		t.Fatal(err)
	}
	rewrite(t, path, data)
	return dir
}

func folderBy(t *testing.T, source string, timescale float64,
	begin func(string, drill.Plan) (*history.Recorder, error),
) string {
	t.Helper()
	s, err := scenarios.Parse("example.yaml", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.WithTimescale(timescale).Compile()
	if err != nil {
		t.Fatal(err)
	}
	return folderOf(t, plan, begin)
}

func folderOf(t *testing.T, plan drill.Plan, begin func(string, drill.Plan) (*history.Recorder, error)) string {
	t.Helper()
	dir := t.TempDir()
	rec, err := begin(dir, plan)
	if err != nil {
		t.Fatal(err)
	}
	h := recorded(t, rec)
	r := evidence.New(evidence.Drill{
		Scenario: ScenarioOf(plan), Status: evidence.Completed, History: h,
		Report: measure.Judge(h, plan.Judge), Expect: evidence.Expect{
			Fail:     plan.Expect.Fail,
			Findings: plan.Expect.Findings,
		},
		Lab: evidence.Lab{Engine: "docker 20.10", AWS: "packages", Ready: new(measure.Near(6800 * time.Millisecond))},
	})
	if err := evidence.Write(dir, r, h, files(plan)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// eventsOf are the lines of a folder's events, each with its end.
func eventsOf(t *testing.T, dir string) [][]byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, history.EventsFile))
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(bytes.Lines(data))
}

// opsOf is the same of its operations.
func opsOf(t *testing.T, dir string) [][]byte {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, history.OpsFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zip, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(zip)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(bytes.Lines(data))
}

// rewriteOps leaves these operations in a folder.
func rewriteOps(t *testing.T, dir string, lines [][]byte) {
	t.Helper()
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	for _, line := range lines {
		if _, err := zip.Write(line); err != nil {
			t.Fatal(err)
		}
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	rewrite(t, filepath.Join(dir, history.OpsFile), out.Bytes())
}

func rewrite(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// replace changes a file of a folder.
func replace(t *testing.T, dir, name, old, with string) {
	t.Helper()
	path := filepath.Join(dir, name)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(data, []byte(old)) {
		t.Fatalf("%s has no %q", name, old)
	}
	if err := os.WriteFile(path, bytes.ReplaceAll(data, []byte(old), []byte(with)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// lose takes the write that was sent at a time out of every reading of a store, and gives its id.
func lose(t *testing.T, dir, store string, at time.Duration) (id string) {
	t.Helper()
	h, err := history.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range h.Ops {
		if op.Kind == history.Write && op.Outcome == history.OK && op.Sent >= at {
			id = op.ID
			break
		}
	}
	var events []byte
	data, err := os.ReadFile(filepath.Join(dir, history.EventsFile))
	if err != nil {
		t.Fatal(err)
	}
	taken := 0
	for line := range bytes.Lines(data) {
		var e struct {
			Type string          `json:"type"`
			At   int64           `json:"at_ns"`
			Data json.RawMessage `json:"data"`
		}
		var r history.FinalRead
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		if e.Type == "final_read" {
			if err := json.Unmarshal(e.Data, &r); err != nil {
				t.Fatal(err)
			}
			if i := slices.Index(r.IDs, id); r.Store == store && i >= 0 {
				r.IDs = slices.Delete(r.IDs, i, i+1)
				taken++
			}
			if e.Data, err = json.Marshal(r); err != nil {
				t.Fatal(err)
			}
		}
		if line, err = json.Marshal(e); err != nil {
			t.Fatal(err)
		}
		events = append(append(events, line...), '\n')
	}
	if taken != 2 {
		t.Fatalf("%s was in %d readings of %s, want 2", id, taken, store)
	}
	if err := os.WriteFile(filepath.Join(dir, history.EventsFile), events, 0o600); err != nil {
		t.Fatal(err)
	}
	return id
}
