package lab

import (
	"strings"
	"testing"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/image"
	"github.com/regionfall/regionfall/lab/topology"
)

func allPaths(fault.Path) bool { return true }

func TestFaultsNeverTouchATap(t *testing.T) {
	top, _ := topology.Preset("two-regions")
	h := &faultLab{Lab: planned(top, "packages").Lab}
	links, err := h.Links(allPaths)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range links {
		if k.Path().From == topology.Tap {
			t.Errorf("a fault may have %s", k.Path().Name)
		}
	}
	if len(links) < 10 {
		t.Errorf("only %d links", len(links))
	}
}

func TestSelectingNothingIsAnError(t *testing.T) {
	top, _ := topology.Preset("two-regions")
	l := planned(top, "packages").Lab
	h := &faultLab{Lab: l}
	if _, err := h.Links(func(fault.Path) bool { return false }); err == nil {
		t.Error("no link, and no error")
	}
	if _, err := h.Nodes(func(fault.Place) bool { return true }); err == nil { // none was started
		t.Error("no node, and no error")
	}
	if _, err := l.Addresses().Tap("postgres.eu-west-1"); err == nil ||
		!strings.Contains(err.Error(), "tap of postgres.eu-west-1") {
		t.Errorf("got %v", err)
	}
	if _, err := l.Addresses().Door("eu-west-1"); err == nil || !strings.Contains(err.Error(), "door of eu-west-1") {
		t.Errorf("got %v", err)
	}
	l.published = nil
	if _, err := l.Addresses().Door("us-east-1"); err == nil ||
		!strings.Contains(err.Error(), "does not publish") {
		t.Errorf("got %v", err)
	}
}

func TestJobsAreThoseOfTheStrategy(t *testing.T) {
	for name, job := range map[string]string{"two-regions": "backup", "backup-restore": "restore"} {
		top, _ := topology.Preset(name)
		if err := planned(top, "packages").Job(t.Context(), job); err == nil ||
			!strings.Contains(err.Error(), "the lab has none of that name") {
			t.Errorf("%s: %s: %v", name, job, err)
		}
	}
}

func TestImagesMustBeThoseThatTheTopologyAsksFor(t *testing.T) {
	for _, c := range []struct {
		topology, images topology.AWS
		want             string
	}{
		{"", topology.AWSLocalStack, ""},
		{topology.AWSAuto, topology.AWSPackages, ""},
		{topology.AWSLocalStack, topology.AWSLocalStack, ""},
		{
			topology.AWSLocalStack, topology.AWSPackages,
			"asks for S3 and DynamoDB from localstack, and these images have them from packages",
		},
	} {
		got := Options{
			Topology: topology.Topology{Name: "two", AWS: c.topology},
			Images:   image.Set{AWS: c.images},
		}.served()
		if (got != nil) != (c.want != "") || got != nil && !strings.Contains(got.Error(), c.want) {
			t.Errorf("topology %q, images %q: %v", c.topology, c.images, got)
		}
	}
}
