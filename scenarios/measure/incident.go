package measure

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Incident is a fault, or an ordered move, together with the outages and the loss that followed it.
type Incident struct {
	// its place among the faults, from 0; null: nothing was broken that could have caused the outages
	Fault    *int   `json:"fault"`
	Cause    string `json:"cause"`     // the fault and its target; empty: nothing
	InCharge string `json:"in_charge"` // the region that is in charge after it; empty: that is not known
	// Outages that are put down to it, in the order of time; null where nothing says when the service is away.
	Outages []Outage `json:"outages" schema:"null"`
	// AwayAlready says that it came when the service was away for an earlier fault: what it did to the service nobody
	// can tell.
	AwayAlready bool `json:"away_already,omitempty"`
	// RecoveryTime is that of the worst of its outages, or how surely there was none; null where none is promised,
	// where the service was away already, and without a cause.
	RecoveryTime *RecoveryTime `json:"recovery_time"`
	// RecoveryPoint is null where the loss is another one's: after it nobody else was in charge.
	RecoveryPoint *RecoveryPoint `json:"recovery_point"`
}

// Words tell it in one sentence.
func (i Incident) Words() string {
	head := i.Cause
	if i.Fault == nil {
		head = "nothing was broken"
	}
	var parts []string
	switch n := len(i.Outages); {
	case i.AwayAlready:
		parts = append(parts, "the service was away already")
	case n == 0 && i.Outages != nil:
		parts = append(parts, "the service was not away")
	case n == 1:
		parts = append(parts, "the service was away "+i.Outages[0].Words())
	case n > 1:
		parts = append(parts, fmt.Sprintf("the service was away %d times, %s", n, listed(i.Outages)))
	}
	switch {
	case i.InCharge == "":
	case i.Fault == nil:
		parts = append(parts, i.InCharge+" is in charge")
	default:
		parts = append(parts, i.InCharge+" is in charge after it")
	}
	if p := i.RecoveryPoint; p != nil {
		parts = append(parts, "acknowledged writes: "+p.Words())
	}
	return head + ": " + strings.Join(parts, "; ")
}

// listed are outages as part of a sentence.
func listed(outages []Outage) string {
	const maxListed = 5
	var each []string
	for _, o := range outages[:min(len(outages), maxListed)] {
		each = append(each, o.Words())
	}
	if n := len(outages); n > maxListed {
		each = append(each, fmt.Sprintf("and %d times more", n-maxListed))
	}
	return strings.Join(each, ", ")
}

// Words say when it was, and for how long.
func (o Outage) Words() string {
	text := fmt.Sprintf("from %s on", Exactly(o.Begin.Hi))
	switch {
	case o.Censored:
		text += " to the end"
	case o.Lo != nil && o.Hi != nil:
		text += " for " + AtLeast(o.Lo.Duration()) + " to " + AtMost(o.Hi.Duration())
	}
	if o.What != "" {
		text += " (" + o.What + ")"
	}
	return text
}

// incidents are all of a drill, in the order of time.
func (v *view) incidents() []Incident {
	all := []Incident{}
	if outages := v.uncausedOutages(); len(outages) > 0 {
		all = append(all, Incident{InCharge: v.charge.home, Outages: outages})
	}
	times := v.times()
	for i, c := range v.causes {
		one := Incident{Fault: new(c.fault), Cause: c.String(), InCharge: v.inChargeAfter(c)}
		if times != nil {
			one.Outages, one.RecoveryTime = times[i].outages, times[i].recovery
			one.AwayAlready = one.RecoveryTime == nil
		}
		if a := v.audit(); a != nil {
			if at := slices.IndexFunc(a.accounts, func(k account) bool { return k.cause.index == c.index }); at >= 0 {
				one.RecoveryPoint = a.accounts[at].point
			}
		}
		all = append(all, one)
	}
	return all
}

// uncausedOutages are those that began when nothing was broken.
func (v *view) uncausedOutages() []Outage {
	var all []Outage
	for _, o := range v.outages {
		if o.cause < 0 {
			all = append(all, o.figure())
		}
	}
	return all
}

// causedOutages are the outages of all incidents that have a cause, in the order of time.
func (v *view) causedOutages() []Outage {
	var all []Outage
	for _, t := range v.times() {
		all = append(all, t.outages...)
	}
	return all
}

// withoutTimes is the incident without any verdict on the length of its outages.
func (i Incident) withoutTimes() Incident {
	point := i.RecoveryPoint
	i = withdrawn(reflect.ValueOf(i)).Interface().(Incident)
	i.RecoveryPoint = point
	return i
}

// widened is the incident with intervals that cover what may have been as well: the incident of the same fault among
// others.
func (i Incident) widened(others []Incident) Incident {
	at := slices.IndexFunc(others, func(o Incident) bool {
		return o.Fault != nil && i.Fault != nil &&
			*o.Fault == *i.Fault
	})
	if at < 0 || i.RecoveryTime == nil || others[at].RecoveryTime == nil {
		return i
	}
	is, other := *i.RecoveryTime, others[at]
	is.widen(*other.RecoveryTime)
	i.RecoveryTime, i.Outages = &is, slices.Clone(i.Outages)
	for n := range i.Outages {
		if len(other.Outages) == len(i.Outages) { // else nobody can say which is which
			o := &i.Outages[n]
			o.Interval, o.Censored = o.or(other.Outages[n].Interval), o.Censored || other.Outages[n].Censored
		}
	}
	return i
}

// causedOutages are the outages that have a cause. The recovery time is that of the worst.
func (r Report) causedOutages() []Outage {
	var all []Outage
	for _, i := range r.Incidents {
		if i.Fault != nil {
			all = append(all, i.Outages...)
		}
	}
	return all
}

// Outages are all of a drill, in the order of time.
func (r Report) Outages() []Outage {
	var all []Outage
	for _, i := range r.Incidents {
		all = append(all, i.Outages...)
	}
	return all
}
