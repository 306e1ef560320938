package command

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/engine"
	"github.com/regionfall/regionfall/lab/image"
)

func (a *app) doctorCommand() *cobra.Command {
	var asJSON bool
	var from imageFlags
	cmd := &cobra.Command{
		Use: "doctor", Short: "Check this machine in one page",
		Long: `Checks what a drill needs, and changes nothing. Each line is ok, or says what to do. Exit code 30
when something has to be done first.`,
		Example: "  regionfall doctor\n  regionfall doctor --json", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			wanted, err := from.options("")
			if err != nil {
				return badInput{err}
			}
			checks := diagnose(examine(cmd.Context(), wanted))
			if err := cmd.Context().Err(); err != nil {
				return context.Cause(cmd.Context())
			}
			if asJSON {
				if err := a.encode(checks); err != nil {
					return err
				}
			}
			bad := false
			for _, c := range checks {
				bad = bad || !c.OK
				if !asJSON {
					a.say("%s", c)
				}
			}
			if bad {
				return verdictError(exitHarness)
			}
			return nil
		},
	}
	from.add(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// machine is what was found out about this machine and the engine's. What could not be found out has an error beside
// it.
type machine struct {
	goVersion string
	goErr     error
	os, arch  string
	temp      string // the folder of temporary files
	tempFree  int64  // bytes
	tempErr   error

	engineErr   error // and nothing below is known
	engine      lab.EngineFacts
	place       engine.Place
	disregarded string // another engine that somebody named for testcontainers
	about       engine.About
	networks    engine.Networks
	poolsErr    error
	ports       lab.Ports
	disk        disk
	images      image.Outlook
	imagesErr   error
	labs        []lab.Remains
	labsErr     error
}

// disk is where the engine keeps its data. Its interface does not tell what is free; on this machine it can be seen.
// What images take is known where little is free, or nobody knows how much.
type disk struct {
	seen         bool
	free         int64
	used, unused int64
	err          error
}

func examine(ctx context.Context, wanted image.Options) machine {
	m := machine{os: runtime.GOOS, arch: runtime.GOARCH, temp: os.TempDir()}
	m.goVersion, m.goErr = toolVersion(ctx, "go", "version")
	m.tempFree, m.tempErr = writable(m.temp)
	e, err := lab.Connect(ctx)
	if err != nil {
		m.engineErr = err
		return m
	}
	defer func() { _ = e.Close() }()
	if m.engine, m.engineErr = e.Facts(ctx); m.engineErr != nil {
		return m
	}
	m.place, m.about, m.disregarded = e.Place(), e.About(), e.Place().Disregarded()
	m.ports = e.Ports()
	m.networks, m.poolsErr = e.Networks(ctx)
	if free, err := freeIn(m.engine.Root); err == nil && m.ports.Local {
		m.disk.seen, m.disk.free = true, free
	}
	if !m.disk.seen || m.disk.free < imagesNeed { // it takes the engine seconds to say
		m.disk.used, m.disk.unused, m.disk.err = e.Usage(ctx)
	}
	m.images, m.imagesErr = image.Plan(ctx, wanted)
	m.labs, m.labsErr = lab.Survey(ctx, e)
	return m
}

func toolVersion(ctx context.Context, name string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, name, args...).Output()
	if err != nil {
		return "", err
	}
	first, _, _ := strings.Cut(string(out), "\n")
	return first, nil
}

// writable says how much can be written to a folder, having written to it.
func writable(folder string) (free int64, err error) {
	f, err := os.CreateTemp(folder, "regionfall-doctor-")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(make([]byte, 1<<20))
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return 0, err
	}
	return freeIn(folder)
}

func freeIn(folder string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return 0, fmt.Errorf("ask what is free in %s: %w", folder, err)
	}
	return int64(s.Bavail) * int64(s.Bsize), nil //nolint:unconvert // it is of another size elsewhere
}
