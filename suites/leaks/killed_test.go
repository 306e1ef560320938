package leaks_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/suites/internal/harness"
)

// moments is at how many random moments of a drill the harness is killed.
const moments = 30

// traces is what is left of what a spec started: things of the engine, files of labs, temporary files. It has a folder
// of lab locks of its own, so that what others do on this machine meanwhile is nobody's business here.
type traces struct {
	engine      *lab.Engine
	state, temp string
}

func look(ctx context.Context) *traces {
	GinkgoHelper()
	engine, err := lab.Connect(ctx)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(engine.Close)
	return &traces{engine: engine, state: GinkgoT().TempDir(), temp: GinkgoT().TempDir()}
}

// left is all there is.
func (t *traces) left(ctx context.Context) []string {
	GinkgoHelper()
	var left []string
	host, err := os.ReadFile(filepath.Join(t.state, "host"))
	if !errors.Is(err, fs.ErrNotExist) { // before the first lab there is none
		Expect(err).NotTo(HaveOccurred())
	}
	resources, err := t.engine.Resources(ctx)
	Expect(err).NotTo(HaveOccurred())
	for _, r := range resources {
		if r.Host == string(host) {
			left = append(left, r.Kind+" "+r.Name)
		}
	}
	for _, dir := range []string{t.state, t.temp} {
		Expect(filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			name := filepath.Base(path)
			// The compiler's files outlive who called it, and clean up after themselves.
			if err == nil && path != dir && path != filepath.Join(t.state, "host") &&
				!strings.HasPrefix(name, "go-build") {
				left = append(left, path)
			}
			if strings.HasPrefix(name, "go-build") {
				return fs.SkipDir
			}
			return nil
		})).To(Succeed())
	}
	return left
}

// labs are those that have an owner.
func (t *traces) labs() []string {
	GinkgoHelper()
	locks, err := filepath.Glob(filepath.Join(t.state, "*.lock"))
	Expect(err).NotTo(HaveOccurred())
	return locks
}

// command is the program with its temporary files where they can be counted.
func (t *traces) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "TMPDIR="+t.temp, lab.StateEnv+"="+t.state, "REGIONFALL_LAB=")
	cmd.Stdout, cmd.Stderr = GinkgoWriter, GinkgoWriter
	return cmd
}

var _ = Describe("A harness that dies", Ordered, func() {
	var program string

	BeforeAll(func() { program = built() })

	It("leaves nothing of a drill once the next command has run that needs the engine, whenever it is killed",
		func(ctx SpecContext) {
			t := look(ctx)
			drill := func() *exec.Cmd {
				return t.command(program, "run", "testdata/short.yaml", "--out", GinkgoT().TempDir())
			}

			began := time.Now()
			undisturbed := drill()
			_ = undisturbed.Run() // what it finds is not of interest here, only that it comes to its end
			Expect(undisturbed.ProcessState.ExitCode()).To(BeElementOf(0, 10, 20), "undisturbed")
			whole := time.Since(began)
			Expect(t.left(ctx)).To(BeEmpty(), "undisturbed")

			seed := uint64(GinkgoRandomSeed())
			rng := rand.New(rand.NewPCG(seed, seed))
			nothing := 0
			for range moments {
				moment := time.Duration(rng.Float64() * float64(whole))
				By("killing it after " + moment.Round(time.Millisecond).String())
				run, started := drill(), time.Now()
				Expect(run.Start()).To(Succeed())
				dead := time.AfterFunc(moment, func() { _ = run.Process.Kill() })
				_ = run.Wait() // by itself, when the moment is beyond its end
				dead.Stop()
				if len(t.left(ctx)) == 0 {
					nothing++
				}
				if run.ProcessState.Exited() {
					// the one that was timed was slower: the moments are to be within a drill
					whole = min(whole, time.Since(started))
				}
				Expect(t.command(program, "status").Run()).To(Succeed())
				Expect(t.left(ctx)).To(BeEmpty(), "killed after %s", moment)
			}
			Expect(nothing).To(BeNumerically("<", moments/2), "killed where something was there to be left")
		}, SpecTimeout(30*time.Minute))

	It("leaves no fault on a lab that was kept, once the next command has run", func(ctx SpecContext) {
		t := look(ctx)
		up := gbytes.NewBuffer()
		cmd := t.command(program, "up")
		cmd.Stdout = up
		Expect(cmd.Run()).To(Succeed())
		name := strings.TrimPrefix(strings.SplitN(string(up.Contents()), "\n", 2)[0], "export REGIONFALL_LAB=")
		DeferCleanup(func(ctx SpecContext) {
			Expect(t.command(program, "down", "--lab", name).Run()).To(Succeed())
			Expect(t.left(ctx)).To(BeEmpty())
		}, NodeTimeout(harness.LabTimeout))

		for _, f := range [][]string{
			{"partition", "--between", "us-east-1,us-west-2"},
			{"lose_region", "--region", "us-west-2"},
			{"blackhole", "--from", "us-west-2", "--to", "us-east-1"},
		} {
			inject := append([]string{"inject", f[0], "--lab", name}, f[1:]...)
			began := time.Now()
			Expect(t.command(program, inject...).Run()).To(Succeed())
			whole := time.Since(began)
			Expect(t.command(program, "heal", "--lab", name).Run()).To(Succeed())
			for share := 1; share <= 4; share++ {
				By("killing the injection of " + f[0] + " in the middle")
				run := t.command(program, inject...)
				Expect(run.Start()).To(Succeed())
				dead := time.AfterFunc(whole*time.Duration(share)/5, func() { _ = run.Process.Kill() })
				_ = run.Wait()
				dead.Stop()
				s := status(t, program, name)
				if len(s.Faults) > 0 { // it was done before it was killed, and stays by somebody's will
					Expect(s.Faults[0].Standing).To(BeTrue(), "a fault that nobody answers for")
					Expect(t.command(program, "heal", "--lab", name).Run()).To(Succeed())
					s = status(t, program, name)
				}
				Expect(s.Faults).To(BeEmpty())
				for _, k := range s.Links {
					Expect(k.State).To(Equal("open"), k.Name)
					Expect(k.Toxics).To(BeEmpty(), k.Name)
				}
				for _, n := range s.Nodes {
					Expect(n.State).To(Equal(topology.NodeRunning), n.Name)
				}
			}
		}
	}, SpecTimeout(15*time.Minute))
})

func status(t *traces, program, name string) lab.Status {
	GinkgoHelper()
	cmd := t.command(program, "status", "--json")
	out := gbytes.NewBuffer()
	cmd.Stdout = out
	Expect(cmd.Run()).To(Succeed())
	var all []lab.Status
	Expect(json.Unmarshal(out.Contents(), &all)).To(Succeed())
	i := slices.IndexFunc(all, func(s lab.Status) bool { return s.Lab == name })
	Expect(i).To(BeNumerically(">=", 0))
	return all[i]
}
