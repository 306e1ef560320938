package history

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func record(r *Recorder, ops int) {
	if r.Snapshot().Heading == (Heading{}) { // there is one
		r.Heading(Heading{ScenarioSHA256: "5ca1e", Timescale: 360})
	}
	r.Phase(PhaseWorkload)
	r.Stall(Interval{2, 4})
	r.Machine(Machine{At: Interval{1, 5}, Late: 2, Waiting: new(0.25)})
	r.Machine(Machine{At: Interval{5, 6}})
	r.Control(Control{Region: "us-east-1", Due: 1, Sent: 2, Done: 3})
	fault := Fault{Name: "lose_region", Target: "us-east-1", Regions: []string{"us-east-1"}, Command: 5}
	r.Fault(fault)
	r.Step(Step{Action: ActionInject, Of: "lose_region", Target: "us-east-1", Due: 4, Began: 5})
	r.Step(Step{Action: "heal", Of: "lose_region", Waited: true, Due: 7, Began: 7})
	for i := range ops {
		r.Op(Op{Seq: int64(i), Kind: Write, ID: fmt.Sprint("v", i), Due: time.Duration(i), Outcome: OK, Attempts: 1})
	}
	r.Mark(Mark{At: Interval{6, 7}, Source: "automation.us-west-2", Name: "promoted"})
	fault.Effective, fault.Confirmed = &Interval{5, 6}, true
	r.Fault(fault)
	r.Read(FinalRead{
		Read: BeforeReturn, Store: StorePostgres, Region: "us-west-2", At: At(9),
		IDs: []string{"v0", "v0"},
	})
	r.Lag(LagSight{
		At: Interval{3, 4}, Store: StoreObjects, From: "us-east-1", To: "us-west-2",
		Behind: new(time.Duration(7)),
	})
	r.Lag(LagSight{At: Interval{3, 4}, Store: StoreItems, From: "us-east-1", To: "us-west-2"})
	r.Sight(PipelineSight{
		At: Interval{3, 4}, Part: PartOutput, Stage: "4", Partition: "3", Object: "4/3",
		Version: "a",
	})
	r.Portion(Portion{
		At: Interval{8, 9}, Region: "us-east-1", Part: PartInput, Partition: "3", Object: "3", Records: 2,
		SHA256: "5ca1e", Keys: []string{"a", "a"},
	})
	r.Phase(PhaseEnd)
}

func TestWhatIsRecordedIsLoaded(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "drill")
	r, err := NewRecorder(dir)
	if err != nil {
		t.Fatal(err)
	}
	record(r, 1000)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
	got, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r.Snapshot(), got); diff != "" {
		t.Errorf("loaded, not recorded:\n%s", diff)
	}
	if len(got.Ops) != 1000 || len(got.Faults) != 1 || !got.Faults[0].Confirmed {
		t.Errorf("%d operations, faults %+v", len(got.Ops), got.Faults)
	}
	r.Op(Op{})
	if err := r.Err(); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("an operation after the end went unnoticed: %v", err)
	}
}

func TestSnapshotStaysAsItWas(t *testing.T) {
	r, err := NewRecorder("")
	if err != nil {
		t.Fatal(err)
	}
	record(r, 3)
	h := r.Snapshot()
	before := fmt.Sprint(h)
	r.Fault(Fault{Name: "lose_region", Target: "us-east-1", Command: 5, By: "healed"})
	record(r, 3)
	if after := fmt.Sprint(h); after != before {
		t.Errorf("a snapshot changed from %s to %s", before, after)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestRecorderIsSafeForConcurrentUse(t *testing.T) {
	r, err := NewRecorder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 200 {
				r.Op(Op{Kind: Read, Attempts: 1, Due: r.Now()})
				r.Mark(Mark{Name: "health"})
				_ = len(r.Snapshot().Ops)
			}
		})
	}
	wait.Wait()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if h := r.Snapshot(); len(h.Ops) != 1600 || len(h.Marks) != 1600 {
		t.Errorf("%d operations and %d marks, want 1600 each", len(h.Ops), len(h.Marks))
	}
}

func TestFullDiskIsReported(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("this system has no /dev/full")
	}
	for _, file := range []string{OpsFile, EventsFile} {
		dir := t.TempDir()
		if err := os.Symlink("/dev/full", filepath.Join(dir, file)); err != nil {
			t.Fatal(err)
		}
		r, err := NewRecorder(dir)
		if file == OpsFile {
			if err == nil || !strings.Contains(err.Error(), "no space left") {
				t.Errorf("%s: got error %v", file, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		record(r, 1)
		if err := r.Err(); err == nil || !strings.Contains(err.Error(), "no space left") {
			t.Errorf("%s: Err says %v", file, err)
		}
		if err := r.Close(); err == nil || !strings.Contains(err.Error(), "no space left") {
			t.Errorf("%s: Close says %v", file, err)
		}
	}
}

func TestFailedWriteOfOperationsIsKept(t *testing.T) {
	r, err := NewRecorder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := r.ops.file.Close(); err != nil { // from here on writes fail
		t.Fatal(err)
	}
	record(r, 10)
	if err := r.Close(); err == nil || !strings.Contains(err.Error(), "record operations") {
		t.Errorf("got %v", err)
	}
	if n := len(r.Snapshot().Ops); n != 10 {
		t.Errorf("%d operations in memory, want all 10", n)
	}
}

// A harness that is killed leaves what it had recorded, but for the last moments.
func TestKilledHarnessLeavesAReadablePrefix(t *testing.T) {
	const ops = 640
	dir := os.Getenv("HISTORY_KILLED_IN")
	if dir != "" { // the harness that will be killed
		r, err := NewRecorder(dir)
		if err != nil {
			t.Fatal(err)
		}
		record(r, ops)
		fmt.Println("recorded")
		select {}
	}
	dir = t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), "HISTORY_KILLED_IN="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var word string
	if _, err := fmt.Fscan(out, &word); err != nil || word != "recorded" {
		t.Fatalf("the harness says %q: %v", word, err)
	}
	var h History
	for deadline := time.Now().Add(10 * time.Second); len(h.Ops) < ops && time.Now().Before(deadline); {
		if h, err = Load(dir); err != nil { // while it runs its recording reads like a killed one's
			t.Fatal(err)
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed: that is its error
	h, err = Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !h.Truncated || len(h.Ops) != ops || len(h.Phases) != 2 || len(h.Reads) != 1 {
		t.Errorf("truncated %v, %d operations, %d phases, %d reads", h.Truncated, len(h.Ops), len(h.Phases),
			len(h.Reads))
	}
}
