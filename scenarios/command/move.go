package command

import (
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/fault"
)

func (a *app) loseCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "lose REGION", Short: "Lose a region: its nodes are killed and its links cut at once",
		Example: "  regionfall lose us-east-1", Args: cobra.ExactArgs(1), ValidArgsFunction: complete(regions),
	}
	name := labFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return a.onLab(cmd.Context(), *name, func(l *lab.Lab) error {
			return a.inject(cmd.Context(), l, &fault.LoseRegion{Region: args[0]})
		})
	}
	return cmd
}

func (a *app) returnCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "return REGION", Short: "Bring a lost region back, with what its stores held",
		Example: "  regionfall return us-east-1", Args: cobra.ExactArgs(1), ValidArgsFunction: complete(regions),
	}
	name := labFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return a.onLab(cmd.Context(), *name, func(l *lab.Lab) error {
			if _, err := l.Topology().Find(args[0]); err != nil {
				return badInput{err}
			}
			notes, err := l.Faults().List()
			if err != nil {
				return err
			}
			for _, n := range slices.Backward(notes) {
				if lost := (&fault.LoseRegion{Region: args[0]}); n.Kind == lost.Kind() && n.Target == lost.Target() {
					return a.heal(cmd.Context(), l, n.ID)
				}
			}
			return badInput{fmt.Errorf("%s was not lost: `regionfall lose %s` would lose it", args[0], args[0])}
		})
	}
	return cmd
}

func (a *app) failoverCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "failover REGION", Short: "Order the standby's automation to take over, as a person's override",
		Long: `Orders the failover automation of the standby region to take over without waiting to detect or
decide anything: fence, promote, repoint, scale out, redirect. Waits until clients are redirected,
and says what each step did.`,
		Example: "  regionfall failover us-west-2", Args: cobra.ExactArgs(1), ValidArgsFunction: complete(regions),
	}
	name := labFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return a.onLab(cmd.Context(), *name, func(l *lab.Lab) error {
			if _, err := l.Topology().Find(args[0]); err != nil {
				return badInput{err}
			}
			began := time.Now()
			err := l.Failover(cmd.Context(), args[0], func(text string) { a.tell("%s  %s", elapsed(began), text) })
			if err != nil {
				return err
			}
			a.say("clients are sent to %s", args[0])
			return nil
		})
	}
	return cmd
}

func (a *app) switchoverCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "switchover REGION",
		Short: "Have a region take over from the other one, which lives and follows it from then on",
		Long: `Orders the automation to have the two regions change roles with nothing lost: the primary is fenced
and ends in order, comes back as a replica with its whole log, and only then the other one is
promoted and clients are sent to it. Ordered of the region that was there before, it changes the
roles back. A step that fails before the promotion has all of it taken back.`,
		Example: "  regionfall switchover us-west-2\n  regionfall switchover us-east-1", Args: cobra.ExactArgs(1),
		ValidArgsFunction: complete(regions),
	}
	name := labFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return a.onLab(cmd.Context(), *name, func(l *lab.Lab) error {
			if err := l.Topology().CheckSwitchover(args[0]); err != nil {
				return badInput{err}
			}
			began := time.Now()
			err := l.Switchover(cmd.Context(), args[0], func(text string) { a.tell("%s  %s", elapsed(began), text) })
			if err != nil {
				return err
			}
			a.say("%s serves, and the other region follows it", args[0])
			return nil
		})
	}
	return cmd
}
