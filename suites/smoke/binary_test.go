package smoke_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/scenarios/evidence"
	"github.com/regionfall/regionfall/suites/internal/harness"
	. "github.com/regionfall/regionfall/suites/matchers"
)

// alone puts the program, as a release has it, into a folder where nothing else is.
func alone() string {
	GinkgoHelper()
	built, err := gexec.BuildWithEnvironment("github.com/regionfall/regionfall", []string{"CGO_ENABLED=0"}, "-trimpath",
		"-buildvcs=false", "-ldflags=-s -w")
	Expect(err).NotTo(HaveOccurred())
	from, err := os.Open(built)
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = from.Close() }()
	program := filepath.Join(GinkgoT().TempDir(), "regionfall")
	to, err := os.OpenFile(program, os.O_CREATE|os.O_WRONLY, 0o755)
	Expect(err).NotTo(HaveOccurred())
	_, err = io.Copy(to, from)
	Expect(err).NotTo(HaveOccurred())
	Expect(to.Close()).To(Succeed())
	return program
}

var _ = Describe("The program, where there is nothing else but an engine", func() {
	It("runs a drill: no checkout, no Go and no git is needed", func(ctx SpecContext) {
		images := harness.Images(ctx) // what others make is there, be it from packages
		engine, err := lab.Connect(ctx)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(engine.Close)

		cmd := exec.CommandContext(ctx, alone(), "run", "kyc-region-outage", "--out", "out",
			"--source", string(images.Source), "--aws", string(images.AWS))
		cmd.Dir = GinkgoT().TempDir()
		cmd.Env = []string{
			"PATH=", "HOME=" + GinkgoT().TempDir(), "DOCKER_HOST=" + engine.Place().Address,
			lab.StateEnv + "=" + GinkgoT().TempDir(),
		}
		cmd.Stdout, cmd.Stderr = GinkgoWriter, GinkgoWriter
		_ = cmd.Run()
		// What the drill finds is for the library to say: on a busy machine it may be inconclusive.
		Expect(cmd.ProcessState.ExitCode()).To(BeElementOf(0, 20))

		folders, err := filepath.Glob(filepath.Join(cmd.Dir, "out", "*-kyc-region-outage"))
		Expect(err).NotTo(HaveOccurred())
		Expect(folders).To(HaveLen(1))
		r, err := evidence.ReadResult(folders[0])
		Expect(err).NotTo(HaveOccurred())
		Expect(r).To(And(HaveAConfirmedFault(), LeaveNothing()))
		Expect(r.Lab.Images).To(ContainElement(HaveField("For", "regionfall")))
	}, SpecTimeout(harness.DrillTimeout))
})
