package command

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/topology"
)

func (a *app) logsCommand() *cobra.Command {
	var log lab.LogOptions
	cmd := &cobra.Command{
		Use: "logs NODE", Short: "Show what a node printed",
		Example:           "  regionfall logs postgres.us-east-1\n  regionfall logs automation.us-west-2 --follow",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: complete((*lab.Lab).NodeNames),
	}
	name := labFlag(cmd)
	cmd.Flags().IntVar(&log.Tail, "tail", 0, "only the last so many lines; 0 is all")
	cmd.Flags().BoolVarP(&log.Follow, "follow", "f", false, "go on with what it prints, until Ctrl-C")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return a.onLab(cmd.Context(), *name, func(l *lab.Lab) error {
			node, err := l.Node(args[0])
			if err != nil {
				return badInput{err}
			}
			return node.Log(cmd.Context(), a.stdout, log)
		})
	}
	return cmd
}

func (a *app) psqlCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "psql REGION [-- ARGUMENT…]", Short: "Open psql on a region's PostgreSQL, past all faults of links",
		Long: `Runs psql inside the PostgreSQL node of a region, so that none is needed on this machine. What
follows -- is given to psql.`,
		Example: "  regionfall psql us-east-1\n  regionfall psql us-west-2 -- -c 'select pg_is_in_recovery()'\n" +
			"  regionfall psql us-east-1 < report.sql",
		Args: cobra.MinimumNArgs(1), ValidArgsFunction: complete(regions),
	}
	name := labFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return a.onLab(cmd.Context(), *name, func(l *lab.Lab) error {
			if _, err := l.Topology().Find(args[0]); err != nil {
				return badInput{err}
			}
			postgres, err := l.Node(topology.ServicePostgres.Host(args[0]))
			if err != nil {
				return err
			}
			command := append([]string{
				"psql", "-h", "/run/postgresql", "-U", topology.DatabaseUser, "-d",
				topology.Database,
			}, args[1:]...)
			t := lab.Terminal{In: os.Stdin, Out: a.stdout, Err: a.stderr}
			if fd := int(os.Stdin.Fd()); term.IsTerminal(fd) && a.live {
				if columns, rows, err := term.GetSize(fd); err == nil {
					t.Columns, t.Rows = uint(columns), uint(rows)
				}
				was, err := term.MakeRaw(fd)
				if err != nil {
					return fmt.Errorf("open psql: %w", err)
				}
				defer func() { _ = term.Restore(fd, was) }()
			}
			code, err := postgres.Attach(cmd.Context(), command, t)
			if err == nil && code != 0 {
				return verdictError(code)
			}
			return err
		})
	}
	return cmd
}

// completesWithin is how long a person may wait who has pressed Tab.
const completesWithin = 2 * time.Second

// complete offers the shell what there is in the lab, as far as it answers in time. Nothing is swept for that.
func complete(of func(*lab.Lab) []string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) (names []cobra.Completion, _ cobra.ShellCompDirective) {
		name, _ := cmd.Flags().GetString("lab")
		ctx, cancel := context.WithTimeout(cmd.Context(), completesWithin)
		defer cancel()
		e, err := lab.Connect(ctx)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		defer func() { _ = e.Close() }()
		// without a lab there is nothing to offer
		_ = onLab(ctx, e, name, func(l *lab.Lab) error { names = of(l); return nil })
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

func regions(l *lab.Lab) []string {
	var names []string
	for _, r := range l.Topology().Regions {
		names = append(names, r.Name)
	}
	return names
}

// standing are the faults that were injected by hand.
func standing(l *lab.Lab) []string {
	notes, _ := l.Faults().List()
	var ids []string
	for _, n := range notes {
		if n.Standing {
			ids = append(ids, n.ID+"\t"+n.Kind+" on "+n.Target)
		}
	}
	return ids
}
