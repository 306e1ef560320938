package configs

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/agent/agenttest"
	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// post is a delivery in a folder in which revision 1 was published and delivered, with its HTTP.
type post struct {
	*Delivery
	mux *http.ServeMux
}

func newPost(t *testing.T) post {
	t.Helper()
	dir := t.TempDir()
	first := topology.Config{Revision: 1, Region: "west"}
	from := NewLineage(startRepository(t, first), "ada")
	p := post{Delivery: NewDelivery("west", from, filepath.Join(dir, "published.json"),
		filepath.Join(dir, "region.json")), mux: http.NewServeMux()}
	p.Routes(p.mux)
	data, err := json.MarshalIndent(first, "", "  ") // as a lab brings it along
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{p.published, p.delivered} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func (p post) call(t *testing.T, method, path string, in any) (api.DeliveryState, int) {
	t.Helper()
	return agenttest.Call[api.DeliveryState](t, p.mux, method, path, in)
}

// push publishes as the automation does: the replicator is not told.
func (p post) push(t *testing.T, revision int) {
	t.Helper()
	_, err := p.Fetch.lineage.Change(t.Context(), "west", "a test", func(c topology.Config) (topology.Config, error) {
		c.Revision = revision
		return c, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// put publishes, and fetches it.
func (p post) put(t *testing.T, revision int) {
	t.Helper()
	p.push(t, revision)
	if err := p.Fetch.take(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (p post) has(t *testing.T, want int) {
	t.Helper()
	c, err := ReadConfig(p.delivered)
	if err != nil || c.Revision != want {
		t.Errorf("revision %d is delivered (%v), want %d", c.Revision, err, want)
	}
}

func TestDeliveryKeepsItsOrders(t *testing.T) {
	p := newPost(t)
	now := time.Now()
	at := func(d time.Duration) { p.Deliver(now.Add(d)) }
	tell := func(holder string, o api.DeliveryOrder) {
		t.Helper()
		if err := p.tell(holder, o); err != nil {
			t.Fatal(err)
		}
	}
	at(0)
	if err := p.Fetch.take(t.Context()); err != nil { // what is there already
		t.Fatal(err)
	}
	at(1 * time.Millisecond)
	p.has(t, 1)
	if err := p.tell("ada", api.DeliveryOrder{Do: api.DeliverFormer}); err == nil {
		t.Error("it goes back to where nothing was")
	}
	p.put(t, 2)
	at(1 * time.Second)
	p.has(t, 2)

	tell("ada", api.DeliveryOrder{Do: api.DeliverFormer})
	at(2 * time.Second)
	p.has(t, 1)
	tell("ada", api.DeliveryOrder{Do: api.DeliverFormer}) // twice is once
	tell("bob", api.DeliveryOrder{Do: api.DeliverNothing})
	p.put(t, 3)
	p.forget("ada")
	at(3 * time.Second)
	p.has(t, 1) // bob still holds it
	p.forget("bob")
	at(4 * time.Second)
	p.has(t, 3)

	tell("ada", api.DeliveryOrder{Do: api.DeliverLate, Delay: 10 * time.Second})
	tell("bob", api.DeliveryOrder{Do: api.DeliverLate, Delay: 2 * time.Second})
	p.put(t, 4)
	at(5 * time.Second)
	p.put(t, 5)
	at(8 * time.Second)
	p.has(t, 3)
	if next := p.Deliver(now.Add(14900 * time.Millisecond)); next != 100*time.Millisecond {
		t.Errorf("it looks again in %s, and the next is due in 100ms", next)
	}
	at(15 * time.Second)
	p.has(t, 4)
	at(18 * time.Second)
	p.has(t, 5)
	p.put(t, 6)
	at(19 * time.Second)
	p.forget("ada")
	at(20 * time.Second)
	p.has(t, 5)
	at(21 * time.Second)
	p.has(t, 6)
	for _, bad := range []api.DeliveryOrder{{}, {Do: "lose"}, {Do: api.DeliverLate}} {
		if err := p.tell("ada", bad); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}

func TestConfigurationOverHTTP(t *testing.T) {
	p := newPost(t)
	if s, code := p.call(t, http.MethodGet, "/config", nil); code != 200 || s.Published != 1 || s.Delivered != 1 ||
		s.Former != 0 {
		t.Errorf("GET /config: %d, %+v", code, s)
	}
	next := topology.Config{Revision: 2, Region: "west"}
	if s, code := p.call(t, http.MethodPut, "/config", next); code != 200 || s.Commit == "" || s.Delivered != 2 ||
		s.Former != 1 || !reflect.DeepEqual(s.Document, next) {
		t.Errorf("PUT /config: %d, %+v", code, s)
	}
	for want, bad := range map[int]any{
		http.StatusConflict:   next,
		http.StatusBadRequest: topology.Config{Revision: 3, Region: "east"},
	} {
		if _, code := p.call(t, http.MethodPut, "/config", bad); code != want {
			t.Errorf("%+v was answered %d, want %d", bad, code, want)
		}
	}
	if s, code := p.call(t, http.MethodPut, "/config/faults/ada",
		api.DeliveryOrder{Do: api.DeliverFormer}); code != 200 || s.Delivered != 1 || len(s.Orders) != 1 {
		t.Errorf("told to roll back: %d, %+v", code, s)
	}
	for range 2 { // twice is once
		if s, code := p.call(t, http.MethodDelete, "/config/faults/ada", nil); code != 200 || s.Delivered != 2 ||
			len(s.Orders) != 0 {
			t.Errorf("told to go on: %d, %+v", code, s)
		}
	}
}

// A process that starts anew has no faults, and delivers what waits.
func TestDeliveryTakesUpWhatWaits(t *testing.T) {
	p := newPost(t)
	p.put(t, 2)
	again := NewDelivery("west", p.Fetch.lineage, p.published, p.delivered)
	again.Deliver(time.Now())
	p.has(t, 2)
	if err := os.Remove(p.delivered); err != nil {
		t.Fatal(err)
	}
	NewDelivery("west", p.Fetch.lineage, p.published, p.delivered).Deliver(time.Now())
	p.has(t, 2)
	if err := os.WriteFile(p.published, []byte(`{"revision": 3`), 0o600); err != nil {
		t.Fatal(err)
	}
	again.Deliver(time.Now()) // half a document
	p.has(t, 2)
}

// What is published by somebody else is delivered while it matters: within a failover.
func TestDeliveryIsQuick(t *testing.T) {
	p := newPost(t)
	ctx, cancel := context.WithCancel(t.Context())
	var both sync.WaitGroup
	both.Go(func() { p.Run(ctx) })
	both.Go(func() { p.Fetch.Run(ctx) })
	defer both.Wait()
	defer cancel()
	limit, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	best := time.Minute
	for revision := 2; revision < 12; revision++ {
		p.push(t, revision)
		began := time.Now()
		err := runtime.Poll(limit, time.Millisecond, func(context.Context) error {
			c, err := ReadConfig(p.delivered)
			if err == nil && c.Revision != revision {
				err = fmt.Errorf("revision %d is delivered", c.Revision)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		best = min(best, time.Since(began))
	}
	if best > deliveryEvery/5 { // of ten, as the machine may be busy
		t.Errorf("the quickest took %s", best)
	}
}
