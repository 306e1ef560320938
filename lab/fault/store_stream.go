package fault

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// storeStream is objects or items on their way to a region, by its replicator.
type storeStream struct {
	replicator Node
	from, to   Node
	kind       topology.Service
	holder     string
	rule       api.Rule
	links      []Link    // from the source; none where that is not known
	lives      lives     // of the replicator
	since      time.Time // what was written before is not counted
}

func newStoreStream(l Lab, r Replicated, holder string, by impairment) (stream, error) {
	s := &storeStream{
		kind: topology.ServiceS3, holder: holder,
		rule: api.Rule{Store: r.Store, Prefix: r.Prefix, Do: by.Do, Lag: by.Lag, Rate: by.Rate},
	}
	if r.Store == storeItems {
		s.kind = topology.ServiceDynamoDB
	}
	t := l.Topology()
	source := t.Home().Name
	if source == r.Region {
		source = t.Standby().Name
	}
	var err error
	if s.replicator, err = only(l, topology.ServiceReplicator, r.Region); err != nil {
		return nil, err
	}
	if s.from, err = storeNode(l, s.kind, source); err != nil {
		return nil, err
	}
	if links, lerr := l.Links(func(p Path) bool {
		return p.From == r.Region && p.To == source &&
			p.Service == s.kind
	}); lerr == nil {
		s.links = links
	}
	s.to, err = storeNode(l, s.kind, r.Region)
	s.since = time.Now().Add(-longBefore)
	return s, err
}

// storeNode is where a service of AWS is: on a node of its own, or on that of S3.
func storeNode(l Lab, s topology.Service, region string) (Node, error) {
	n, err := only(l, s, region)
	if err != nil {
		return only(l, topology.ServiceS3, region)
	}
	return n, nil
}

func (s *storeStream) receiver() Node { return s.replicator }

func (s *storeStream) ends(context.Context) ([]Node, error) { return []Node{s.from, s.to}, nil }

func (s *storeStream) ways(context.Context) ([]Link, error) { return s.links, nil }

func (s *storeStream) agent() api.Replicator { return api.Replicator{Caller: agentOf(s.replicator)} }

func (s *storeStream) impair(ctx context.Context) error {
	err := s.agent().SetRule(ctx, s.holder, s.rule)
	s.lives = livesOf(ctx, s.replicator)
	return err
}

func (s *storeStream) restore(ctx context.Context) (bool, error) {
	return true, unlessDown(ctx, s.replicator, func(ctx context.Context) error {
		return s.agent().RemoveRule(ctx, s.holder)
	})
}

func (s *storeStream) lapsed(ctx context.Context) (bool, error) {
	rules, err := s.agent().Rules(ctx)
	if _, has := rules[s.holder]; has || err != nil {
		return false, err
	}
	return s.lives.allContinue(ctx)
}

// others are rules that cover what the fault's own did, or some of it.
func (s *storeStream) others(ctx context.Context) (string, error) {
	rules, err := s.agent().Rules(ctx)
	if err != nil {
		return "", err
	}
	for holder, r := range rules {
		if holder != s.holder && r.Store == s.rule.Store && strings.HasPrefix(s.rule.Prefix, r.Prefix) {
			return "(a rule says " + r.Do + ")", nil
		}
	}
	return "", nil
}

func (s *storeStream) stores() (from, to Store, err error) {
	ends := [2]Store{}
	for i, n := range []Node{s.from, s.to} {
		stores, ok := n.(Stores)
		if !ok {
			return nil, nil, fmt.Errorf("%s stores nothing", n.Place().Name)
		}
		if ends[i], err = stores.Store(s.kind); err != nil {
			return nil, nil, err
		}
	}
	return ends[0], ends[1], nil
}

// cleanWithin bounds taking away what was written to be seen.
const cleanWithin = 10 * time.Second

// write puts things of a size at the source. clean removes them: first there, or they would be copied again.
func (s *storeStream) write(ctx context.Context, count, size int) (keys []string, to Store, clean func(), err error) {
	from, to, err := s.stores()
	if err != nil {
		return nil, nil, nil, err
	}
	for range count {
		keys = append(keys, s.rule.Prefix+topology.ProbeWord+rand.Text())
	}
	each := func(ctx context.Context, do func(ctx context.Context, key string) error) error {
		g, gctx := errgroup.WithContext(ctx)
		g.SetLimit(4)
		for _, key := range keys {
			g.Go(func() error { return do(gctx, key) })
		}
		return g.Wait()
	}
	clean = func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanWithin)
		defer cancel()
		_ = each(ctx, from.Delete) // what is left of them is left out by all who read
		_ = each(ctx, to.Delete)
	}
	if err := each(ctx, func(ctx context.Context, key string) error { return from.Put(ctx, key, size) }); err != nil {
		clean()
		return nil, nil, nil, err
	}
	return keys, to, clean, nil
}

func (s *storeStream) send(ctx context.Context) (sent, error) {
	start := time.Now() // it is stamped right after
	keys, to, clean, err := s.write(ctx, 1, 200)
	if err != nil {
		return sent{}, err
	}
	return sent{at: start, clean: clean, arrived: func(ctx context.Context) (bool,
		error,
	) {
		return to.Has(ctx, keys[0])
	}}, nil
}

// A flood comes in pieces of what arrives in a tenth of a second. What was written long before the fault is not
// looked for when they are counted.
const (
	floodPieces = int(floodFor / (100 * time.Millisecond))
	longBefore  = 10 * time.Minute
)

func (s *storeStream) flood(ctx context.Context, bytes int64) (func(), error) {
	_, _, clean, err := s.write(ctx, floodPieces, int(bytes)/floodPieces)
	return clean, err
}

func (s *storeStream) total(ctx context.Context) (int64, error) {
	_, to, err := s.stores()
	if err != nil {
		return 0, err
	}
	return to.Size(ctx, s.rule.Prefix, s.since)
}

// quiet is long: the replicator looks ten times a second, and less often on a busy machine.
func (*storeStream) quiet() time.Duration { return storeQuiet }

const storeQuiet = 1500 * time.Millisecond
