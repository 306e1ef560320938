package command

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/regionfall/regionfall/scenarios"
	"github.com/regionfall/regionfall/scenarios/jsonschema"
)

func (a *app) initCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "init", Short: "Write a file to begin with: a scenario, or an app of your own",
		Example: "  regionfall init app --compose docker-compose.yml\n" +
			"  regionfall init scenario --from region-outage --app app.yaml",
		Args: cobra.NoArgs,
	}
	cmd.AddCommand(a.initScenarioCommand(), a.initAppCommand())
	return cmd
}

// started is a file to begin with, and where it goes.
type started struct {
	out   string // a path, or - for the command's output
	force bool
}

func (s *started) add(cmd *cobra.Command, usually string) {
	cmd.Flags().StringVar(&s.out, "out", usually, "the file to write, or - to print it")
	cmd.Flags().BoolVar(&s.force, "force", false, "overwrite a file that is there")
}

func (s *started) isPrinted() bool { return s.out == "-" }

// folder is that of the file.
func (s *started) folder() string {
	if s.isPrinted() {
		return "."
	}
	return filepath.Dir(s.out)
}

// check complains about a file that must not be overwritten.
func (s *started) check() error {
	if s.isPrinted() || s.force {
		return nil
	}
	switch _, err := os.Lstat(s.out); {
	case err == nil:
		return badInput{fmt.Errorf("%s is there already: --force overwrites it, --out names another file", s.out)}
	case errors.Is(err, fs.ErrNotExist):
		return nil
	default:
		return badInput{err}
	}
}

// schemaFile is a schema that editors find beside a file.
type schemaFile struct {
	name string
	of   func() *jsonschema.Schema
}

var (
	scenarioSchema = schemaFile{"scenario.schema.json", scenarios.Schema}
	appSchema      = schemaFile{"app.schema.json", scenarios.AppSchema}
)

// write writes a file, and the schema that its first line names.
func (a *app) write(s started, text string, of schemaFile) error {
	if s.isPrinted() {
		_, err := fmt.Fprint(a.stdout, text)
		return err
	}
	if err := s.check(); err != nil {
		return err
	}
	if err := os.WriteFile(s.out, []byte(text), 0o644); err != nil { //nolint:gosec // it is for everybody to read
		return badInput{err}
	}
	a.tell("%s is written", s.out)
	data, err := of.of().File()
	if err != nil {
		return err
	}
	return a.writeSchema(filepath.Join(s.folder(), of.name), data, s.force)
}

// writeSchema keeps one that is there, unless it is to be overwritten.
func (a *app) writeSchema(path string, data []byte, force bool) error {
	there, err := os.ReadFile(path)
	switch {
	case err == nil && bytes.Equal(there, data):
		return nil
	case err == nil && !force:
		a.tell("%s is another than this version's, and is kept: --force overwrites it", path)
		return nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return badInput{err}
	}
	if err := os.WriteFile(path, data, 0o644); err != nil { //nolint:gosec // it is for everybody to read
		return badInput{err}
	}
	a.tell("%s is written: editors complete and check the file by it", path)
	return nil
}
