package command

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/regionfall/regionfall/lab"
)

func (a *app) weightsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "weights REGION=WEIGHT…", Short: "Shift clients between regions: of a weighted record, the weights",
		Long: `Gives regions other weights in a lab whose topology says routing: {policy: weighted}. A region gets
its weight over the sum of those that are healthy, or of all where a shift in steps moves the
weights and home is not. Regions that are not named keep theirs. After a failover the region that
took over gets everything, until weights are given.`,
		Example:           "  regionfall weights us-east-1=90 us-west-2=10\n  regionfall weights us-west-2=50",
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: complete(regions),
	}
	name := labFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		weights, err := parseWeights(args)
		if err != nil {
			return badInput{err}
		}
		return a.onLab(cmd.Context(), *name, func(l *lab.Lab) error {
			for region := range weights {
				if _, err := l.Topology().Find(region); err != nil {
					return badInput{err}
				}
			}
			r, err := l.SetWeights(cmd.Context(), weights)
			if err != nil {
				return err
			}
			for _, region := range slices.Sorted(maps.Keys(r.Weights)) {
				a.say("%s %d", region, r.Weights[region])
			}
			return nil
		})
	}
	return cmd
}

func parseWeights(args []string) (map[string]int, error) {
	weights := map[string]int{}
	for _, arg := range args {
		region, text, found := strings.Cut(arg, "=")
		weight, err := strconv.Atoi(text)
		if !found || err != nil || weight < 0 {
			return nil, fmt.Errorf("%q is no weight: write a region and a whole number from 0 on, such as us-east-1=90",
				arg)
		}
		if _, twice := weights[region]; twice {
			return nil, fmt.Errorf("%s is given two weights", region)
		}
		weights[region] = weight
	}
	return weights, nil
}
