package workload

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

const (
	// readAfter is how old an acknowledgement is before what was written is read.
	readAfter = 100 * time.Millisecond

	// readWindow is how many of the newest writes are read: people ask about what they have just handed in. It
	// also bounds for how long writes that a failover lost can spoil reads: their loss is the recovery point's to
	// measure, from the final read of every store, and must not keep the recovery time from ever being reached.
	readWindow = 64
)

// population is what the load has written and may read.
type population struct {
	prefix string             // of all ids
	first  chan time.Duration // gets the time of the first acknowledgement

	mu       sync.Mutex
	acked    []string
	fresh    []acknowledged // too young to be read
	readable []string       // at most readWindow, the newest last
	choice   *rand.Rand
}

type acknowledged struct {
	id string
	at time.Duration
}

// idPrefix is what the ids of a load with this prefix begin with.
func idPrefix(prefix string) string { return "v-" + prefix + "-" }

func newPopulation(prefix string, seed uint64) *population {
	return &population{
		prefix: prefix, first: make(chan time.Duration, 1),
		choice: rand.New(rand.NewPCG(seed, 0)),
	}
}

func (p *population) id(number int64) string { return fmt.Sprintf("%s%06d", p.prefix, number) }

func (p *population) ack(id string, at time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.acked) == 0 {
		p.first <- at
	}
	p.acked = append(p.acked, id)
	p.fresh = append(p.fresh, acknowledged{id: id, at: at})
}

// pick chooses what to read next. It is not called before readAfter has passed since the first acknowledgement.
func (p *population) pick(now time.Duration) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.fresh) > 0 && p.fresh[0].at+readAfter <= now {
		p.readable = append(p.readable, p.fresh[0].id)
		p.fresh = p.fresh[1:]
	}
	if extra := len(p.readable) - readWindow; extra > 0 {
		p.readable = p.readable[extra:]
	}
	return p.readable[p.choice.IntN(len(p.readable))]
}

// absent takes an id out of what is read: its loss is on record. The last one stays, so that reads always have
// something to ask.
func (p *population) absent(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.readable, id); i >= 0 && len(p.readable) > 1 {
		p.readable = slices.Delete(p.readable, i, i+1)
	}
}

func (p *population) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.acked)
}

func (p *population) list() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.acked)
}
