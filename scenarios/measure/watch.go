package measure

import (
	"net/http"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// Watch says while a drill runs whether the service is back. What it says holds for what was seen so far: operations that are under way may change it.
type Watch struct {
	spec Spec
}

// NewWatch watches by a criterion; without one the service is never said to be back.
func NewWatch(s Spec) *Watch { return &Watch{spec: s} }

// Look says whether a window in which the criterion holds throughout was seen since a time, for all that it has to hold for, and whether it has held
// up to now. A read that does not find its write tells nothing yet: whether that was lost shows when the stores are read.
func (w *Watch) Look(h history.History, since time.Duration) (back, calm bool) {
	if w.spec.RecoveryTime == nil {
		return false, false
	}
	v := newService(h, w.spec, func(op *history.Op) bool { return op.Kind == history.Read && op.Status == http.StatusNotFound })
	if !v.observed() || v.tooThin() {
		return false, false
	}
	outages := v.outages(nil)
	back = v.all.lastHeld >= since
	for _, s := range v.parts {
		back = back && s.lastHeld >= since
	}
	return back, back && (len(outages) == 0 || !outages[len(outages)-1].censored)
}
