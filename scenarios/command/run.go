package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/scenarios"
	"github.com/regionfall/regionfall/scenarios/drill"
	"github.com/regionfall/regionfall/scenarios/evidence"
	"github.com/regionfall/regionfall/scenarios/measure"
	"github.com/regionfall/regionfall/scenarios/runner"
)

type runFlags struct {
	out       string
	timescale float64
	settings  []string
	repeat    int
	keep      bool
	json      bool
	images    imageFlags
	jobs      int
	all       bool
	family    string
	brief     bool
	programme string // to whose history the drills are added
	history   string
}

func (a *app) runCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run [NAME-or-FILE…]",
		Short: "Run drills and judge them",
		Long: `Runs each scenario on a lab of its own: steady state, fault, recovery, final read, verdict. A name
is a scenario of the library (regionfall list); a path to a .yaml file is one of your own. Several
drills end with a table of all of them.`,
		Example: `  regionfall run kyc-region-outage
  regionfall run kyc-region-outage kyc-nightly-backup --repeat 3 --jobs 2
  regionfall run ./incident-42.yaml --timescale 600 --json
  regionfall run kyc-region-outage --set topology.commit=remote --set objectives.recovery_point=0s
  regionfall run --family saas --brief`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, names []string) error { return a.run(cmd, names, f) },
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return scenarios.Names(), cobra.ShellCompDirectiveDefault
		},
	}
	cmd.Flags().StringVar(&f.out, "out", "out", "folder that gets a folder per drill")
	cmd.Flags().Float64Var(&f.timescale, "timescale", 0,
		"one lab second stands for this many; 0 takes the scenario's own")
	addSettings(cmd, &f.settings)
	cmd.Flags().IntVar(&f.repeat, "repeat", 1, "run each scenario this many times")
	cmd.Flags().BoolVar(&f.keep, "keep", false, "leave the lab up afterwards, to look at")
	cmd.Flags().BoolVar(&f.json, "json", false,
		"print result.json (an array of them for several drills) instead of a table")
	cmd.Flags().BoolVar(&f.all, "all", false, "run the whole library")
	cmd.Flags().StringVar(&f.family, "family", "", "run the scenarios of the library whose names begin so, such as kyc")
	cmd.Flags().BoolVar(&f.brief, "brief", false,
		"print the phases of each drill instead of all that happens, and its table only if it did not end as expected")
	cmd.Flags().IntVar(&f.jobs, "jobs", 0,
		"drills side by side, each on a lab of its own; 0 is as many as the machine carries. One that promises "+
			"local_reads runs alone, after the others")
	cmd.Flags().StringVar(&f.programme, "programme", "",
		"add each drill to a history, as one of this programme, such as quarterly: see regionfall history")
	cmd.Flags().StringVar(&f.history, "history", historyFile, "the file of that history")
	f.images.add(cmd)
	return cmd
}

