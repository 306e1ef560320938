package command

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/regionfall/regionfall/scenarios"
	appfile "github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/file"
	"github.com/regionfall/regionfall/scenarios/starter"
)

func (a *app) initScenarioCommand() *cobra.Command {
	var (
		to   started
		want = starter.Options{Schema: scenarioSchema.name}
		path string
	)
	cmd := &cobra.Command{
		Use: "scenario [NAME]", Short: "Write a scenario with comments, from the shape of an incident",
		Long: "Writes a scenario that can be run as it is, and says at each part what it is for and what to change.\n" +
			"It asks nothing. --from is one of these incidents:\n\n" + incidentList(),
		Example: "  regionfall init scenario\n" +
			"  regionfall init scenario checkout-outage --from stale-standby --app app.yaml\n" +
			"  regionfall init scenario --from partition --regions 3 --out -",
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if want.Name = want.From; len(args) > 0 {
				want.Name = args[0]
			}
			if to.out == "" {
				to.out = want.Name + ".yaml"
			}
			return a.initScenario(want, path, to)
		},
	}
	to.add(cmd, "")
	cmd.Flags().Lookup("out").Usage += " (default NAME.yaml)"
	cmd.Flags().StringVar(&want.From, "from", starter.Incidents()[0].Name, "the incident")
	cmd.Flags().StringVar(&path, "app", "", "the file of your own app (default: the sample app is drilled)")
	cmd.Flags().IntVar(&want.Regions, "regions", 2, "2 or 3")
	_ = cmd.RegisterFlagCompletionFunc("from", // there is such a flag
		func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, i := range starter.Incidents() {
				names = append(names, i.Name+"\t"+i.About)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		})
	return cmd
}

func incidentList() string {
	var b strings.Builder
	for _, i := range starter.Incidents() {
		fmt.Fprintf(&b, "  %-16s %s\n", i.Name, i.About)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// initScenario writes a scenario of the app in a file, or of the sample app where there is none.
func (a *app) initScenario(want starter.Options, path string, to started) error {
	if err := to.check(); err != nil {
		return err
	}
	drilled, err := appfile.Named(appfile.Default)
	if path != "" {
		drilled, want.App, err = appBeside(to.folder(), path)
	}
	if err != nil {
		return badInput{err}
	}
	text, err := starter.Scenario(want, drilled)
	if err != nil {
		return badInput{err}
	}
	// What is written can be run, be it that the app changes what is possible.
	if _, err := scenarios.ParseIn(to.out, []byte(text), func(name string) ([]byte, error) {
		return file.ReadPlainIn(to.folder(), name)
	}); err != nil {
		return badInput{err}
	}
	if err := a.write(to, text, scenarioSchema); err != nil || to.isPrinted() {
		return err
	}
	if drilled.IsCode() {
		a.tell("go on with: regionfall show %s, and run it by the Go program that has the code: docs/own-app.md says "+
			"how", asPath(to.out))
		return nil
	}
	a.tell("go on with: regionfall show %[1]s, regionfall check %[1]s, regionfall run %[1]s", asPath(to.out))
	return nil
}

// appBeside reads an app file, and says how a scenario in a folder names it.
func appBeside(folder, path string) (*appfile.App, string, error) {
	src, err := file.ReadPlain(path)
	if err != nil {
		return nil, "", fmt.Errorf("read the app: %w", err)
	}
	drilled, err := appfile.Parse(path, src, func(name string) ([]byte, error) {
		return file.ReadPlainIn(filepath.Dir(path), name)
	})
	if err != nil {
		return nil, "", err
	}
	from, err := filepath.Abs(folder)
	if err != nil {
		return nil, "", err
	}
	at, err := filepath.Abs(path)
	if err != nil {
		return nil, "", err
	}
	name, err := filepath.Rel(from, at)
	if err != nil || !filepath.IsLocal(name) {
		return nil, "",
			fmt.Errorf("app %s: it is not in the folder of the scenario, nor below it: name another with --out",
				file.Quote(path))
	}
	name = asPath(filepath.ToSlash(name))
	if strings.ContainsFunc(name, needsQuotes) {
		name = strconv.Quote(name)
	}
	return drilled, name, nil
}

// asPath keeps a file from being taken for a name.
func asPath(path string) string {
	if filepath.IsAbs(path) || strings.HasPrefix(path, ".") {
		return path
	}
	return "./" + path
}

// needsQuotes says whether YAML would see more in a character than that.
func needsQuotes(c rune) bool {
	plain := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("./_-", c)
	return !plain
}
