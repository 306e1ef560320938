package command

import (
	"cmp"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/regionfall/regionfall/lab/image"
	"github.com/regionfall/regionfall/lab/topology"
)

func (a *app) imagesCommand() *cobra.Command {
	var from imageFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use: "images", Short: "Fetch or build the images a lab needs",
		Long: `Makes sure that every image is there: from a registry where one answers, else built from
distribution packages. Images are named by the hash of what goes into them, and built again only
when that changes.`,
		Example: "  regionfall images\n  regionfall images --source packages --aws localstack", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			wanted, err := from.options("")
			if err != nil {
				return badInput{err}
			}
			if err := a.sweep(cmd.Context()); err != nil {
				return err
			}
			began := time.Now()
			wanted.Progress = a.imageProgress(began)
			set, err := image.Ensure(cmd.Context(), wanted)
			if err != nil {
				return err
			}
			if asJSON {
				return a.encode(set)
			}
			a.say("images from %s: %s", set.Source, set.Reason)
			a.say("%s (%s)", set.Serving(), set.AWSReason)
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
	from.add(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// imageFlags are the flags of every command that wants images.
type imageFlags struct{ source, aws string }

// awsEnv is what --aws is where it is not given, so that a suite of specs and a command agree without being told twice.
const awsEnv = "REGIONFALL_AWS"

func (f *imageFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.source, "source", "auto", "where images come from: auto, registry or packages")
	cmd.Flags().StringVar(&f.aws, "aws", cmp.Or(os.Getenv(awsEnv), "auto"),
		"what serves S3 and DynamoDB: auto, localstack or packages; "+awsEnv+" is its default")
}

// options of Ensure. What serves S3 and DynamoDB is the file's to say where the command leaves it open.
func (f *imageFlags) options(file topology.AWS) (o image.Options, err error) {
	if o.Source, err = image.ParseSource(f.source); err != nil {
		return o, err
	}
	if o.AWS, err = image.ParseAWS(f.aws); err != nil {
		return o, err
	}
	o.AWS = o.AWS.Or(file)
	return o, nil
}

// imageProgress prints how images come along.
func (a *app) imageProgress(began time.Time) func(image.Event) {
	return func(e image.Event) {
		if e.Image == "" {
			a.tell("%s  %s", elapsed(began), e.Step)
			return
		}
		a.tell("%s  image %s: %s", elapsed(began), e.Image, e.Step)
	}
}
