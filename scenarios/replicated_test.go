package scenarios

import (
	"slices"
	"testing"
	"time"
)

// What is copied afterwards depends on who copies; what is written to both regions at once, or by a backup, does not.
func TestWhatIsReplicated(t *testing.T) {
	for name, want := range map[string]struct {
		stores []string
		takes  time.Duration
	}{
		"kyc-region-outage":     {[]string{"objects", "items"}, 120 * time.Millisecond}, // 10 ms each way
		"kyc-zero-loss":         {},
		"kyc-nightly-backup":    {},
		"saas-role-rotation":    {[]string{"objects", "items"}, 120 * time.Millisecond},
		"geo-failover":          {[]string{"objects", "items"}, 660 * time.Millisecond},
		"saas-prescaled":        {[]string{"objects", "items"}, 120 * time.Millisecond},
		"analytics-hot-cold":    {[]string{"objects"}, 0},
		"config-active-passive": {[]string{"objects", "items"}, 0},
	} {
		s, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		p, err := s.Compile()
		if err != nil {
			t.Fatal(err)
		}
		if j := p.Judge; !slices.Equal(j.Replicated, want.stores) || j.CopyTakes != want.takes {
			t.Errorf("%s: %v copied in %s by the distance, want %v in %s", name, j.Replicated, j.CopyTakes, want.stores,
				want.takes)
		}
	}
}
