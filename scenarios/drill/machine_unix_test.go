//go:build unix

package drill

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// A harness that is stopped for a second, by a signal that it can't catch, finds out.
func TestAHarnessThatIsStoppedIsSeen(t *testing.T) {
	const place, stopped = "DRILL_STOPPED_IN", time.Second
	if dir := os.Getenv(place); dir != "" { // the harness that will be stopped
		rec, err := history.NewRecorder(dir)
		if err != nil {
			t.Fatal(err)
		}
		stop := followMachine(rec, t.Logf)
		fmt.Println("running")
		_, _ = io.Copy(io.Discard, os.Stdin) // until it is closed
		stop()
		if err := rec.Close(); err != nil {
			t.Fatal(err)
		}
		return
	}
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), place+"="+dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if word, err := bufio.NewReader(out).ReadString('\n'); err != nil || word != "running\n" {
		t.Fatalf("the harness says %q: %v", word, err)
	}
	time.Sleep(200 * ms)
	if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	time.Sleep(stopped)
	if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	time.Sleep(200 * ms)
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(out)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, rest)
	}
	h, lerr := history.Load(dir)
	if err != nil || lerr != nil {
		t.Fatal(err, lerr)
	}
	var longest history.Interval // a busy machine may add some of its own
	for _, s := range h.Stalls {
		if s.Width() > longest.Width() {
			longest = s
		}
	}
	if w := longest.Width(); w < stopped-50*ms || w > stopped+5*time.Second {
		t.Errorf("stopped for %s, and the stalls are %+v", stopped, h.Stalls)
	}
	var late time.Duration
	for _, m := range h.Machines {
		late = max(late, m.Late)
	}
	if late < stopped-50*ms {
		t.Errorf("stopped for %s, and of the machine is said %+v", stopped, h.Machines)
	}
}
