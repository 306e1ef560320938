package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/regionfall/regionfall/lab/image"
	"github.com/regionfall/regionfall/scenarios"
	"github.com/regionfall/regionfall/scenarios/evidence"
	"github.com/regionfall/regionfall/scenarios/runner"
)

type runFlags struct {
	out       string
	timescale float64
	repeat    int
	keep      bool
	json      bool
	source    string
}

func (a *app) runCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run NAME-or-FILE…",
		Short: "Run drills and judge them",
		Long: `Runs each scenario on a lab of its own: steady state, fault, recovery, final read, verdict. A name is a scenario of the
library (regionfall list); a path to a .yaml file is one of your own.`,
		Example: `  regionfall run kyc-region-outage
  regionfall run kyc-region-outage kyc-nightly-backup --repeat 3
  regionfall run ./incident-42.yaml --timescale 600 --json`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, names []string) error { return a.run(cmd, names, f) },
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return scenarios.Names(), cobra.ShellCompDirectiveDefault
		},
	}
	cmd.Flags().StringVar(&f.out, "out", "out", "folder that gets a folder per drill")
	cmd.Flags().Float64Var(&f.timescale, "timescale", 0, "one lab second stands for this many; 0 takes the scenario's own")
	cmd.Flags().IntVar(&f.repeat, "repeat", 1, "run each scenario this many times")
	cmd.Flags().BoolVar(&f.keep, "keep", false, "leave the lab up afterwards, to look at")
	cmd.Flags().BoolVar(&f.json, "json", false, "print result.json (an array of them for several drills) instead of a table")
	cmd.Flags().StringVar(&f.source, "source", "auto", "where images come from: auto, registry or packages")
	return cmd
}

// run reads everything before it starts anything: a typo in the third file must not cost two drills.
func (a *app) run(cmd *cobra.Command, names []string, f runFlags) error {
	source, err := image.ParseSource(f.source)
	if err != nil {
		return badInput{err}
	}
	if f.repeat < 1 {
		return badInput{fmt.Errorf("--repeat is %d; it must be at least 1", f.repeat)}
	}
	if !(f.timescale >= 0) { // written so that NaN is refused too
		return badInput{fmt.Errorf("--timescale is %g; it must be above 0", f.timescale)}
	}
	var todo []*scenarios.Scenario
	var repeats []string
	var errs []error
	for _, name := range names {
		s, err := scenarios.Load(name)
		if err == nil && f.timescale > 0 {
			s = s.WithTimescale(f.timescale)
		}
		if err == nil {
			_, err = s.Compile()
		}
		errs = append(errs, err)
		for range f.repeat {
			todo, repeats = append(todo, s), append(repeats, repeatArgs(name, f))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return badInput{err}
	}

	var results []evidence.Result
	worst := 0
	for i, s := range todo {
		v := a.newView(s, i, len(todo))
		o, err := runner.Run(cmd.Context(), runner.Options{
			Scenario: s, Out: f.out, Source: source, Keep: f.keep, Repeat: repeats[i],
			Say: v.line, OnImage: v.image, Watch: v.event,
		})
		v.end()
		if o.Dir != "" {
			results = append(results, o.Result)
		}
		if err != nil {
			if o.Dir != "" {
				a.tell("evidence as far as it goes: %s", o.Dir)
			}
			if f.json && len(results) > 0 {
				err = errors.Join(err, a.printJSON(results, len(todo) > 1))
			}
			return err
		}
		worst = max(worst, severity(o.Result))
		if !f.json {
			if err := evidence.Table(a.stdout, o.Result, a.color); err != nil {
				return err
			}
			a.say("evidence: %s", filepath.Join(o.Dir, evidence.FileReport))
		}
		if o.Lab != "" {
			a.tell("lab %s is left up: look at it with `regionfall status`, end it with `regionfall down`", o.Lab)
		}
	}
	if f.json {
		if err := a.printJSON(results, len(todo) > 1); err != nil {
			return err
		}
	}
	return [...]error{nil, verdictError(exitInconclusive), verdictError(exitFail), verdictError(exitHarness)}[worst]
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
	if f.source != "auto" {
		args = append(args, "--source "+f.source)
	}
	return strings.Join(args, " ")
}

// severity ranks what a drill ended with: as expected, inconclusive, fail, error.
func severity(r evidence.Result) int {
	switch {
	case r.Status == evidence.Errored:
		return 3
	case r.Expected.Met:
		return 0
	case r.Verdict == evidence.Inconclusive:
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
