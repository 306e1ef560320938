package probe

import (
	"testing"

	"github.com/regionfall/regionfall/lab/topology"
)

// A service that nobody knows how to ask would be asked by HTTP, and whatever it said to that would pass for an answer.
func TestEveryServiceIsAskedInWhatItSpeaks(t *testing.T) {
	for _, s := range topology.Services(func(topology.Traits) bool { return true }) {
		if p, known := protocols[s.Traits().Speaks]; !known || p.question == "" || p.answers == 0 || p.open == nil {
			t.Errorf("%s speaks %q, and there is no way to ask it", s, s.Traits().Speaks)
		}
	}
}
