package smoke_test

import (
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
	"github.com/onsi/gomega/gexec"

	"github.com/regionfall/regionfall/lab/node"
	"github.com/regionfall/regionfall/scenarios/evidence"
)

var _ = Describe("A drill that is interrupted", func() {
	It("heals, removes its lab, keeps the evidence and exits 130", func(ctx SpecContext) {
		program, err := gexec.Build("github.com/regionfall/regionfall")
		Expect(err).NotTo(HaveOccurred())
		out := GinkgoT().TempDir()
		run, err := gexec.Start(exec.Command(program, "run", "kyc-region-outage", "--out", out), GinkgoWriter, GinkgoWriter)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func() { run.Kill() })

		Eventually(run.Err).WithContext(ctx).WithTimeout(time.Minute).Should(gbytes.Say("lose_region is in force"))
		run.Interrupt()
		Eventually(run).WithContext(ctx).WithTimeout(time.Minute).Should(gexec.Exit(130))
		Expect(run.Err).To(gbytes.Say("lose_region is healed"))
		Expect(run.Err).To(gbytes.Say("0 left over"))

		folders, err := filepath.Glob(filepath.Join(out, "*-kyc-region-outage"))
		Expect(err).NotTo(HaveOccurred())
		Expect(folders).To(HaveLen(1))
		r, err := evidence.ReadResult(folders[0])
		Expect(err).NotTo(HaveOccurred())
		Expect(r.Status).To(Equal(evidence.Interrupted))
		Expect(r.Expected.Met).To(BeFalse())
	}, SpecTimeout(3*time.Minute))
})

var _ = Describe("A harness that is killed in the middle of a drill", Serial, func() {
	It("leaves nothing once any next command has run", func(ctx SpecContext) {
		program, err := gexec.Build("github.com/regionfall/regionfall")
		Expect(err).NotTo(HaveOccurred())
		engine, err := node.Connect(ctx, false)
		Expect(err).NotTo(HaveOccurred())
		all := func() []node.Found {
			found, err := engine.Find(ctx, "")
			Expect(err).NotTo(HaveOccurred())
			return found
		}
		others := map[string]bool{}
		for _, f := range all() {
			others[f.Labels[node.LabelLab]] = true
		}
		things := func() []node.Found {
			return slices.DeleteFunc(all(), func(f node.Found) bool { return others[f.Labels[node.LabelLab]] })
		}

		run := exec.Command(program, "run", "kyc-region-outage", "--out", GinkgoT().TempDir())
		run.Stdout, run.Stderr = GinkgoWriter, GinkgoWriter
		Expect(run.Start()).To(Succeed())
		DeferCleanup(func() { _ = run.Process.Kill() })
		Eventually(things).WithTimeout(time.Minute).WithPolling(20*time.Millisecond).
			Should(WithTransform(func(f []node.Found) int { return len(f) }, BeNumerically(">=", 9)), "a lab half up")
		Expect(run.Process.Kill()).To(Succeed())
		Expect(run.Wait()).NotTo(Succeed())
		Expect(things()).NotTo(BeEmpty(), "killed too late: nothing was there to be left")

		next := exec.Command(program, "list")
		next.Stdout, next.Stderr = io.Discard, GinkgoWriter
		Expect(next.Run()).To(Succeed())
		Expect(things()).To(BeEmpty())
	}, SpecTimeout(3*time.Minute))
})
