package workload

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

const (
	// sessionWindow is how many of the ids that it wrote, and that it read, a session asks for again. It also bounds
	// for how long those that a failover lost are asked for.
	sessionWindow = 8
	// ownAfter is how old an acknowledgement is before the client looks at what it wrote: people take a moment.
	ownAfter = 250 * time.Millisecond
)

// session is what one client has seen of the service. The nil session has seen nothing, and never does.
type session struct {
	mu      sync.Mutex
	at      string // the greatest position it was given
	written []acknowledged
	found   []string
	turn    int
	choice  *rand.Rand
}

func newSession(seed, client uint64) *session {
	return &session{choice: rand.New(rand.NewPCG(seed, client+1))}
}

// pick chooses what the client reads next, in turn: the newest that it wrote itself, something that it has read before,
// and nothing of its own (empty), as when it has no such thing.
func (s *session) pick(now time.Duration) string {
	if s == nil {
		return ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn++
	switch {
	case s.turn%3 == 1:
		for i := len(s.written) - 1; i >= 0; i-- {
			if s.written[i].at+ownAfter <= now {
				return s.written[i].id
			}
		}
	case s.turn%3 == 2 && len(s.found) > 0:
		return s.found[s.choice.IntN(len(s.found))]
	}
	return ""
}

// ended takes down what an operation of the client found.
func (s *session) ended(op history.Op) {
	if s == nil || op.Outcome != history.OK {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if op.Kind == history.Write {
		s.written = append(s.written, acknowledged{id: op.ID, at: op.Done})
		s.written = s.written[max(0, len(s.written)-sessionWindow):]
		return
	}
	s.found = append(s.found, op.ID)
	s.found = s.found[max(0, len(s.found)-sessionWindow):]
}

func (s *session) position() string {
	if s == nil {
		return ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at
}

// saw keeps a position if it is greater than those before. It says no of what is none.
func (s *session) saw(position string) bool {
	if s == nil || position == "" {
		return true
	}
	next, is := lsn(position)
	if !is {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if now, had := lsn(s.at); !had || next > now {
		s.at = position
	}
	return true
}

// lsn reads a position in the log of PostgreSQL: two numbers of 32 bits in hexadecimal, the higher one first.
func lsn(position string) (uint64, bool) {
	high, low, found := strings.Cut(position, "/")
	h, herr := strconv.ParseUint(high, 16, 32)
	l, lerr := strconv.ParseUint(low, 16, 32)
	return h<<32 | l, found && herr == nil && lerr == nil
}
