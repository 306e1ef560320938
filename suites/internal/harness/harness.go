// Package harness is how specs run drills: by name, through the same door as the command line, with their evidence left
// in the folder that REGIONFALL_OUT names.
package harness

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/image"
	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios"
	"github.com/regionfall/regionfall/scenarios/drill"
	"github.com/regionfall/regionfall/scenarios/evidence"
	"github.com/regionfall/regionfall/scenarios/runner"
)

// Limits of what a spec does. On a quiet machine all of it ends long before; these say that something hangs, also where
// a machine is ten times as slow.
const (
	DrillTimeout = 10 * time.Minute
	LabTimeout   = 5 * time.Minute
	SpecTimeout  = 5 * time.Minute // on a lab that is up
	Patience     = time.Minute     // for one thing to come true
)

// Run runs a scenario (a name of the library, or a file) to its end and gives what was found. That it could not be run
// fails the spec. One that make chaos has just run with these sources is not run again.
func Run(ctx context.Context, nameOrFile string) evidence.Result {
	ginkgo.GinkgoHelper()
	return RunCode(ctx, nameOrFile, drill.Code{})
}

// RunCode is Run for an app whose file says that it is Go code.
func RunCode(ctx context.Context, nameOrFile string, code drill.Code) evidence.Result {
	ginkgo.GinkgoHelper()
	s, err := scenarios.Load(nameOrFile)
	gomega.Expect(err).NotTo(gomega.HaveOccurred())
	dir, r, ok, err := ran(ctx, s)
	gomega.Expect(err).NotTo(gomega.HaveOccurred())
	if ok {
		ginkgo.GinkgoWriter.Println("make chaos has run it: its evidence is looked at: " + filepath.Base(dir))
	} else {
		dir, r = runNow(ctx, s, nameOrFile, code)
	}
	holding, err := Holding(os.DirFS(dir), topology.Secret)
	gomega.Expect(err).NotTo(gomega.HaveOccurred())
	gomega.Expect(holding).To(gomega.BeEmpty(), "evidence that gives the lab's secret away")
	var table strings.Builder
	gomega.Expect(evidence.Table(&table, r, false)).To(gomega.Succeed())
	ginkgo.AddReportEntry("measured", ginkgo.ReportEntryVisibilityAlways, table.String())
	return r
}

// runNow runs a scenario and gives the folder that it left.
func runNow(
	ctx context.Context, s *scenarios.Scenario, nameOrFile string, code drill.Code,
) (string, evidence.Result) {
	ginkgo.GinkgoHelper()
	out := os.Getenv("REGIONFALL_OUT")
	if out == "" {
		out = "out"
	}
	o, err := runner.Run(ctx, runner.Options{
		Scenario: s, Out: out, Images: wanted(), Repeat: nameOrFile, Code: code,
		Say:   func(text string) { ginkgo.GinkgoWriter.Println(text) },
		Watch: func(e drill.Event) { narrate(e) },
	})
	gomega.Expect(err).NotTo(gomega.HaveOccurred())
	return o.Dir, o.Result
}

func narrate(e drill.Event) {
	if e.Text != "" {
		ginkgo.GinkgoWriter.Printf("%6.2fs  %s\n", e.At.Seconds(), e.Text)
	}
}

// wanted are the images that specs use. REGIONFALL_AWS says what serves S3 and DynamoDB, as for the command.
func wanted() image.Options {
	ginkgo.GinkgoHelper()
	aws, err := image.ParseAWS(os.Getenv("REGIONFALL_AWS"))
	gomega.Expect(err).NotTo(gomega.HaveOccurred())
	return image.Options{AWS: aws}
}

// Images are those that specs bring labs up with.
func Images(ctx context.Context) image.Set {
	ginkgo.GinkgoHelper()
	images, err := image.Ensure(ctx, wanted())
	gomega.Expect(err).NotTo(gomega.HaveOccurred())
	return images
}

// WellWithin is how long the health checks of a lab may take to find a region well again that is.
func WellWithin(l *lab.Lab) time.Duration {
	check := l.Topology().Routing.Check
	return Patience + time.Duration(check.Threshold)*check.Interval
}

// Up brings up a lab for specs that look at the lab itself, tends it, and takes it down when they are done.
func Up(ctx context.Context, t topology.Topology) *lab.Lab {
	ginkgo.GinkgoHelper()
	l, err := lab.Up(ctx, lab.Options{Topology: t, Images: Images(ctx)})
	gomega.Expect(err).NotTo(gomega.HaveOccurred())
	ginkgo.DeferCleanup(func(ctx ginkgo.SpecContext) {
		left, err := l.Down(ctx)
		gomega.Expect(err).NotTo(gomega.HaveOccurred())
		gomega.Expect(left).To(gomega.BeZero(), "containers, networks and volumes left of the lab")
	}, ginkgo.NodeTimeout(LabTimeout))
	Tend(l)
	return l
}

// Node is a node of a lab by its name; a spec that asks for one that is not there fails.
func Node(l *lab.Lab, name string) lab.Node {
	ginkgo.GinkgoHelper()
	n, err := l.Node(name)
	gomega.Expect(err).NotTo(gomega.HaveOccurred())
	return n
}

// Guard makes a fault ready, on a clock that starts now, and has it healed when the spec is over.
func Guard(l *lab.Lab, spec fault.Spec) *fault.Guard {
	ginkgo.GinkgoHelper()
	gomega.Expect(spec.Validate(l.Topology())).To(gomega.Succeed())
	start := time.Now()
	guard, err := l.Guard(spec, func() time.Duration { return time.Since(start) })
	gomega.Expect(err).NotTo(gomega.HaveOccurred())
	ginkgo.DeferCleanup(func(ctx ginkgo.SpecContext) {
		_, err := guard.Heal(ctx)
		gomega.Expect(err).NotTo(gomega.HaveOccurred())
	}, ginkgo.NodeTimeout(SpecTimeout))
	return guard
}

// InPostgres works in the database of a region, past all faults.
func InPostgres(ctx context.Context, l *lab.Lab, region string, work func(conn *pgx.Conn) error) error {
	tap, err := l.Addresses().Tap(topology.ServicePostgres.Host(region))
	if err != nil {
		return err
	}
	conn, err := store.Postgres(ctx, tap)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	return work(conn)
}

// Ask gives one value of the database of a region, as text.
func Ask(ctx context.Context, l *lab.Lab, region, statement string) (answer string, err error) {
	err = InPostgres(ctx, l, region, func(conn *pgx.Conn) error { return conn.QueryRow(ctx, statement).Scan(&answer) })
	return answer, err
}
