package evidence

import (
	"encoding/json"
	"strings"

	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// schemaV1 named the format until incidents were told apart.
const schemaV1 = "regionfall-result/v1"

// readV1 reads what has kept its name and its meaning since: enough to judge the folder again, to list it, and to show
// what was measured. It was of one incident, and nobody noted what ran it.
func readV1(data []byte) (Result, error) {
	var r Result
	if err := json.Unmarshal(data, &r); err != nil {
		return Result{}, err
	}
	var old struct {
		Lab struct {
			Images []struct{ Name, ID string }
		}
	}
	if err := json.Unmarshal(data, &old); err != nil {
		return Result{}, err
	}
	if r.Lab.Serving == nil {
		r.Lab.Serving = map[string]string{}
	}
	r.Lab.Images = []Image{}
	for _, i := range old.Lab.Images {
		what, name, found := strings.Cut(i.Name, " ")
		if !found {
			name = what
		}
		r.Lab.Images = append(r.Lab.Images, Image{For: what, Name: name, Digest: i.ID})
	}
	var h history.History // as much of it as says what each fault is to the drill
	for _, f := range r.Faults {
		h.Faults = append(h.Faults, history.Fault{
			Name: f.Name, Confirmed: f.Confirmed,
			Effective: (*history.Interval)(f.Effective),
		})
	}
	for i, role := range measure.Roles(h) {
		r.Faults[i].Role = role
	}
	r.Incidents = incidentsV1(r)
	return r, nil
}

// incidentsV1 are those of a result that was of one: of the first fault that was confirmed, whatever it was to the
// drill. Of several switchovers it was of the worst, and does not say which that was.
func incidentsV1(r Result) []measure.Incident {
	ordered := 0
	for _, f := range r.Faults {
		if f.Name == history.Switchover {
			ordered++
		}
	}
	for n, f := range r.Faults {
		if !f.Confirmed || f.Effective == nil || ordered > 1 {
			continue
		}
		i := measure.Incident{
			Fault: new(n), Cause: f.Name + " on " + f.Target, RecoveryTime: r.Metrics.RecoveryTime,
			RecoveryPoint: r.Metrics.RecoveryPoint,
		}
		if p := i.RecoveryPoint; p != nil {
			i.InCharge = p.InCharge
		}
		return []measure.Incident{i}
	}
	return []measure.Incident{}
}
