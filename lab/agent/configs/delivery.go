package configs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
	"golang.org/x/sync/semaphore"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// deliveryEvery is how often is looked for what was published where the file system does not tell.
const deliveryEvery = 500 * time.Millisecond

// Delivery brings the configuration of a region from where it is published to where its nodes read it, as a
// configuration service or a mounted configmap does. It can be told to deliver nothing, to deliver what was before, or
// to be late; it forgets that when its process ends.
type Delivery struct {
	published, delivered string // paths
	Fetch                fetch  // of what is published

	changed chan struct{} // holds one when what is wanted may have changed other than by the file

	mu        sync.Mutex
	log       []*publication // what was published since the start, oldest first, and before it what had been delivered
	current   *publication   // the one that is delivered; nil before the first
	orders    map[string]order
	complaint string
}

// publication is one document that was published.
type publication struct {
	config    topology.Config
	data      []byte
	seen      time.Time
	delivered bool // it has been, once
}

// order is what one fault told the delivery.
type order struct {
	api.DeliveryOrder
	to *publication // of roll_back: the one to deliver
}

// NewDelivery delivers what is published for a region to a file; what is published is kept in another one.
func NewDelivery(region string, from Lineage, published, delivered string) *Delivery {
	return &Delivery{
		published: published, delivered: delivered,
		Fetch:   fetch{lineage: from, region: region, path: published, one: semaphore.NewWeighted(1)},
		changed: make(chan struct{}, 1), orders: map[string]order{},
	}
}

// Run delivers until ctx ends. It is the directory that is watched, since the file is replaced by rename; a slow tick
// looks as well, for file systems that report nothing and engines that are out of inotify instances.
func (d *Delivery) Run(ctx context.Context) {
	var events chan fsnotify.Event
	var failures chan error
	watch := func() {}
	if w, err := fsnotify.NewWatcher(); err != nil {
		slog.Warn("file events are not available, polling", "path", d.published, "error", err)
	} else {
		defer func() { _ = w.Close() }()
		events, failures = w.Events, w.Errors
		watch = func() { _ = w.Add(filepath.Dir(d.published)) } // again is free while the watch holds
	}
	due := time.NewTimer(0)
	defer due.Stop()
	for {
		watch()
		due.Reset(d.Deliver(time.Now()))
		select {
		case <-ctx.Done():
			return
		case <-events:
		case err := <-failures:
			slog.Warn("file events were lost", "error", err)
		case <-d.changed:
		case <-due.C:
		}
	}
}

// Deliver brings about what is to be delivered now, and says how long nothing will change that nobody tells of.
func (d *Delivery) Deliver(now time.Time) (next time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.look(now); err != nil {
		if d.complaint != err.Error() {
			d.complaint = err.Error()
			slog.Error("configuration not delivered", "error", err)
		}
		return deliveryEvery
	}
	want, next := d.want(now)
	if want != nil && want != d.current {
		if err := d.put(want); err != nil {
			slog.Error("configuration not delivered", "revision", want.config.Revision, "error", err)
			return deliveryEvery
		}
		slog.Info("configuration delivered", "revision", want.config.Revision, "after", now.Sub(want.seen))
	}
	d.complaint = ""
	return min(next, deliveryEvery)
}

// look takes down what is published now, with the lock held; the first time also what was delivered before the process
// started.
func (d *Delivery) look(now time.Time) error {
	if len(d.log) == 0 {
		p, err := readPublication(d.delivered, now)
		switch {
		case err == nil:
			p.delivered = true
			d.log, d.current = append(d.log, p), p
		case !errors.Is(err, os.ErrNotExist):
			return err
		}
	}
	p, err := readPublication(d.published, now)
	if err != nil {
		return err
	}
	if len(d.log) == 0 || !bytes.Equal(p.data, d.log[len(d.log)-1].data) {
		d.log = append(d.log, p)
	}
	return nil
}

func readPublication(path string, now time.Time) (*publication, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	config, err := parseConfig(data)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return &publication{config: config, data: data, seen: now}, nil
}

// want is what is to be delivered now, with the lock held, and how long that stays so.
func (d *Delivery) want(now time.Time) (*publication, time.Duration) {
	var late time.Duration
	var back *publication
	for _, o := range d.orders {
		switch o.Do {
		case api.DeliverNothing:
			return d.current, deliveryEvery
		case api.DeliverFormer:
			back = o.to
		case api.DeliverLate:
			late = max(late, o.Delay)
		}
	}
	if back != nil {
		return back, deliveryEvery
	}
	next := deliveryEvery
	for i := len(d.log) - 1; i >= 0; i-- {
		wait := late - now.Sub(d.log[i].seen)
		if d.log[i].delivered || wait <= 0 {
			return d.log[i], next
		}
		next = wait
	}
	return d.current, next
}

// put delivers a publication, with the lock held.
func (d *Delivery) put(p *publication) error {
	err := runtime.ReplaceFile(d.delivered, func(w io.Writer) error {
		_, err := w.Write(p.data)
		return err
	})
	if err != nil {
		return err
	}
	d.current, p.delivered = p, true
	return nil
}

// former is what was published before what is delivered, with the lock held; nil if nothing is known.
func (d *Delivery) former() *publication {
	for i := 1; i < len(d.log); i++ {
		if d.log[i] == d.current {
			return d.log[i-1]
		}
	}
	return nil
}
