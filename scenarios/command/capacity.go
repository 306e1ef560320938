package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/regionfall/regionfall/lab"
)

func (a *app) capacityCommand() *cobra.Command {
	var asJSON, cold bool
	cmd := &cobra.Command{
		Use: "capacity REGION", Short: "Find how many requests a second a region's app serves",
		Long: `Offers the app of a region more and more requests a second, where its clients come in, until twice
clearly less was served than offered. The knee is the most that was served. Where this machine can't offer more before
that, the region is said to serve at least so much. It asks as a client of the sample app does. Where the topology
declares an app node's work (app: {workers: 2, service_time: 250ms, queue: 6}), it is to be as many nodes as serve,
times workers over service time.`,
		Example: "  regionfall capacity us-west-2\n  regionfall capacity us-west-2 --cold\n  regionfall capacity " +
			"us-west-2 --json", Args: cobra.ExactArgs(1), ValidArgsFunction: complete(regions),
	}
	name := labFlag(cmd)
	cmd.Flags().BoolVar(&cold, "cold", false, "restart the region's app nodes before each step")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return a.onLab(cmd.Context(), *name, func(l *lab.Lab) error {
			if _, err := l.Topology().Find(args[0]); err != nil {
				return badInput{err}
			}
			c, err := l.Capacity(cmd.Context(), lab.CapacityOptions{
				Region: args[0], Cold: cold,
				Progress: func(s lab.CapacityStep) { a.tell("%s", stepLine(s)) },
			})
			if err != nil {
				return err
			}
			if asJSON {
				return a.encode(c)
			}
			a.say("%s", kneeLine(c))
			return nil
		})
	}
	return cmd
}

func stepLine(s lab.CapacityStep) string {
	line := fmt.Sprintf("%8.1f/s offered  %8.1f/s served", s.Offered, s.Served)
	if s.Short {
		line += fmt.Sprintf("  (this machine sent %.1f/s in time)", s.OnTime)
	}
	return line
}

// kneeLine is what was found of a region.
func kneeLine(c lab.Capacity) string {
	switch {
	case c.Limit != "":
		return fmt.Sprintf("%s serves at least %.1f/s: this machine could not ask for more (%s)", c.Region, c.Knee,
			c.Limit)
	case !c.Reached:
		return fmt.Sprintf("%s serves all that was offered, up to %.1f/s", c.Region, c.Knee)
	case c.Declared > 0:
		return fmt.Sprintf("%s serves %.1f/s; %.4g/s are declared for the nodes it has at the start", c.Region, c.Knee,
			c.Declared)
	default:
		return fmt.Sprintf("%s serves %.1f/s", c.Region, c.Knee)
	}
}