// run reads everything before it starts anything: a typo in the third file must not cost two drills.
func (a *app) run(cmd *cobra.Command, names []string, f runFlags) error {
	wanted, err := f.images.options("")
	if err != nil {
		return badInput{err}
	}
	if f.repeat < 1 {
		return badInput{fmt.Errorf("--repeat is %d; it must be at least 1", f.repeat)}
	}
	if f.jobs < 0 {
		return badInput{fmt.Errorf("--jobs is %d; it must be at least 1, or 0 for as many as the machine carries",
			f.jobs)}
	}
	if !(f.timescale >= 0) { // written so that NaN is refused too
		return badInput{fmt.Errorf("--timescale is %g; it must be above 0", f.timescale)}
	}
	if names, err = f.wanted(names); err != nil {
		return badInput{err}
	}
	if err := f.checkHistory(); err != nil {
		return badInput{err}
	}
	var todo []*scenarios.Scenario
	var repeats []string
	var networks []int // that each drill's lab takes
	var alone []bool   // which drills want the machine for themselves
	var errs []error
	for _, name := range names {
		s, err := scenarios.Load(name, f.settings...)
		if err == nil && f.timescale > 0 {
			s = s.WithTimescale(f.timescale)
		}
		var plan drill.Plan
		if err == nil {
			plan, err = s.Compile()
		}
		errs = append(errs, err)
		for range f.repeat {
			todo, repeats = append(todo, s), append(repeats, repeatArgs(name, f))
			networks = append(networks, lab.Networks(len(plan.Topology.Regions)))
			alone = append(alone, plan.Alone())
		}
	}
	if err := errors.Join(errs...); err != nil {
		return badInput{err}
	}

	room, err := a.room(cmd.Context())
	if err != nil {
		return err
	}
	jobs, err := room.jobs(min(f.jobs, len(todo)), networks)
	if err != nil {
		return badInput{err}
	}
	r := &runs{app: a, flags: f, many: len(todo) > 1, side: min(jobs, len(todo)) > 1, fit: func(i, j int) bool {
		return room.networks.Fit(networks[i] + networks[j])
	}, alone: func(i int) bool { return alone[i] }, asked: len(todo), results: map[int]evidence.Result{}}
	var drills []runner.Options
	for i, s := range todo {
		drills = append(drills, runner.Options{
			Scenario: s, Out: f.out, Images: wanted, Keep: f.keep,
			Repeat: repeats[i],
		})
	}
	if r.side {
		err = r.sideBySide(cmd.Context(), drills, jobs)
	} else {
		err = r.inTurn(cmd.Context(), drills)
	}
	if len(r.results) > 0 {
		err = errors.Join(err, r.conclude())
	}
	if err != nil {
		return err
	}
	return [...]error{nil, verdictError(exitInconclusive), verdictError(exitFail), verdictError(exitHarness)}[r.worst]
}

// wanted are the scenarios to run: those that are named, and those of the library that flags ask for.
func (f runFlags) wanted(names []string) ([]string, error) {
	switch {
	case f.all && f.family != "":
		return nil, errors.New("--all and --family can't be given together: --all is every family")
	case f.all:
		names = append(names, scenarios.Names()...)
	case f.family != "":
		family, err := scenarios.InFamily(f.family)
		if err != nil {
			return nil, err
		}
		names = append(names, family...)
	}
	if len(names) == 0 {
		return nil, errors.New("no scenario is named: give a name of the library (regionfall list), a path to a " +
			"file, --family or --all")
	}
	return names, nil
}

// repeatArgs are the arguments of `regionfall run` that do the same again, without a path of this machine.
func repeatArgs(name string, f runFlags) string {
	if filepath.IsAbs(name) {
		name = filepath.Base(name)
	}
	args := []string{name}
	if f.timescale > 0 {
		args = append(args, fmt.Sprintf("--timescale %g", f.timescale))
	}
	for _, setting := range f.settings {
		args = append(args, "--set "+shellQuoted(setting))
	}
	if f.images.source != "auto" {
		args = append(args, "--source "+f.images.source)
	}
	if f.images.aws != "auto" {
		args = append(args, "--aws "+f.images.aws)
	}
	return strings.Join(args, " ")
}

// addSettings adds --set, which gives values in place of those of a scenario.
func addSettings(cmd *cobra.Command, settings *[]string) {
	cmd.Flags().StringArrayVar(settings, "set", nil, "a value in place of the scenario's, such as "+
		"topology.commit=remote or steps[0].at=20m; may be given more than once")
}

// shellQuoted is a word as a shell reads it.
func shellQuoted(word string) string {
	if strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_=.:/-+,%@") == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// severity ranks what a drill ended with: as expected, inconclusive, fail, error.
func severity(r evidence.Result) int {
	switch {
	case r.Status == evidence.Errored:
		return 3
	case r.Expected.Met:
		return 0
	case r.Verdict == measure.Inconclusive:
		return 1
	default:
		return 2
	}
}

func (a *app) printJSON(results []evidence.Result, many bool) error {
	e := json.NewEncoder(a.stdout)
	e.SetIndent("", "  ")
	if many {
		return e.Encode(results)
	}
	return e.Encode(results[0])
}

// elapsed is how long something has been going on, for people.
func elapsed(since time.Time) string { return fmt.Sprintf("%5.1fs", time.Since(since).Seconds()) }
