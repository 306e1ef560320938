package measure

import (
	"cmp"
	"fmt"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// Guarantees are what a session may be promised (Terry et al., "Session Guarantees for Weakly Consistent Replicated Data", 1994), by the ids of
// the findings: that it reads what it wrote, and that what it has read it finds again.
func Guarantees() []string { return []string{FindingReadYourWrites, FindingMonotonicReads} }

// MeasureSessions judges what each client read, a client being a session. It is nil where no guarantee is promised.
//
// A read tells something of read_your_writes when its client had been told that the same verification is written before it sent the read, and
// of monotonic_reads when it had found the verification before. It violates the guarantee when the verification is not there; one that got no
// answer tells nothing, nor does one that was due before the steady state. Nothing is known where no read tells of it after the fault. Violations of
// a session that no other read comes between make a window, from the first one sent to the last one answered.
func MeasureSessions(h history.History, s Spec) []Session { //nolint:revive // Sessions are what it returns
	return bareView(h, s).sessions()
}

func (v *view) sessions() []Session {
	if len(v.spec.Sessions) == 0 {
		return nil
	}
	var all []Session
	k := newKnowledge(v.ids())
	for _, id := range v.spec.Sessions {
		all = append(all, v.session(id, k))
	}
	return all
}

func (v *view) session(id string, k *knowledge) Session {
	s := Session{Guarantee: id}
	steady, _ := v.PhaseAt(history.PhaseSteady)
	f := time.Duration(math.MaxInt64) // when all that was broken was surely effective
	for i, fault := range slices.DeleteFunc(slices.Clone(v.Faults), func(f history.Fault) bool { return !confirmed(f) }) {
		if i == 0 {
			f = 0
		}
		f = max(f, fault.Effective.Hi)
	}
	for client, places := range v.turns().all() {
		judged := s.Judged
		k.forget()
		k.learn(&s, places)
		k.follow(&s, client, places, steady, f)
		if s.Judged > judged {
			s.Sessions++
		}
	}
	slices.SortStableFunc(s.Windows, func(a, b SessionWindow) int { return cmp.Compare(a.LoMS, b.LoMS) })
	switch {
	case s.Violations > 0:
		s.Verdict = Fail
	case s.After > 0:
		s.Verdict = Pass
	}
	return s
}

// knowledge is when a client knew first that a verification is there, by the numbers of the ids.
type knowledge struct {
	*ids
	since  []time.Duration
	whose  []int32 // who knew it; somebody else's is forgotten
	client int32
}

func newKnowledge(d *ids) *knowledge {
	return &knowledge{ids: d, since: make([]time.Duration, d.count()), whose: make([]int32, d.count())}
}

// forget makes ready for the next client.
func (k *knowledge) forget() { k.client++ }

// learn goes through the operations of a client.
func (k *knowledge) learn(s *Session, places []int32) {
	tells := history.Read
	if s.Guarantee == FindingReadYourWrites {
		tells = history.Write
	}
	for _, i := range places {
		op, id := &k.ops[i], k.of[i]
		if op.Kind == tells && op.Outcome == history.OK && (k.whose[id] != k.client || op.Done < k.since[id]) {
			k.since[id], k.whose[id] = op.Done, k.client
		}
	}
}

// follow goes through the operations of a client in the order in which they were sent.
func (k *knowledge) follow(s *Session, client int, places []int32, steady, f time.Duration) {
	open := -1 // the window that goes on
	for _, i := range places {
		op, id := &k.ops[i], k.of[i]
		absent := op.Outcome != history.OK && op.Status == http.StatusNotFound
		if op.Kind != history.Read || op.Due < steady || k.whose[id] != k.client || k.since[id] > op.Sent || op.Outcome != history.OK && !absent {
			continue
		}
		s.Judged++
		if op.Sent >= f {
			s.After++
		}
		if !absent {
			open = -1
			continue
		}
		s.Violations++
		if open < 0 {
			open = len(s.Windows)
			s.Windows = append(s.Windows, SessionWindow{Client: client, Region: op.Region, LoMS: *ms(op.Sent)})
		}
		w := &s.Windows[open]
		w.Reads++
		w.HiMS, w.AgeMS, w.LagMS = max(w.HiMS, *ms(op.Done)), max(w.AgeMS, *ms(op.Sent - k.since[id])), max(w.LagMS, *ms(op.Lag))
		w.IDs = append(w.IDs, op.ID)
	}
}

func sessionFinding(s Session) Finding {
	f := Finding{ID: s.Guarantee, Checker: "sessions", Verdict: s.Verdict}
	what := map[string]string{FindingReadYourWrites: "had written itself", FindingMonotonicReads: "had read before"}[s.Guarantee]
	switch {
	case s.After == 0 && s.Violations == 0:
		f.Detail = "after the fault no session read again what it " + what + ": nothing is known"
	case s.Violations == 0:
		f.Detail = fmt.Sprintf("%d reads of what the session %s, of %d sessions, found it", s.Judged, what, s.Sessions)
	default:
		age, lag := 0.0, 0.0
		for _, w := range s.Windows {
			age, lag = max(age, w.AgeMS), max(lag, w.LagMS)
			f.Evidence = append(f.Evidence, w.IDs...)
		}
		f.Evidence = f.Evidence[:min(len(f.Evidence), most)]
		w := s.Windows[0]
		f.Detail = fmt.Sprintf("of %d reads of what the session %s, %d did not find it; the first was of client %d in %s; the oldest of it was %s old, where the "+
			"database that was asked said that it was up to %s behind", s.Judged, what, s.Violations, w.Client, w.Region, words(age), words(lag))
	}
	return f
}
