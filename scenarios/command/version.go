package command

import (
	"runtime"

	"github.com/spf13/cobra"

	"github.com/regionfall/regionfall/lab/build"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Say which build this is",
		Long: `Prints the version of the program and the commit of its sources, as far as they are known, and what
it was built with and for.`,
		Example: "  regionfall version", Args: cobra.NoArgs,
		Run: func(*cobra.Command, []string) {
			a.say("regionfall %s", build.This())
			a.say("%s %s/%s", runtime.Version(), runtime.GOOS, runtime.GOARCH)
		},
	}
}
