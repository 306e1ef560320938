package workload

import (
	"fmt"

	"github.com/regionfall/regionfall/scenarios/history"
)

// judge says what the caller knows about an operation after one attempt, of which something was sent or not. A write
// that may have been applied is unknown unless the service says otherwise in so many words; a read changes nothing, so
// one that is not ok has failed.
func judge(kind history.Kind, sent bool, a Answer) (history.Outcome, string) {
	doubt := history.Unknown
	if kind == history.Read {
		doubt = history.Failed
	}
	switch {
	case a.Err != nil && !sent:
		return history.Failed, fmt.Sprintf("not sent: %v", a.Err)
	case a.Err != nil:
		return doubt, fmt.Sprintf("no answer: %v", a.Err)
	case a.Result == Acknowledged:
		return history.OK, ""
	case a.Result == Absent && kind == history.Read:
		return history.Failed, history.Absent
	case a.Result == Refused:
		return history.Failed, a.Why
	default:
		return doubt, a.Why
	}
}
