package scenarios

import (
	"errors"
	"slices"
	"time"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/file"
)

// checkFaults asks each fault about its parameters, whether it can be seen beside those in force, and that a region
// is left that takes over.
func (f *Format) checkFaults(found *file.Complaints, t topology.Topology) {
	left := []string{t.Standby().Name, t.Home().Name} // no other region ever takes over
	var inForce []standingFault
	all := f.faults(found)
	for i, s := range f.Steps {
		inForce = stillInForce(inForce, s)
		before := len(inForce)
		for _, one := range all {
			if one.step != i {
				continue
			}
			inLab := Fault{one.Spec}.atScale(max(f.Timescale, 1))
			if !checkFault(found, one.path, inLab, t, f.Timescale) {
				continue
			}
			for k, other := range inForce {
				err := fault.Conflicts(other.inLab, inLab, t)
				if err == nil && k >= before { // they come at one moment: each is looked for beside the other
					err = fault.Conflicts(inLab, other.inLab, t)
				}
				if err != nil {
					found.Add(one.path, "%s: %v", one.path, err)
				}
			}
			inForce = append(inForce, standing(s, inLab))
			if lost, is := one.Spec.(*fault.LoseRegion); is && removeFirst(&left, lost.Region) && len(left) == 0 {
				found.Add(one.path, "%s: home and standby are lost by now, so no region is left that takes over and "+
					"can be read", one.path)
				return
			}
		}
	}
}

// stillInForce are the faults that are in force when a step is done, but for what it heals.
func stillInForce(all []standingFault, s Step) []standingFault {
	what := string(s.Heal)
	called := func(f standingFault) bool { return f.step == what && what != "" }
	if slices.ContainsFunc(all, called) {
		all = slices.DeleteFunc(all, called)
	} else if at := slices.IndexFunc(all, func(f standingFault) bool { return f.kind == what }); at >= 0 {
		all = slices.Delete(all, at, at+1)
	}
	if s.When == "" && s.Stage == "" && s.After == "" && s.At > 0 {
		all = slices.DeleteFunc(all, func(f standingFault) bool { return f.until > 0 && f.until < s.At })
	}
	return all
}

// standingFault is a fault that is in force while other steps are done.
type standingFault struct {
	injection
	inLab fault.Spec
	until file.Duration // counted from the steady state; 0: nobody knows
}

func standing(s Step, inLab fault.Spec) standingFault {
	f := standingFault{injection{inLab.Kind(), string(s.Name), time.Duration(s.For)}, inLab, 0}
	if s.For > 0 && s.At > 0 && s.When == "" && s.Stage == "" && s.After == "" {
		f.until = s.At + s.For
	}
	return f
}

// checkFault complains about the parameters of a fault, which stand below path. The times that a timescale divides
// are those of the lab.
func checkFault(
	found *file.Complaints, path string, inLab fault.Spec, t topology.Topology, timescale float64,
) (valid bool) {
	err := inLab.Validate(t)
	for _, e := range flattenErrors(err) {
		var p *fault.ParameterError
		if !errors.As(e, &p) {
			found.Add(path, "%s: %v", path, e)
			continue
		}
		at := path + "." + p.Parameter
		note := hint(found.Text(at), p.Known)
		if timescale > 1 && file.Scaled(inLab, p.Parameter) && found.Has(at) {
			note = " (in lab time)"
		}
		found.Add(at, "%s: %s%s", path, p.Problem, note)
	}
	return err == nil
}

// survivor is the region that is to be in charge in the end, and whose stores are read: who takes over in order last,
// else the standby, unless a step loses it; then home goes on. No other region ever does.
func survivor(steps []Step, t topology.Topology) string {
	left := []string{t.Standby().Name, t.Home().Name}
	for _, s := range steps {
		if s.Switchover != "" {
			left = []string{s.Switchover}
		}
		for _, lost := range s.loses() {
			if len(left) > 1 {
				removeFirst(&left, lost)
			}
		}
	}
	return left[0]
}

// removeFirst removes the first item that equals one, and reports whether there was any.
func removeFirst(all *[]string, one string) bool {
	i := slices.Index(*all, one)
	if i < 0 {
		return false
	}
	*all = slices.Delete(*all, i, i+1)
	return true
}
