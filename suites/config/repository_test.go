package config_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/suites/internal/harness"
)

const (
	east = "us-east-1"
	west = "us-west-2"
)

// leads is the region that the node of a region's app leads to, by the key postgres, and the revision it has.
func leads(ctx context.Context, l *lab.Lab, in string) (region string, revision int) {
	for _, c := range l.Observe().Configured(ctx) {
		if c.Region == in {
			return c.Endpoints["postgres"].Region, c.Revision
		}
	}
	return "", 0
}

var _ = Describe("The repository of the configurations", func() {
	It("delivers what somebody pushes, refuses what can't be, and says who has changed what in a failover",
		func(ctx SpecContext) {
			t, _ := topology.Preset("two-regions")
			l := harness.Up(ctx, t.Scaled(60))
			url, err := l.Addresses().Repository()
			Expect(err).NotTo(HaveOccurred())
			dir := GinkgoT().TempDir()
			git := func(args ...string) (string, error) {
				cmd := exec.CommandContext(ctx, "git", append([]string{
					"-C", dir, "-c", "user.name=ada", "-c",
					"user.email=ada@example.org",
				}, args...)...)
				cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
					"GIT_TERMINAL_PROMPT=0")
				out, err := cmd.CombinedOutput()
				return string(out), err
			}
			Expect(git("clone", "-q", url, ".")).Error().NotTo(HaveOccurred())
			edit := func(old, text string) {
				GinkgoHelper()
				path := filepath.Join(dir, west+".json")
				data, err := os.ReadFile(path)
				Expect(err).NotTo(HaveOccurred())
				Expect(os.WriteFile(path, []byte(strings.Replace(string(data), old, text, 1)), 0o600)).To(Succeed())
				Expect(git("commit", "-qam", "One node less")).Error().NotTo(HaveOccurred())
			}
			edit(`"revision": 1`, `"revison": 2`)
			out, err := git("push", "-q")
			Expect(err).To(HaveOccurred())
			Expect(out).To(ContainSubstring(`us-west-2.json: json: unknown field "revison"`))
			edit(`"revison": 2`, `"revision": 2`)
			Expect(git("push", "-q")).Error().NotTo(HaveOccurred())
			Eventually(func() int {
				_, revision := leads(ctx, l,
					west)
				return revision
			}).WithContext(harness.Alive(ctx)).WithTimeout(harness.Patience).Should(Equal(2))

			guard := harness.Guard(l, &fault.LoseRegion{Region: east})
			Expect(guard.Inject(ctx)).Error().NotTo(HaveOccurred())
			Eventually(func() string {
				region, _ := leads(ctx, l,
					west)
				return region
			}).WithContext(harness.Alive(ctx)).WithTimeout(harness.Patience).Should(Equal(west))
			Expect(git("pull", "-q")).Error().NotTo(HaveOccurred())
			Expect(git("log",
				"--format=%an: %s")).To(Equal("automation.us-west-2: us-west-2: revision 3, repoint\nada: One node " +
				"less\nada: One node less\nlab: Begin\n"))
		}, SpecTimeout(harness.SpecTimeout))
})
