package workload

import (
	"sync"
	"time"
)

const (
	slot     = 50 * time.Millisecond
	slots    = int64(time.Second / slot)
	slotRing = 32 // more than slots: one second is whole while the next slot fills
)

// meter counts operations over the last second, in slots. It is for looking at; verdicts come from the history.
type meter struct {
	mu    sync.Mutex
	slots [slotRing]tally
}

type tally struct {
	number        int64
	offered, good int
}

func (m *meter) offered(now time.Duration) { m.add(now, 1, 0) }
func (m *meter) good(now time.Duration)    { m.add(now, 0, 1) }

func (m *meter) add(now time.Duration, offered, good int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	number := int64(now / slot)
	t := &m.slots[number%slotRing]
	if t.number != number {
		*t = tally{number: number}
	}
	t.offered += offered
	t.good += good
}

// perSecond sums the second that ends with the last full slot.
func (m *meter) perSecond(now time.Duration) (offered, good float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	current := int64(now / slot)
	for _, t := range m.slots {
		if current-slots <= t.number && t.number < current {
			offered += float64(t.offered)
			good += float64(t.good)
		}
	}
	return offered, good
}
