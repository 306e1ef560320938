package fault

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

// streaming is a lab of a primary and its replica. asked are the statements that the primary was asked.
func streaming() (l fakeLab, s *server, replica *fakeNode, way *fakeLink, asked *[]string) {
	s, replica = newServer(), newNode(topology.ServicePostgres, west)
	replica.sql = s.query
	primary := newNode(topology.ServicePostgres, east)
	asked = &[]string{}
	primary.sql = func(sql string) (string, error) {
		*asked = append(*asked, sql)
		if strings.HasPrefix(sql, "select pg_logical_emit_message") {
			s.sent = time.Now()
		}
		switch {
		case strings.HasPrefix(sql, "select pg_is_in_recovery"):
			return "false", nil
		case strings.HasPrefix(sql, "select pg_logical_emit_message(true"):
			if s.stalled() { // it waits for a replica to have it
				return "", errors.New("canceling statement")
			}
		}
		return "0/1", nil
	}
	way = postgresLink(west, east)
	two, _ := topology.Preset("two-regions")
	return fakeLab{topology: two, nodes: []Node{primary, replica}, links: []*fakeLink{way}}, s, replica, way, asked
}

var receipt = &PauseReplication{Replicated: Replicated{Store: storePostgres, Region: west}, What: holdReceipt}

func TestAReceiptIsHeldBackAndNotTheReplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, s, _, _, _ := streaming()
		before := s.streams
		g := injected(t, receipt, l)
		if !s.stalled() || s.replay != "not paused" {
			t.Errorf("in force, and the replica is %+v", s)
		}
		if m, err := g.Heal(t.Context()); err != nil || m.Lapsed != nil || s.streams != before {
			t.Errorf("%+v, %v; it streams from %q", m, err, s.streams)
		}
	})
}

func TestAReplayIsHeldBackAndNotTheReceipt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, s, _, _, _ := streaming()
		g := injected(t, &PauseReplication{Replicated: receipt.Replicated}, l)
		if s.stalled() || s.replay != "paused" {
			t.Errorf("in force, and the replica is %+v", s)
		}
		if _, err := g.Heal(t.Context()); err != nil || s.replay != "not paused" {
			t.Errorf("%v; %+v", err, s)
		}
	})
}

// What receives nothing must not be asked by a transaction that waits until it has: the probe would hang, and see
// nothing.
func TestAStalledReceiverIsSeenAlsoWhereCommitsWaitForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _, _, _, asked := streaming()
		injected(t, receipt, l)
		for _, sql := range *asked {
			if strings.Contains(sql, "emit_message(true") {
				t.Errorf("the probe committed: %s", sql)
			}
		}
	})
}

// What waits before it, or a way that has become slow, is no pause: who was told says whether it is let go.
func TestAStreamIsHealedThoughWhatIsWrittenComesLate(t *testing.T) {
	for name, spec := range map[string]Spec{
		"receipt": receipt, "replay": &PauseReplication{Replicated: receipt.Replicated},
		"lag": &LagReplication{Replicated: receipt.Replicated, Lag: time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			l, s, _, _, _ := streaming()
			g := injected(t, spec, l)
			s.late = true
			start := g.now()
			if m, err := g.Heal(t.Context()); err != nil || m.Lapsed != nil || m.Hi-start > 10*time.Second {
				t.Errorf("%s: %+v, %v", name, m, err)
			}
		})
	}
}

// Whoever had the replica stream from elsewhere meanwhile is not undone.
func TestAReceiverThatWasRepointedIsNotSentBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, s, _, _, _ := streaming()
		g := injected(t, receipt, l)
		s.streams = strings.Replace(s.streams, "port=7", "port=8", 1)
		if m, err := g.Heal(t.Context()); err != nil || m.Lapsed != nil || s.stalled() ||
			!strings.Contains(s.streams, "port=8") {
			t.Errorf("%+v, %v; it streams from %q", m, err, s.streams)
		}
	})
}

// After a promotion nothing is left to receive, and nothing to see.
func TestAReceiverThatWasPromotedIsHealed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, s, _, _, _ := streaming()
		g := injected(t, receipt, l)
		s.promote()
		if m, err := g.Heal(t.Context()); err != nil || m.Lapsed != nil || s.stalled() {
			t.Errorf("%+v, %v; it would stream from %q", m, err, s.streams)
		}
	})
}

// The setting outlives the server: it is taken out of the files of one that is down.
func TestAReceiverThatIsDownIsRepairedOnItsDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, s, replica, _, _ := streaming()
		g := injected(t, receipt, l)
		replica.state = topology.NodeDown
		replica.tend = func(script string) error {
			if strings.Contains(script, "s/"+stalling+"//") && strings.Contains(script, topology.DataDir) {
				s.streams = strings.Replace(s.streams, stalling, "", 1)
			}
			return nil
		}
		if m, err := g.Heal(t.Context()); err != nil || m.Lapsed != nil || s.stalled() {
			t.Errorf("%+v, %v; it will stream from %q", m, err, s.streams)
		}
	})
}

func TestAReceiverOfNobodyIsNotStalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, s, _, _, _ := streaming()
		s.streams = ""
		g, err := NewGuard(receipt, l, clock())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.Inject(t.Context()); !errors.Is(err, errNoSource) {
			t.Errorf("got %v", err)
		}
	})
}

// A paused replication behind a link that is cut is told from it: it is not seen before, and it is healed by its own
// account.
func TestAPauseIsToldFromACut(t *testing.T) {
	for _, what := range []string{holdReplay, holdReceipt} {
		synctest.Test(t, func(t *testing.T) {
			spec := &PauseReplication{Replicated: receipt.Replicated, What: what}
			l, s, _, way, _ := streaming()
			g := injected(t, spec, l)
			cut := func(sql string) (string, error) {
				if strings.Contains(sql, "_lsn() >=") { // nothing comes over a link that is cut
					return "false", nil
				}
				return s.query(sql)
			}
			l.nodes[1].(*fakeNode).sql = cut
			way.others = true
			start := time.Now()
			if m, err := g.Heal(t.Context()); err != nil || m.Lapsed != nil || time.Since(start) > 10*time.Second {
				t.Errorf("%s: healed after %s behind a cut: %+v, %v", what, time.Since(start), m, err)
			}
			again, err := NewGuard(spec, l, clock())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := again.Inject(t.Context()); err == nil ||
				!strings.Contains(err.Error(), "on which it comes, does not carry") || s.stalled() {
				t.Errorf("%s: paused behind a cut: %v", what, err)
			}
		})
	}
}

// A throttle of the log is looked at again over its links: to write a flood would be in the way of what the drill
// writes.
func TestAThrottleOfTheLogLapses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _, _, way, asked := streaming()
		f, err := (&ThrottleReplication{Replicated: receipt.Replicated, Rate: 50_000}).For(l)
		if err != nil {
			t.Fatal(err)
		}
		g := &Guard{fault: f, now: clock(), state: Effective, probeTime: 500 * ms}
		if err := f.Inject(t.Context()); err != nil || g.lapsed(t.Context()) != nil {
			t.Errorf("it has just been injected: %v", err)
		}
		if way.state = nil; g.lapsed(t.Context()) == nil {
			t.Error("the link is free, and nobody says so")
		}
		if way.others = true; g.lapsed(t.Context()) != nil {
			t.Error("the link is cut, and shows no lapse")
		}
		if len(*asked) > 0 {
			t.Errorf("the primary was asked %q", *asked)
		}
	})
}
