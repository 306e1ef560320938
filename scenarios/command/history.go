package command

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"github.com/regionfall/regionfall/scenarios/evidence/programme"
	"github.com/regionfall/regionfall/scenarios/runner"
)

// historyFile is where the drills of programmes are kept, where nothing is said: it outlives the evidence.
const historyFile = "history.jsonl"

func (a *app) historyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "history", Short: "Show the drills of a programme over time, and verify that none was altered",
		Example: `  regionfall run kyc-region-outage --programme quarterly
  regionfall history trend
  regionfall history verify`,
		Args: cobra.NoArgs,
	}
	cmd.AddCommand(a.trendCommand(), a.historyVerifyCommand())
	return cmd
}

var programmeForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// checkHistory says before anything is run why a drill could not be added to a history.
func (f runFlags) checkHistory() error {
	if f.programme == "" {
		return nil
	}
	if !programmeForm.MatchString(f.programme) {
		return fmt.Errorf("--programme %q is no name: use up to 40 lower-case letters, digits and -, such as quarterly",
			f.programme)
	}
	if _, err := os.Stat(f.history); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	_, err := programme.Read(f.history)
	return err
}

// remember adds a drill to the history of the programme, if there is one.
func (f runFlags) remember(out runner.Outcome) error {
	if f.programme == "" {
		return nil
	}
	e, err := programme.Of(f.programme, out.Result, out.Dir)
	if err != nil {
		return err
	}
	return programme.Append(f.history, e)
}

// ofHistory is the file that is named, or the usual one.
func ofHistory(args []string) string {
	if len(args) > 0 {
		return args[0]
	}
	return historyFile
}

func (a *app) trendCommand() *cobra.Command {
	var register string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "trend [FILE]", Short: "Print and plot drills against objectives and documented numbers",
		Long: `Prints every drill of a history (history.jsonl, where no file is named), scenario by scenario: what
was measured, at full scale, against the objective and what is documented. What is more than 10 %
worse than the objective, or off the documented number either way, is a finding: its identifier stays
the same from drill to drill.

Owners, due dates and accepted risks come from a reviewed file, --register:

  findings:
    - id: F-1a2b3c4d
      owner: platform team
      due: 2026-12-31
      accepted: {by: C. Babbage, until: 2026-10-01, reason: the new runbook is under way}`,
		Example: "  regionfall history trend --register findings.yaml", Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			history, err := programme.Read(ofHistory(args))
			if err != nil {
				return badInput{err}
			}
			findings := programme.Findings(history)
			if register != "" {
				registered, err := programme.ReadRegister(register)
				if err != nil {
					return badInput{err}
				}
				for _, id := range programme.Register(findings, registered) {
					a.tell("%s: no drill has found %s", register, id)
				}
			}
			if asJSON {
				return a.encode(struct {
					Drills   []programme.Entry   `json:"drills"`
					Findings []programme.Finding `json:"findings"`
				}{history, findings})
			}
			return programme.Trend(a.stdout, history, findings, time.Now())
		},
	}
	cmd.Flags().StringVar(&register, "register", "", "a file of owners, due dates and accepted risks of findings")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print drills and findings as JSON")
	return cmd
}

func (a *app) historyVerifyCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use: "verify [FILE]", Short: "Find the first line of a history that was altered, and evidence that was",
		Long: `Each line of a history has the hash of the line before and of its drill's evidence. The first line that
does not follow the one above is named, and with --out each folder of evidence that is missing, or
whose files are not those of the drill any more. The exit code is 10 then.`,
		Example: "  regionfall history verify history.jsonl --out out", Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			path := ofHistory(args)
			history, err := programme.Read(path)
			if altered := (*programme.AlteredError)(nil); errors.As(err, &altered) {
				a.say("%v", err)
				return verdictError(exitFail)
			}
			if err != nil {
				return badInput{err}
			}
			if out == "" {
				a.say("%s: %d drills, each as it was written", path, len(history))
				return nil
			}
			changed, err := programme.Check(history, out)
			if err != nil {
				return err
			}
			for _, c := range changed {
				a.say("%s: %s", filepath.Join(out, c.Evidence), c.What)
			}
			if len(changed) > 0 {
				return verdictError(exitFail)
			}
			a.say("%s: %d drills and their evidence, each as it was written", path, len(history))
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "the folder with the folders of the drills, to look at them as well")
	return cmd
}
