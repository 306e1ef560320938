package fault

import (
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

// Time is about how long a fault takes on a machine that does little else: Before it is ordered, for its baseline, and
// from then on until it is Seen in force.
type Time struct{ Before, Seen time.Duration }

// lengthy is a Spec whose probe waits for silence, or measures: the others are seen at once.
type lengthy interface {
	Takes(t topology.Topology) Time
}

// looks is how many a probe needs until it believes what it sees: that in which the fault comes, and one more.
const looks = 2

// Takes is about how long a fault takes. A step after it has to wait for so long.
func Takes(s Spec, t topology.Topology) Time {
	if l, is := s.(lengthy); is {
		return l.Takes(t)
	}
	return Time{}
}
