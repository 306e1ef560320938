package scenarios

import (
	"strings"
	"testing"
)

func TestEveryScenarioIsInItsFamily(t *testing.T) {
	found := 0
	for _, family := range []string{"analytics", "batch", "config", "geo", "kyc", "saas"} {
		names, err := InFamily(family)
		if err != nil || len(names) < 2 {
			t.Errorf("family %s has %v: %v", family, names, err)
		}
		for _, name := range names {
			if found++; !strings.HasPrefix(name, family+"-") {
				t.Errorf("%s is in family %s", name, family)
			}
		}
	}
	if found != len(Names()) {
		t.Errorf("%d of %d scenarios are in these families", found, len(Names()))
	}
	if _, err := InFamily("kyx"); err == nil || !strings.Contains(err.Error(), `no family "kyx": did you mean "kyc"`) {
		t.Errorf("got %v", err)
	}
}
