package lab

import (
	"strings"
	"testing"

	"github.com/regionfall/regionfall/lab/link"
	"github.com/regionfall/regionfall/lab/topology"
)

func TestFaultsNeverTouchATap(t *testing.T) {
	top, _ := topology.Preset("two-regions")
	l := planned(top, "packages").Lab
	links, err := l.Links(func(string, string, topology.Service) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range links {
		if strings.HasPrefix(k.Name(), link.Tap) {
			t.Errorf("a fault may have %s", k.Name())
		}
	}
	if len(links) < 10 {
		t.Errorf("only %d links", len(links))
	}
}

func TestSelectingNothingIsAnError(t *testing.T) {
	top, _ := topology.Preset("two-regions")
	l := planned(top, "packages").Lab
	if _, err := l.Links(func(string, string, topology.Service) bool { return false }); err == nil {
		t.Error("no link, and no error")
	}
	if _, err := l.Nodes("us-east-1"); err == nil { // none was started
		t.Error("no node, and no error")
	}
	if _, err := l.Tap("postgres.eu-west-1"); err == nil || !strings.Contains(err.Error(), "tap of postgres.eu-west-1") {
		t.Errorf("got %v", err)
	}
	if _, err := l.Door("eu-west-1"); err == nil || !strings.Contains(err.Error(), "door of eu-west-1") {
		t.Errorf("got %v", err)
	}
	l.published = nil
	if _, err := l.Tap("postgres.us-east-1"); err == nil || !strings.Contains(err.Error(), "does not publish") {
		t.Errorf("got %v", err)
	}
}

func TestJobsAreThoseOfTheStrategy(t *testing.T) {
	for name, job := range map[string]string{"two-regions": "backup", "backup-restore": "restore"} {
		top, _ := topology.Preset(name)
		if err := planned(top, "packages").Job(t.Context(), job); err == nil || !strings.Contains(err.Error(), "the lab has none of that name") {
			t.Errorf("%s: %s: %v", name, job, err)
		}
	}
}
