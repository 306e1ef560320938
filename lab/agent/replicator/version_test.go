package replicator

import (
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Few stamps and origins, so that ties are common.
func drawVersion(t *rapid.T, label string) version {
	return version{
		stamp:  rapid.Int64Range(0, 3).Draw(t, label+" stamp"),
		origin: rapid.SampledFrom([]string{"", "us-east-1", "us-west-2"}).Draw(t, label+" origin"),
	}
}

// receive is what a region holds after it was offered a version.
func receive(has, offered version) version {
	if offered.newerThan(has) {
		return offered
	}
	return has
}

func TestRegionsConverge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := drawVersion(t, "a"), drawVersion(t, "b"), drawVersion(t, "c")
		if receive(a, b) != receive(b, a) {
			t.Fatalf("two regions that exchange %v and %v do not end the same", a, b)
		}
		if receive(receive(a, b), c) != receive(a, receive(b, c)) {
			t.Fatalf("the order in which %v, %v and %v arrive matters", a, b, c)
		}
		if a.newerThan(a) {
			t.Fatalf("%v is newer than itself: two regions would copy it for ever", a)
		}
		if a != b && !a.newerThan(b) && !b.newerThan(a) {
			t.Fatalf("neither of %v and %v is newer: two regions would differ for ever", a, b)
		}
		if a.stamp > b.stamp && receive(a, b) != a {
			t.Fatalf("%v lost to the older %v", a, b)
		}
	})
}

func TestUnstampedObjectsAreDatedByTheirStore(t *testing.T) {
	modified := time.Unix(1000, 0)
	for _, stamp := range []string{"", "yesterday", "1.5"} {
		got := objectVersion(map[string]string{stampKey: stamp, originKey: "us-west-2"}, modified, "us-east-1")
		if want := (version{modified.UnixNano(), "us-east-1"}); got != want {
			t.Errorf("stamp %q: got %v, want %v", stamp, got, want)
		}
	}
	original := objectVersion(nil, modified, "us-east-1")
	copied := objectVersion(stamped(nil, original), modified.Add(time.Hour), "us-west-2")
	if copied != original {
		t.Errorf("the copy counts as %v, the original as %v: it would be copied back", copied, original)
	}
	metadata := map[string]string{stampKey: strconv.Itoa(7), originKey: "us-west-2", "customer": "c1"}
	if got, want := objectVersion(metadata, modified, "us-east-1"), (version{7, "us-west-2"}); got != want {
		t.Errorf("stamped object: got %v, want %v", got, want)
	}
	if stamped(metadata, version{7, "us-west-2"})["customer"] != "c1" {
		t.Error("metadata of the app is lost in the copy")
	}
}
