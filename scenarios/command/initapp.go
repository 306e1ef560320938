package command

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/regionfall/regionfall/scenarios/compose"
	"github.com/regionfall/regionfall/scenarios/starter"
)

func (a *app) initAppCommand() *cobra.Command {
	var (
		to   started
		from compose.Options
	)
	cmd := &cobra.Command{
		Use: "app", Short: "Write an app file with comments, from a compose file",
		Long: `Reads a compose file: which service is the app, which are PostgreSQL, Redis, S3 (MinIO, LocalStack,
SeaweedFS, versitygw) and DynamoDB (DynamoDB local, LocalStack, Alternator). Values of the environment
that lead to these become placeholders, a health check becomes health and ready, services of the same
image become processes, and SQL files that fill the database become prepared. What an app file has no
place for is told line by line.

What clients send, and where it must be found, no compose file says: that is left as a TODO, and
regionfall check says what to write there. Nothing is started, and nothing is read but the file, what it
extends and includes, its env_files, and .env beside it; variables of the shell are not. Folders below
it that fill the database are listed.`,
		Example: "  regionfall init app\n" +
			"  regionfall init app --compose docker-compose.yml --service web --out shop.yaml\n" +
			"  regionfall init scenario --app shop.yaml",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.initApp(cmd.Context(), from, to) },
	}
	to.add(cmd, "app.yaml")
	cmd.Flags().StringVar(&from.File, "compose", "", "the compose file (default: the one that is here)")
	cmd.Flags().StringVar(&from.Service, "service", "", "the service that is the app (default: the one that can be)")
	return cmd
}

func (a *app) initApp(ctx context.Context, from compose.Options, to started) error {
	if err := to.check(); err != nil {
		return err
	}
	if from.File == "" {
		if from.File = composeFileHere(); from.File == "" {
			return badInput{fmt.Errorf("no compose file is here (%s): name one with --compose",
				strings.Join(composeFiles, ", "))}
		}
	}
	from.Head = starter.Modeline(appSchema.name)
	d, err := compose.Read(ctx, from)
	if err != nil {
		return badInput{err}
	}
	if err := a.write(to, d.Text, appSchema); err != nil {
		return err
	}
	for _, r := range d.Remarks {
		a.tell("%s", visible(r.String()))
	}
	if !to.isPrinted() {
		a.tell("go on with: write what is TODO in %s, then %s", to.out,
			fmt.Sprintf("regionfall init scenario --app %s", to.out))
	}
	return nil
}

// composeFiles are the names by which compose finds its file, the first first.
var composeFiles = []string{"compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"}

func composeFileHere() string {
	for _, name := range composeFiles {
		if _, err := os.Stat(name); err == nil {
			return name
		}
	}
	return ""
}
