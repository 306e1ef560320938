package command

import (
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/regionfall/regionfall/lab/image"
)

func (a *app) imagesCommand() *cobra.Command {
	var sourceName string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "images", Short: "Fetch or build the images a lab needs",
		Long: `Makes sure that every image is there: from a registry where one answers, else built from distribution packages. Images are named
by the hash of what goes into them, and built again only when that changes.`,
		Example: "  regionfall images\n  regionfall images --source packages", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			source, err := image.ParseSource(sourceName)
			if err != nil {
				return badInput{err}
			}
			began := time.Now()
			set, err := image.Ensure(cmd.Context(), image.Options{Source: source, Progress: func(e image.Event) {
				a.tell("%s  image %s: %s", elapsed(began), e.Image, e.Step)
			}})
			if err != nil {
				return err
			}
			if asJSON {
				return a.encode(set)
			}
			a.say("images from %s: %s", set.Source, set.Reason)
			var names []string
			for name := range set.Images {
				names = append(names, name)
			}
			slices.Sort(names)
			for _, name := range names {
				a.say("  %-10s %s", name, set.Images[name].Name)
			}
			a.say("ready after %.1f s", time.Since(began).Seconds())
			return nil
		},
	}
	cmd.Flags().StringVar(&sourceName, "source", "auto", "where images come from: auto, registry or packages")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
