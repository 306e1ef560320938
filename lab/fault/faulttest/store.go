package faulttest

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

// store is the bucket or the table of a region.
type store struct {
	defect Defect

	mu       sync.Mutex
	things   map[string]thing
	versions map[string]int    // how many there are of a thing
	contents map[string][]byte // of things that can be read
	cleaned  string            // the witness of a faulty cleaner, once that has deleted it
}

// keptObjects are there from the beginning, with contents.
var keptObjects = []string{"checkpoints/nightly/3.json"}

func newStore(defect Defect) *store {
	s := &store{defect: defect, things: map[string]thing{}, versions: map[string]int{}, contents: map[string][]byte{}}
	for _, key := range keptObjects {
		s.contents[key] = []byte(key)
	}
	return s
}

func (*store) forget() {}

func (s *store) broken() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range keptObjects {
		if string(s.contents[key]) != key {
			return key + " is another"
		}
	}
	for key, t := range s.things {
		if isWitness(key) && t.size > 1 {
			return "has overwritten objects"
		}
	}
	if _, is := s.things[s.cleaned]; s.cleaned != "" && !is {
		return "has deleted objects"
	}
	return ""
}

// Get is what a thing holds.
func (s *store) Get(_ context.Context, key string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.contents[key], nil
}

// Replace has a thing hold something else.
func (s *store) Replace(_ context.Context, key string, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	healing := slices.Contains(keptObjects, key) && string(data) == key
	injecting := slices.Contains(keptObjects, key) && !healing
	if s.defect == IgnoresInjection && injecting || s.defect == IgnoresHealing && (healing || data == nil) {
		return nil
	}
	if data == nil {
		delete(s.contents, key)
		return nil
	}
	s.contents[key] = data
	return nil
}

// isWitness says whether a key is that of what a faulty writer overwrites to be seen.
func isWitness(key string) bool { return strings.HasSuffix(key, topology.LocalWord+"overwritten") }

// isCleaned says whether a key is that of what a faulty cleaner deletes to be seen.
func isCleaned(key string) bool {
	return strings.HasSuffix(key, topology.LocalWord+"deleted") || isPurged(key)
}

// isPurged says whether a key is that of what somebody deletes with its versions to be seen.
func isPurged(key string) bool { return strings.HasSuffix(key, topology.LocalWord+"purged") }

type thing struct {
	size int
	at   time.Time // when it was written at its source
}

func (s *store) Put(_ context.Context, key string, size int) error {
	if isWitness(key) && size > 1 && s.defect == IgnoresInjection {
		return nil
	}
	s.mu.Lock()
	isHealing := key == s.cleaned
	s.mu.Unlock()
	if isHealing && s.defect == IgnoresHealing {
		return nil
	}
	s.put(key, thing{size, time.Now()})
	return nil
}

func (s *store) put(key string, t thing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.things[key] = t
	s.versions[key]++
}

func (s *store) Has(_ context.Context, key string) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.things[key]
	return ok, nil
}

func (s *store) Delete(_ context.Context, key string) error {
	ignored := isCleaned(key) && !isPurged(key) && s.defect == IgnoresInjection
	if isWitness(key) && s.defect == IgnoresHealing || ignored {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if isCleaned(key) {
		s.cleaned = key
	}
	delete(s.things, key)
	return nil
}

// Purge deletes the versions of a thing. A thing that nothing can be injected into is deleted, and keeps them.
func (s *store) Purge(_ context.Context, key string) (refused int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !isPurged(key) || s.defect != IgnoresInjection {
		delete(s.versions, key)
	}
	return s.versions[key], nil
}

// Versions is how many there are of a thing.
func (s *store) Versions(_ context.Context, key string) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.versions[key], nil
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

// Keys are those that begin so and are old enough. There is always one that the app wrote long ago.
func (s *store) Keys(_ context.Context, prefix string, before time.Time) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	keys := []string{prefix + "1"}
	for key, t := range s.things {
		if strings.HasPrefix(key, prefix) && key != keys[0] && (before.IsZero() || t.at.Before(before)) {
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
