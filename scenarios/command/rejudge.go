package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/regionfall/regionfall/scenarios/evidence"
	"github.com/regionfall/regionfall/scenarios/evidence/seal"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/runner"
)

func (a *app) rejudgeCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "rejudge DIR", Short: "Compute the verdict of a drill again from its raw history",
		Long: `Reads scenario.yaml, ops.jsonl.gz and events.jsonl of an evidence folder and judges them anew.
Nothing is written. The exit code is that of the verdict found now. A folder whose scenario is not
the one that was run, or whose history is not whole, is bad input.`,
		Example: "  regionfall rejudge out/20260801-120000-kyc-region-outage", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			before, after, err := runner.Rejudge(args[0])
			if err != nil {
				return badInput{err}
			}
			if asJSON {
				err = a.printJSON([]evidence.Result{after}, false)
			} else {
				err = evidence.Table(a.stdout, after, a.color)
			}
			if err != nil {
				return err
			}
			if before.Verdict != after.Verdict {
				a.tell("the folder says %s; its history says %s", before.Verdict, after.Verdict)
			}
			return [...]error{
				nil, verdictError(exitInconclusive), verdictError(exitFail),
				verdictError(exitHarness),
			}[severity(after)]
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print result.json as it would be now")
	return cmd
}

func (a *app) reportCommand() *cobra.Command {
	return &cobra.Command{
		Use: "report DIR…", Short: "Render the reports of drills again from result.json and the raw history",
		Example: "  regionfall report out/*kyc*", Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, dirs []string) error {
			for _, dir := range dirs {
				if seal.Sealed(dir) {
					return badInput{fmt.Errorf("%s is sealed, and what is rendered would change it: copy it without %s",
						dir, seal.FileSums)}
				}
				r, err := evidence.ReadResult(dir)
				if err != nil {
					return badInput{err}
				}
				h, err := history.Load(dir)
				if err != nil {
					return badInput{err}
				}
				if err := evidence.Render(dir, r, h); err != nil {
					return fmt.Errorf("render %s: %w", dir, err)
				}
				a.say("rendered %s/%s", dir, evidence.FileReport)
			}
			return nil
		},
	}
}
