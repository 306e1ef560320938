package leaks_test

import (
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
	"github.com/onsi/gomega/gexec"

	"github.com/regionfall/regionfall/scenarios/evidence"
	"github.com/regionfall/regionfall/suites/internal/harness"
)

var _ = Describe("Ctrl-C, pressed twice in the middle of a drill", func() {
	It("heals all the same, removes the lab and exits 130", func(ctx SpecContext) {
		program, t := built(), look(ctx)
		out := GinkgoT().TempDir()
		run, err := gexec.Start(t.command(program, "run", "testdata/short.yaml", "--out", out), GinkgoWriter,
			GinkgoWriter)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func() { run.Kill() })
		Eventually(run.Err).WithContext(ctx).WithTimeout(harness.LabTimeout).Should(
			gbytes.Say("lose_region is in force"))
		run.Interrupt()
		Eventually(run.Err).WithContext(ctx).WithTimeout(harness.LabTimeout).Should(
			gbytes.Say("healing and cleaning up"))
		run.Interrupt()
		Eventually(run).WithContext(ctx).WithTimeout(harness.LabTimeout).Should(gexec.Exit(130))
		Expect(run.Err).To(gbytes.Say("partition is healed"))
		Expect(run.Err).To(gbytes.Say("0 left over"))
		Expect(t.left(ctx)).To(BeEmpty())

		By("keeping the evidence")
		folders, err := filepath.Glob(filepath.Join(out, "*-short"))
		Expect(err).NotTo(HaveOccurred())
		Expect(folders).To(HaveLen(1))
		r, err := evidence.ReadResult(folders[0])
		Expect(err).NotTo(HaveOccurred())
		Expect(r.Status).To(Equal(evidence.Interrupted))
		Expect(r.Expected.Met).To(BeFalse())
	}, SpecTimeout(harness.DrillTimeout))

	It("removes the next drill's lab too, which is coming up meanwhile", func(ctx SpecContext) {
		program, t := built(), look(ctx)
		run, err := gexec.Start(t.command(program, "run", "testdata/short.yaml", "--repeat", "2", "--jobs", "1",
			"--out", GinkgoT().TempDir()),
			GinkgoWriter, GinkgoWriter)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func() { run.Kill() })
		Eventually(run.Err).WithContext(ctx).WithTimeout(harness.LabTimeout).Should(gbytes.Say("heal lose_region"))
		Eventually(t.labs).WithContext(ctx).WithTimeout(harness.Patience).Should(HaveLen(2))
		run.Interrupt()
		Eventually(run).WithContext(ctx).WithTimeout(harness.LabTimeout).Should(gexec.Exit(130))
		Expect(t.left(ctx)).To(BeEmpty())
	}, SpecTimeout(harness.DrillTimeout))
})

func built() string {
	GinkgoHelper()
	program, err := gexec.Build("github.com/regionfall/regionfall")
	Expect(err).NotTo(HaveOccurred())
	return program
}
