package smoke_test

import (
	"io"
	"os/exec"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"

	"github.com/regionfall/regionfall/lab/node"
)

var _ = Describe("A harness that is killed in the middle of a drill", Serial, func() {
	It("leaves nothing once any next command has run", func(ctx SpecContext) {
		program, err := gexec.Build("github.com/regionfall/regionfall")
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(gexec.CleanupBuildArtifacts)
		engine, err := node.Connect(ctx, false)
		Expect(err).NotTo(HaveOccurred())
		things := func() []node.Found {
			found, err := engine.Find(ctx, "")
			Expect(err).NotTo(HaveOccurred())
			return found
		}
		Expect(things()).To(BeEmpty(), "a lab of another run is in the way")

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
