package command

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/engine"
)

func (a *app) engineCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "engine", Short: "Start a container engine where there is none, end it, show which one is used",
		Long: `Everything here runs in a container engine: the one that DOCKER_HOST names, else the one of docker's
current context, else one that "engine start" started, else the machine's, else the user's:
rootless docker, Docker Desktop, Colima, Podman. Where none answers, on Debian or Ubuntu and as
root, "engine start" installs the distribution's docker.io and runs it on a socket and a data folder
of its own; "make chaos" does so by itself.
` + engine.Decline + `=no declines.`,
		Example: "  regionfall engine start\n  regionfall engine status\n  regionfall engine stop",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.engineStartCommand(), a.engineStopCommand(), a.engineStatusCommand())
	return cmd
}

func (a *app) engineStartCommand() *cobra.Command {
	return &cobra.Command{
		Use: "start", Short: "Start a container engine, if none answers",
		Long: `Where an engine answers, nothing is done. Else, on Debian or Ubuntu and as root, it installs
docker.io if it is missing and runs it with a socket and a data folder of its own. It runs until
"regionfall engine stop". What an engine left that was killed is cleared away first.`,
		Example: "  regionfall engine start", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			began := time.Now()
			at, started, err := engine.Start(cmd.Context(), func(text string) {
				a.tell("%s  engine: %s", elapsed(began),
					text)
			})
			switch {
			case err != nil:
				return err
			case started:
				a.say("started a container engine at %s in %.1f s; end it with `%s`", at.Address,
					time.Since(began).Seconds(), stopEngine)
			case at.Own:
				a.say("a container engine answers at %s: it was %s; end it with `%s`", at.Address, at.By, stopEngine)
			default:
				a.say("a container engine answers at %s (%s)", at.Address, at.By)
			}
			return nil
		},
	}
}

const stopEngine = "regionfall engine stop"

func (a *app) engineStopCommand() *cobra.Command {
	var purge, force bool
	cmd := &cobra.Command{
		Use: "stop", Short: "End the container engine that \"engine start\" started",
		Long: `Ends that engine and its containers, and no other engine. Images and volumes stay, so that the next
start finds them; --purge removes them too. While a lab is up on it, it is not ended, unless --force
says so.`,
		Example: "  regionfall engine stop\n  regionfall engine stop --purge", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := labsOnOwn(cmd.Context()); err != nil && !force {
				return err
			}
			stopped, err := engine.Stop(cmd.Context(), engine.StopOptions{Purge: purge})
			if err != nil {
				return err
			}
			text := "no container engine of ours was running"
			if stopped {
				text = "the container engine is stopped"
			}
			if purge {
				text += "; its images and volumes are removed"
			}
			a.say("%s", text)
			return nil
		},
	}
	cmd.Flags().BoolVar(&purge, "purge", false, "remove its images and volumes too")
	cmd.Flags().BoolVar(&force, "force", false, "even while a lab is up on it")
	return cmd
}

// labsOnOwn is an error where labs are up on the engine that would be ended.
func labsOnOwn(ctx context.Context) error {
	at, err := engine.FindStatus(ctx)
	if err != nil || !at.Own {
		return nil //nolint:nilerr // one that does not answer serves nobody
	}
	e, err := lab.Connect(ctx)
	if err != nil {
		return nil //nolint:nilerr // the same
	}
	labs, err := lab.Survey(ctx, e)
	if err := errors.Join(err, e.Close()); err != nil {
		return fmt.Errorf("see which labs are up: %w", err)
	}
	var up []string
	for _, l := range labs {
		if !l.Dead {
			up = append(up, l.Name)
		}
	}
	if len(up) == 0 {
		return nil
	}
	return fmt.Errorf("labs are up on the engine (%s): take them down with `regionfall down`, or end them with it by "+
		"--force", strings.Join(up, ", "))
}

func (a *app) engineStatusCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "status", Short: "Show which container engine is used, and why",
		Long:    `Exit code 30 when none answers.`,
		Example: "  regionfall engine status\n  regionfall engine status --json", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := engine.FindStatus(cmd.Context())
			if err != nil {
				return err
			}
			if asJSON {
				return a.encode(s)
			}
			a.say("%s %s (API %s) at %s, %s", s.Product, s.Version, s.API, s.Address, s.Why)
			a.say("storage %s in %s", s.Storage, s.Data)
			if s.Own {
				a.say("end it with `%s`", stopEngine)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
