package measure

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// FindingReadYourWrites and FindingMonotonicReads fail when a session did not find what it wrote, or what it had read
// before.
const (
	FindingReadYourWrites = "read_your_writes"
	FindingMonotonicReads = "monotonic_reads"
)

// Session is how a guarantee was kept.
type Session struct {
	Guarantee  string          `json:"guarantee"` // the id of its finding
	Sessions   int             `json:"sessions"`  // that have read anything that tells of it
	Judged     int             `json:"judged"`    // reads that do
	After      int             `json:"after"`     // of those, that were sent when the fault was surely effective
	Violations int             `json:"violations"`
	Windows    []SessionWindow `json:"windows"` // of violations, in the order of time
	Verdict    Verdict         `json:"verdict"`
}

// SessionWindow are violations of one session that nothing else came between.
type SessionWindow struct {
	Client int      `json:"client"`
	Region string   `json:"region"` // that did not find it
	At     Span     `json:"at_ms"`
	Reads  int      `json:"reads"`
	Age    Near     `json:"age_ms"` // at most: how long the session had known of what it did not find
	Lag    Near     `json:"lag_ms"` // at most: how far behind the database that was asked said that it was
	IDs    []string `json:"ids"`
}

// Guarantees are what a session may be promised (Terry et al., "Session Guarantees for Weakly Consistent Replicated
// Data", 1994), by the ids of the findings: that it reads what it wrote, and that what it has read it finds again.
func Guarantees() []string { return []string{FindingReadYourWrites, FindingMonotonicReads} }

// MeasureSessions judges what each client read, a client being a session. It is nil where no guarantee is promised.
//
// A read tells something of read_your_writes when its client had been told that the same verification is written before
// it sent the read, and of monotonic_reads when it had found the verification before. It violates the guarantee when
// the verification is not there; one that got no answer tells nothing, nor does one that was due before the steady
// state. Nothing is known where no read tells of it after the fault. Violations of a session that no other read comes
// between make a window, from the first one sent to the last one answered.
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
	s := Session{Guarantee: id, Windows: []SessionWindow{}}
	steady, _ := v.PhaseAt(history.PhaseSteady)
	f := time.Duration(math.MaxInt64) // when all that was broken was surely effective
	for i, fault := range slices.DeleteFunc(slices.Clone(v.Faults),
		func(f history.Fault) bool { return !confirmed(f) }) {
		if i == 0 {
			f = 0
		}
		f = max(f, fault.Effective.Hi)
	}
	for client, places := range v.clientOps().all() {
		judged := s.Judged
		k.forget()
		k.learn(&s, places)
		k.follow(&s, client, places, steady, f)
		if s.Judged > judged {
			s.Sessions++
		}
	}
	slices.SortStableFunc(s.Windows, func(a, b SessionWindow) int { return cmp.Compare(a.At.Lo, b.At.Lo) })
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
		absent := op.FoundNothing()
		if op.Kind != history.Read || op.Due < steady || k.whose[id] != k.client || k.since[id] > op.Sent ||
			op.Outcome != history.OK && !absent {
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
			s.Windows = append(s.Windows, SessionWindow{Client: client, Region: op.Region, At: Span{Lo: op.Sent}})
		}
		w := &s.Windows[open]
		w.Reads++
		w.At.Hi, w.Age, w.Lag = max(w.At.Hi, op.Done), max(w.Age, Near(op.Sent-k.since[id])), max(w.Lag, Near(op.Lag))
		w.IDs = append(w.IDs, op.ID)
	}
}

func sessionFinding(s Session) Finding {
	f := Finding{ID: s.Guarantee, Checker: "sessions", Verdict: s.Verdict}
	what := map[string]string{
		FindingReadYourWrites: "had written itself",
		FindingMonotonicReads: "had read before",
	}[s.Guarantee]
	switch {
	case s.After == 0 && s.Violations == 0:
		f.Detail = "after the fault no session read again what it " + what + ": nothing is known"
	case s.Violations == 0:
		f.Detail = fmt.Sprintf("%d reads of what the session %s, of %d sessions, found it", s.Judged, what, s.Sessions)
	default:
		age, lag := Near(0), Near(0)
		for _, w := range s.Windows {
			age, lag = max(age, w.Age), max(lag, w.Lag)
			f.Evidence = append(f.Evidence, w.IDs...)
		}
		f.Evidence = f.Evidence[:min(len(f.Evidence), maxEvidence)]
		w := s.Windows[0]
		f.Detail = fmt.Sprintf("of %d reads of what the session %s, %d did not find it; the first was of client %d "+
			"in %s; the oldest of it was %s old, where the "+
			"database that was asked said that it was up to %s behind", s.Judged, what, s.Violations, w.Client,
			w.Region, Exactly(time.Duration(age)), Exactly(time.Duration(lag)))
	}
	return f
}

// sessionGuarantees is the checker of what sessions are promised.
type sessionGuarantees struct{ promises }

// IDs are those of its findings.
func (sessionGuarantees) IDs() []string { return Guarantees() }

// Measure notes how each guarantee was kept.
func (sessionGuarantees) Measure(v *view, m *Metrics) {
	m.Sessions = v.sessions()
}

// Find says whether it was.
func (sessionGuarantees) Find(_ *view, m Metrics) (all []Finding) {
	for _, session := range m.Sessions {
		all = append(all, sessionFinding(session))
	}
	return all
}

// Rows say how often a guarantee was broken, and how old what was not found was.
func (sessionGuarantees) Rows(s rowSource) (rows []Row) {
	for _, session := range s.Metrics.Sessions {
		rows = append(rows, session.row(s))
	}
	return rows
}

func (s Session) row(in rowSource) Row {
	out := Row{
		ID: s.Guarantee, Name: Title(s.Guarantee), Objective: always, Judged: true, Verdict: s.Verdict,
		Measured: "not measured",
	}
	if s.Violations == 0 {
		if s.Judged > 0 {
			out.Measured = "all " + Count(s.Judged, "read", "reads") + " found it"
		}
		return out
	}
	age := Near(0)
	for _, w := range s.Windows {
		age = max(age, w.Age)
	}
	out.Measured = fmt.Sprintf("%d of %s did not find it, in %s, when it was up to %s old",
		s.Violations, Count(s.Judged, "read", "reads"), Count(len(s.Windows), "window", "windows"),
		Exactly(age.Duration()))
	in.full(&out, Objective{}, func(scale float64) string {
		return "up to " + Exactly(AtScale(age.Duration(), scale)) +
			" old"
	})
	return out
}
