package measure

// checker is one line of the table: what it measures, what it concludes of that, and how it is shown. Adding one takes
// its file, its line in the table, and its place in Metrics.
type checker interface {
	// Measure notes a metric; nil, where it was not measured, is what is there before.
	Measure(v *view, m *Metrics)
	// Find says what is to be concluded: nothing where the checker did not run, else also that all is well.
	Find(v *view, m Metrics) []Finding
	// Rows show it.
	Rows(s rowSource) []Row
	// IDs are those of the findings that it may make.
	IDs() []string
}

// checkers, in the order of their findings and rows.
var checkers = []checker{
	recoveryTimes{},
	recoveryPoints{},
	jointRecoveryPoints{},
	claims{},
	manifests{},
	restores{},
	backlogs{},
	replicationLags{},
	capacities{},
	clientMoves{},
	reconnects{},
	forwards{},
	staleConfigs{},
	switchoverOrders{},
	writeGaps{},
	sessionGuarantees{},
	localReads{},
	linearizability{},
	decisionsStand{},
	conservation{},
	deadlines{},
	fencing{},
	storeContents{},
	writeLatencies{},
}

// promising is a checker whose findings compare what was measured with an objective of the same name.
type promising interface{ promised() }

// promises makes a checker a promising one.
type promises struct{}

func (promises) promised() {}

// Promised are the findings that compare what was measured with an objective of the same name.
func Promised() []string {
	var all []string
	for _, c := range checkers {
		if _, is := c.(promising); is {
			all = append(all, c.IDs()...)
		}
	}
	return all
}

// Findings are the ids of all that may be found, but for FindingDrill, which never fails.
func Findings() []string {
	var all []string
	for _, c := range checkers {
		all = append(all, c.IDs()...)
	}
	return all
}

// noRows is embedded in a checker whose findings say all that there is to show.
type noRows struct{}

func (noRows) Rows(rowSource) []Row { return nil }

// noMetric is embedded in a checker that has findings, and no metric.
type noMetric struct{}

func (noMetric) Measure(*view, *Metrics) {}

// noFindings is embedded in a checker that has a metric, and no findings.
type noFindings struct{}

func (noFindings) Find(*view, Metrics) []Finding { return nil }

func (noFindings) IDs() []string { return nil }
