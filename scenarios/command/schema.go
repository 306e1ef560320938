package command

import (
	"github.com/spf13/cobra"

	"github.com/regionfall/regionfall/docs/schema"
	"github.com/regionfall/regionfall/scenarios"
)

func (a *app) schemaCommand() *cobra.Command {
	schemas := map[string]func() ([]byte, error){
		"result":   func() ([]byte, error) { return schema.Result, nil },
		"scenario": func() ([]byte, error) { return scenarios.Schema().File() },
		"app":      func() ([]byte, error) { return scenarios.AppSchema().File() },
	}
	return &cobra.Command{
		Use: "schema result|scenario|app", Short: "Print the JSON Schema of result.json, or of a scenario or app file",
		Long: `Prints the JSON Schema of what a drill leaves, or of what a scenario or an app file may hold. An editor
that knows YAML completes and checks a scenario whose first line is
  # yaml-language-server: $schema=scenario.schema.json
The files that init writes have such a line, and the schema beside them.`,
		Example: "  regionfall schema scenario > scenario.schema.json\n" +
			"  regionfall schema result > result.schema.json",
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"result", "scenario", "app"},
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := schemas[args[0]]()
			if err == nil {
				_, err = a.stdout.Write(text)
			}
			return err
		},
	}
}
