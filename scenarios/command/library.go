package command

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/scenarios"
)

func (a *app) listCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list [faults]", Short: "List the scenarios of the library, or the catalogue of faults",
		Example: "  regionfall list\n  regionfall list faults --json",
		Args:    cobra.MatchAll(cobra.MaximumNArgs(1), cobra.OnlyValidArgs), ValidArgs: []string{"faults"},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				return a.listFaults(asJSON)
			}
			return a.listScenarios(asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (a *app) listScenarios(asJSON bool) error {
	infos := scenarios.Library()
	if asJSON {
		return a.encode(infos)
	}
	w := tabwriter.NewWriter(a.stdout, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "NAME\tMUST END\tSUMMARY")
	for _, i := range infos {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", i.Name, i.Expect, i.Summary)
	}
	return w.Flush()
}

func (a *app) listFaults(asJSON bool) error {
	if asJSON {
		return a.encode(fault.Catalogue())
	}
	for _, e := range fault.Catalogue() {
		a.say("%s  (%s)\n  mimics     %s\n  seen when  %s\n  example    %s", e.Kind, e.On, e.Mimics, e.Shows, e.Example)
	}
	return nil
}

func (a *app) showCommand() *cobra.Command {
	var settings []string
	cmd := &cobra.Command{
		Use: "show NAME-or-FILE", Short: "Show a scenario: its story and its plan in real and in lab time",
		Example: "  regionfall show kyc-region-outage", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := scenarios.Load(args[0], settings...)
			if err != nil {
				return badInput{err}
			}
			return s.Describe(a.stdout)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return scenarios.Names(), cobra.ShellCompDirectiveDefault
		},
	}
	addSettings(cmd, &settings)
	return cmd
}

func (a *app) encode(v any) error {
	e := json.NewEncoder(a.stdout)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
