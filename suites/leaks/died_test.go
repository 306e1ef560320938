package leaks_test

import (
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
	"github.com/onsi/gomega/gexec"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/evidence"
	"github.com/regionfall/regionfall/scenarios/measure"
	"github.com/regionfall/regionfall/suites/internal/harness"
)

// endsWithin is how long a drill goes on at most in a lab that has died: a few seconds to stop, heal and clear away, on
// a machine ten times as slow.
const endsWithin = 40 * time.Second

var _ = Describe("A program of the lab that is killed behind its back", func() {
	DescribeTable("ends the drill at once, by name, as a failure of the harness",
		func(ctx SpecContext, victim, when string) {
			program, t := built(), look(ctx)
			out := GinkgoT().TempDir()
			run, err := gexec.Start(t.command(program, "run", "testdata/short.yaml", "--out", out), GinkgoWriter,
				GinkgoWriter)
			Expect(err).NotTo(HaveOccurred())
			DeferCleanup(func() { run.Kill() })
			Eventually(run.Err).WithContext(ctx).WithTimeout(harness.LabTimeout).Should(gbytes.Say(when))

			By("killing " + victim)
			locks := t.labs()
			Expect(locks).To(HaveLen(1))
			l, err := lab.Attach(ctx, t.engine, strings.TrimSuffix(filepath.Base(locks[0]), ".lock"))
			Expect(err).NotTo(HaveOccurred())
			Expect(harness.Node(l, victim).Crash(ctx)).To(Succeed())
			killed := time.Now()
			Eventually(run).WithContext(ctx).WithTimeout(endsWithin).Should(gexec.Exit(30))
			GinkgoWriter.Printf("ended %s after %s was killed\n", time.Since(killed).Round(time.Millisecond), victim)
			Expect(t.left(ctx)).To(BeEmpty())

			By("saying what became of it, and nothing of the service")
			said := string(run.Err.Contents())
			Expect(said).To(MatchRegexp(`\nError: ` + victim +
				` ended by itself \(exit code 137\) \d+\.\d s into the drill; `))
			Expect(said).NotTo(ContainSubstring("no witness"))
			Expect(said).NotTo(ContainSubstring(topology.Secret))
			folders, err := filepath.Glob(filepath.Join(out, "*-short"))
			Expect(err).NotTo(HaveOccurred())
			Expect(folders).To(HaveLen(1))
			r, err := evidence.ReadResult(folders[0])
			Expect(err).NotTo(HaveOccurred())
			Expect(r.Status).To(Equal(evidence.Errored))
			Expect(r.Error).To(HavePrefix(victim + " ended by itself (exit code 137)"))
			Expect(r.Verdict).To(Equal(measure.Inconclusive))
			Expect(r.Findings).NotTo(ContainElement(HaveField("Verdict", measure.Fail)))
		},
		Entry("the replicator, that asks what a fault does", topology.ServiceReplicator.Host("us-west-2"),
			"partition is in force", SpecTimeout(harness.DrillTimeout)),
		Entry("the hub, before there is a steady state", topology.ServiceHub.Host(topology.Global), "lab .* is up",
			SpecTimeout(harness.DrillTimeout)),
	)
})
