package calibration

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The two regions. The service is one program that answers as the one, and from the takeover on as the other.
const (
	east = "east"
	west = "west"
)

// manner is how a service is away.
type manner string

// The manners. The first three are a proxy's doing, the others the service's own.
const (
	refuses     manner = "connections are refused"
	swallows    manner = "requests are swallowed"
	resets      manner = "connections are reset"
	drops       manner = "connections are dropped"
	hangs       manner = "nothing is answered"
	unavailable manner = "503 is answered"
	slow        manner = "answers come late"
	noWrites    manner = "only writes fail"
	noReads     manner = "only reads fail"
	blocks      manner = "writes are held back" // and answered when it is over
)

func (m manner) byProxy() bool { return m == refuses || m == swallows || m == resets }

// spell is a stretch in which the service is away for what arrives in it.
type spell struct {
	from, to time.Duration
	manner   manner
}

// service is the service whose truth is planted: what it does is decided by when a request arrives, on the drill's own
// clock. What is not set does not happen.
type service struct {
	now      func() time.Duration
	spells   []spell
	takeover time.Duration // from when on it answers as west; 0: never
	capacity float64       // operations a second from then on; 0: as many as come
	forgets  time.Duration // west has nothing that was acknowledged by east later than this; 0: it has all
	lateness time.Duration // of what comes late

	mu       sync.Mutex
	acked    []acknowledgement
	at       map[string]int // index in acked
	admitted int
}

// acknowledgement is one by the service's own word.
type acknowledgement struct {
	id     string
	at     time.Duration
	region string
}

func (s *service) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	arrived := s.now()
	var body struct{ ID string }
	id, reads := strings.CutPrefix(req.URL.Path, "/verifications/")
	if !reads {
		if err := json.NewDecoder(req.Body).Decode(&body); err != nil || body.ID == "" {
			return // its client is gone
		}
		id = body.ID
	}
	for _, p := range s.spells {
		if !p.manner.byProxy() && p.from <= arrived && arrived < p.to && !s.survives(w, req, p, reads) {
			return
		}
	}
	if !s.admits(arrived) {
		refuse(w)
		return
	}
	region := s.region(s.now())
	w.Header().Set("X-Region", region)
	w.Header().Set("X-Node", "app-1."+region)
	if !reads {
		s.store(id, region)
		w.WriteHeader(http.StatusCreated)
	} else if !s.has(id, region) {
		http.NotFound(w, req)
		return
	}
	_, _ = fmt.Fprintf(w, `{"id":%q}`, id)
}

// survives does to a request what the spell does, and says whether it is answered all the same.
func (s *service) survives(w http.ResponseWriter, req *http.Request, p spell, reads bool) bool {
	wait := func(d time.Duration) bool {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			return true
		case <-req.Context().Done():
			return false
		}
	}
	switch p.manner {
	case drops:
		drop(w)
	case hangs:
		<-req.Context().Done()
	case slow:
		return wait(s.lateness)
	case blocks:
		return reads || wait(p.to-s.now())
	case noWrites:
		if reads {
			return true
		}
		refuse(w)
	case noReads:
		if !reads {
			return true
		}
		refuse(w)
	default:
		refuse(w)
	}
	return false
}

func refuse(w http.ResponseWriter) {
	http.Error(w, `{"applied":"no","error":"away"}`, http.StatusServiceUnavailable)
}

// drop resets the connection.
func drop(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

func (s *service) region(at time.Duration) string {
	if s.takeover > 0 && at >= s.takeover {
		return west
	}
	return east
}

// admits lets as many operations in as the capacity has for the time since the takeover.
func (s *service) admits(arrived time.Duration) bool {
	if s.capacity <= 0 || arrived < s.takeover {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if float64(s.admitted) >= s.capacity*(arrived-s.takeover).Seconds() {
		return false
	}
	s.admitted++
	return true
}

func (s *service) store(id, region string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at[id] = len(s.acked)
	s.acked = append(s.acked, acknowledgement{id: id, at: s.now(), region: region})
}

func (s *service) has(id, region string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, is := s.at[id]
	return is && (region == east || kept(s.acked[i], s.forgets))
}

// kept says whether west has it, if it forgets what east acknowledged later than a time.
func kept(a acknowledgement, forgets time.Duration) bool {
	return a.region == west || forgets == 0 || a.at <= forgets
}

// list is what west has.
func (s *service) list(forgets time.Duration) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for _, a := range s.acked {
		if kept(a, forgets) {
			ids = append(ids, a.id)
		}
	}
	return ids
}

// acknowledged is what east acknowledged, in order.
func (s *service) acknowledged() []acknowledgement {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.acked), func(a acknowledgement) bool { return a.region != east })
}

// serve answers from now on.
func (s *service) serve(t *testing.T, listener net.Listener) {
	t.Helper()
	s.at = map[string]int{}
	server, ended := &http.Server{Handler: s, ReadHeaderTimeout: 5 * time.Second}, make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	t.Cleanup(func() {
		_ = server.Close()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("service: %v", err)
		}
	})
}
