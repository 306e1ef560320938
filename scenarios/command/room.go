package command

import (
	"context"
	"fmt"
	"slices"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/engine"
)

// What one drill takes of a machine: its nodes want half a core while they are measured, and two while the lab comes up
// and goes. Beside a lab that does, one of some ninety drills had a harness that stood still, and proved nothing.
const (
	drillCPUs   = 2
	drillMemory = 3 << 30
)

// room is what the engine and its machine have for drills side by side.
type room struct {
	carries  int // so many don't disturb each other's measurements
	networks engine.Networks
}

// room asks the engine. What it can't say is taken for enough for one drill: whoever runs that hears of it.
func (a *app) room(ctx context.Context) (room, error) {
	e, err := a.connect(ctx)
	if err != nil {
		return room{}, err
	}
	defer func() { _ = e.Close() }()
	r := room{carries: carriedBy(ctx, e)}
	r.networks, err = e.Networks(ctx)
	return r, err
}

func carriedBy(ctx context.Context, e *lab.Engine) int {
	facts, err := e.Facts(ctx)
	if err != nil {
		return 1
	}
	return max(1, min(facts.CPUs/drillCPUs, int(facts.Memory/drillMemory)))
}

// jobs is how many drills go side by side: as many as somebody wants, or else as the machine carries. Each lab has
// networks of its own, and the error says that those who want more get less.
func (r room) jobs(wanted int, networks []int) (int, error) {
	largest := slices.Sorted(slices.Values(networks))
	slices.Reverse(largest)
	most, sum := 0, 0
	for _, n := range largest {
		if sum += n; !r.networks.Fit(sum) {
			break
		}
		most++
	}
	switch {
	case wanted == 0:
		return max(1, min(r.carries, most)), nil
	case wanted <= max(1, most): // one that gets none says so itself
		return wanted, nil
	}
	need := 0
	for _, n := range largest[:min(wanted, len(largest))] {
		need += n
	}
	fewer := "remove"
	if most > 0 {
		fewer = fmt.Sprintf("take at most %d, or remove", most)
	}
	return 0, fmt.Errorf("--jobs is %d: the labs take %d networks, and the engine has address pools for %d more: %s "+
		"networks "+
		"that nobody uses with `docker network prune`", wanted, need, r.networks.Left, fewer)
}
