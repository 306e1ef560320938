package faulttest

import (
	"context"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

// store is the bucket or the table of a region.
type store struct {
	idle

	defect Defect

	mu     sync.Mutex
	things map[string]thing
}

// isWitness says whether a key is that of what a faulty writer overwrites to be seen.
func isWitness(key string) bool { return strings.HasSuffix(key, topology.ProbeWord+"overwritten") }

func (s *store) broken() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, t := range s.things {
		if isWitness(key) && t.size > 1 {
			return "has overwritten objects"
		}
	}
	return ""
}

type thing struct {
	size int
	at   time.Time // when it was written at its source
}

func (s *store) Put(_ context.Context, key string, size int) error {
	if isWitness(key) && size > 1 && s.defect == IgnoresInjection {
		return nil
	}
	s.put(key, thing{size, time.Now()})
	return nil
}

func (s *store) put(key string, t thing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.things[key] = t
}

func (s *store) Has(_ context.Context, key string) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.things[key]
	return ok, nil
}

func (s *store) Delete(_ context.Context, key string) error {
	if isWitness(key) && s.defect == IgnoresHealing {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.things, key)
	return nil
}

func (s *store) Size(_ context.Context, prefix string, since time.Time) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var sum int64
	for key, t := range s.things {
		if strings.HasPrefix(key, prefix) && !t.at.Before(since) {
			sum += int64(t.size)
		}
	}
	return sum, nil
}

// Keys are those that begin so. There is always one that the app wrote.
func (s *store) Keys(_ context.Context, prefix string) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	keys := []string{prefix + "1"}
	for key := range s.things {
		if strings.HasPrefix(key, prefix) && key != keys[0] {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// missing are the things that another store does not have.
func (s *store) missing(other *store) map[string]thing {
	s.mu.Lock()
	all := maps.Clone(s.things)
	s.mu.Unlock()
	other.mu.Lock()
	defer other.mu.Unlock()
	maps.DeleteFunc(all, func(key string, _ thing) bool { _, has := other.things[key]; return has })
	return all
}
