package command

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/image"
	"github.com/regionfall/regionfall/lab/node"
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

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Check this machine in one page",
		Long:    "Checks what a drill needs. Each line is ok, or says what to do. Exit code 30 when something has to be done first.",
		Example: "  regionfall doctor", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			bad := 0
			line := func(what string, err error, ok string, args ...any) {
				if err != nil {
					bad++
					a.say("%-10s NOT OK: %v", what, err)
					return
				}
				a.say("%-10s ok: %s", what, fmt.Sprintf(ok, args...))
			}
			goVersion, err := toolVersion("go", "version")
			line("go", err, "%s", goVersion)
			makeVersion, err := toolVersion("make", "--version")
			line("make", err, "%s", makeVersion)
			line("machine", nil, "%s/%s, %d processors", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
			dir, err := os.MkdirTemp("", "regionfall-doctor-")
			if err == nil {
				err = errors.Join(os.WriteFile(dir+"/probe", make([]byte, 1<<20), 0o600), os.RemoveAll(dir))
			}
			line("disk", err, "temporary files can be written")

			engine, err := node.Connect(cmd.Context(), false)
			if err != nil {
				line("engine", err, "")
				return verdictError(exitHarness)
			}
			defer func() { _ = engine.Close() }()
			facts, err := engine.Facts(cmd.Context())
			line("engine", err, "docker %s, API %s, %s, storage %s", facts.Version, facts.API, facts.Arch, facts.Driver)
			var small error
			if err == nil && (facts.CPUs < 2 || facts.Memory < 4<<30) {
				small = fmt.Errorf("the engine has %d processors and %.1f GiB; give it at least 2 and 4 GiB", facts.CPUs,
					float64(facts.Memory)/(1<<30))
			}
			line("size", small, "%d processors, %.1f GiB for containers", facts.CPUs, float64(facts.Memory)/(1<<30))
			where := "loopback only"
			if !engine.Local() {
				where = "all addresses of " + engine.Host() + ", since the engine is remote"
			}
			line("ports", nil, "published on %s", where)
			set, reason, err := image.Plan(cmd.Context(), image.Auto)
			line("images", err, "from %s: %s", set, reason)
			labs, err := lab.List(cmd.Context(), engine)
			line("labs", err, "%d up", len(labs))
			if bad > 0 {
				return verdictError(exitHarness)
			}
			return nil
		},
	}
}

func toolVersion(name string, args ...string) (string, error) {
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		return "", fmt.Errorf("%s does not answer (%w): install it", name, err)
	}
	first, _, _ := strings.Cut(string(out), "\n")
	return first, nil
}
