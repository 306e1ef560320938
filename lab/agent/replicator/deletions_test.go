package replicator

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

const (
	east = "us-east-1"
	west = "us-west-2"
)

// versionedBuckets are those of two regions.
func versionedBuckets(t *testing.T) (home, other *versioned, homeAt, otherAt api.Stores) {
	t.Helper()
	serve := func(region string) (*versioned, api.Stores) {
		b := &versioned{all: map[string][]written{}}
		s := httptest.NewServer(b)
		t.Cleanup(s.Close)
		at := topology.Endpoint{Region: region, Address: strings.TrimPrefix(s.URL, "http://")}
		return b, api.Stores{Region: region, S3: at}
	}
	home, homeAt = serve(east)
	other, otherAt = serve(west)
	return home, other, homeAt, otherAt
}

// look has a copier list what it may, and look for deletions at once.
func look(t *testing.T, c *objectCopier) copyPass {
	t.Helper()
	c.marking = time.Time{}
	return pass(t, c)
}

func versionsBetween(from, to api.Stores, r *rules) *objectCopier {
	c := newObjectCopier(from, to, r)
	c.versions = true
	return c
}

func (b *versioned) write(key, body, origin string, at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all[key] = append(b.all[key], written{body: body, stamp: at.UnixNano(), origin: origin})
}

func (b *versioned) delete(key string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all[key] = append(b.all[key], written{deleted: time.Now()})
}

func TestWhatIsDeletedIsDeletedInTheOtherRegionToo(t *testing.T) {
	home, other, homeAt, otherAt := versionedBuckets(t)
	there, back := versionsBetween(homeAt, otherAt, newRules()), versionsBetween(otherAt, homeAt, newRules())
	now := time.Now()
	home.write("hot/1", "one", east, now)
	home.write("hot/2", "two", east, now)
	if p := look(t, there); p.copied != 2 {
		t.Fatalf("%+v", p)
	}
	look(t, back)
	home.write("hot/3", "three", east, now)
	look(t, there)
	home.delete("hot/1")
	home.delete("hot/3")
	if p := look(t, there); p.copied != 2 || other.latest("hot/3") != "" || !p.pending.IsZero() {
		t.Errorf("%+v", p)
	}
	if other.latest("hot/1") != "" || len(other.all["hot/1"]) != 2 || other.latest("hot/2") != "two" {
		t.Errorf("the other region has %+v", other.all)
	}
	for range 2 {
		if p, q := look(t, there), look(t, back); p.copied+q.copied != 0 {
			t.Errorf("once more: %+v, and back: %+v", p, q)
		}
	}
	home.write("hot/1", "again", east, now.Add(time.Second))
	if p := look(t, there); p.copied != 1 || other.latest("hot/1") != "again" {
		t.Errorf("written anew: %+v, %q", p, other.latest("hot/1"))
	}
}

func TestADeletionTakesNothingThatWasWrittenLater(t *testing.T) {
	home, other, homeAt, otherAt := versionedBuckets(t)
	there := versionsBetween(homeAt, otherAt, newRules())
	now := time.Now()
	home.write("hot/1", "one", east, now)
	look(t, there)
	home.delete("hot/1")
	other.write("hot/1", "newer", west, now.Add(time.Minute))
	if p := look(t, there); p.copied != 0 || p.conflicts != 1 || other.latest("hot/1") != "newer" {
		t.Errorf("%+v: %q", p, other.latest("hot/1"))
	}
}

// An object may be deleted between the listing that finds it and the one that finds the deletion. It is being copied
// then, and the deletion must not be done with before the copy is.
func TestWhatIsDeletedWhileItIsCopiedDoesNotStay(t *testing.T) {
	home, other, homeAt, otherAt := versionedBuckets(t)
	there := versionsBetween(homeAt, otherAt, newRules())
	home.write("hot/1", "one", east, time.Now())
	home.afterList = func() { home.delete("hot/1") }
	look(t, there)
	if strings.HasPrefix(there.dealtWith("hot/1").etag, "deleted") {
		t.Error("the deletion was done with, and the copy may still have been on its way")
	}
	other.write("hot/1", "one", east, time.Unix(0, home.all["hot/1"][0].stamp)) // the copy that was on its way
	if p := look(t, there); p.copied != 1 || other.latest("hot/1") != "" {
		t.Errorf("%+v: it stays, %q", p, other.latest("hot/1"))
	}
}

// A replicator that dies knows nothing of what it had copied, and must not take a copy that is still to be deleted, or
// one that the other region has kept, for an object that is new.
func TestAReplicatorThatIsStartedAgainBringsNothingBack(t *testing.T) {
	home, other, homeAt, otherAt := versionedBuckets(t)
	home.write("hot/1", "one", east, time.Now())
	pass(t, versionsBetween(homeAt, otherAt, newRules()))
	home.delete("hot/1")
	if p := pass(t, versionsBetween(otherAt, homeAt, newRules())); p.copied != 0 || home.latest("hot/1") != "" {
		t.Errorf("%+v: it is back, %q", p, home.latest("hot/1"))
	}
	if p := pass(t, versionsBetween(homeAt, otherAt, newRules())); p.copied != 1 || other.latest("hot/1") != "" {
		t.Errorf("%+v: it stays, %q", p, other.latest("hot/1"))
	}
}

func TestWithoutVersionsNothingIsDeleted(t *testing.T) {
	home, other, homeAt, otherAt := versionedBuckets(t)
	c := copierBetween(homeAt, otherAt)
	home.write("hot/1", "one", east, time.Now())
	pass(t, c)
	home.delete("hot/1")
	if p := pass(t, c); p.copied != 0 || other.latest("hot/1") != "one" {
		t.Errorf("%+v: %q", p, other.latest("hot/1"))
	}
}

// As versitygw v1.8.0 listed the marker of an object that was put at 01:19:30.97 and deleted at 01:19:33.98.
func TestWhenAMarkerWasLeft(t *testing.T) {
	put := time.Date(2026, 12, 1, 1, 19, 30, 974_920_390, time.UTC)
	deleted := time.Date(2026, 12, 1, 1, 19, 33, 983_000_000, time.UTC)
	for id, want := range map[string]time.Time{
		"01M8QJZ22ZYE319BES00D7NTTC":       deleted,
		"L4kqtJlcpXroDTDmpUMLUo":           put, // S3's
		"01M8QJZ22ZYE319BES00D7NTTU":       put, // U is no digit of a ULID
		"3sL4kqtJlcpXroDTDmpUMLUoAAAAAAAA": put,
	} {
		if got := markedAt(id, put); got.Sub(want).Abs() > time.Millisecond {
			t.Errorf("%s was left at %s, want %s", id, got.UTC(), want)
		}
	}
}
