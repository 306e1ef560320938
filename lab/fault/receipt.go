package fault

import (
	"context"
	"fmt"
	"strings"

	"github.com/regionfall/regionfall/lab/topology"
)

// A receiver is stalled by what its server takes no connection with: the servers of a lab speak no TLS, and this
// demands it. The receiver lets go of the primary and knocks again and again, nothing arrives, and the slot at the
// primary fills.
//
// A receiver whose process is stopped would stall as well, but a promotion waits until the receiver has ended, and
// would wait for ever; a link that lets nothing pass would take what the apps send over it, too. A promotion minds
// this not at all, whoever has the replica stream from elsewhere keeps it, and it outlives the server, so that it has
// to be taken out of the settings of one that is down.
const stalling = " sslmode=require"

const (
	streamsFrom = "select current_setting('primary_conninfo')"
	receives    = "select case when exists (select from pg_stat_wal_receiver where status = 'streaming') then " +
		"'receives' else 'stalled' end"
)

// unstallScript takes it out of the settings of a server that is down.
var unstallScript = fmt.Sprintf("f=%s/postgresql.auto.conf; if [ -f $f ]; then sed -i 's/%s//' $f; fi",
	topology.DataDir, stalling)

func (w *walStream) stalled(ctx context.Context) (bool, error) {
	from, err := query(ctx, w.replica, streamsFrom)
	return strings.Contains(from, stalling), err
}

// streamFrom has the replica stream from where the words say, or be ready to: also of a primary it is what it will do
// one day.
func (w *walStream) streamFrom(ctx context.Context, words string) error {
	return w.set(ctx, "alter system set primary_conninfo = '"+strings.ReplaceAll(words, "'", "''")+"'")
}

// stall lets the replica receive nothing more, and waits until it does not.
func (w *walStream) stall(ctx context.Context) error {
	from, err := query(ctx, w.replica, streamsFrom)
	switch {
	case err != nil:
		return err
	case from == "":
		return fmt.Errorf("%w: %s has none", errNoSource, w.replica.Place().Name)
	case !strings.Contains(from, stalling):
		err = w.streamFrom(ctx, from+stalling)
	}
	if err != nil {
		return err
	}
	return w.await(ctx, receives, "stalled")
}

// unstall lets it receive again.
func (w *walStream) unstall(ctx context.Context) error {
	err := unlessDown(ctx, w.replica, func(ctx context.Context) error {
		from, err := query(ctx, w.replica, streamsFrom)
		if err != nil || !strings.Contains(from, stalling) {
			return err
		}
		return w.streamFrom(ctx, strings.ReplaceAll(from, stalling, ""))
	})
	if err != nil {
		return err
	}
	if s, err := w.replica.State(ctx); err != nil || s != topology.NodeDown {
		return err
	}
	d, ok := w.replica.(Disk)
	if !ok {
		return fmt.Errorf("let %s receive again, which is down: it has no disk of its own, so start it first",
			w.replica.Place().Name)
	}
	return d.Tend(ctx, unstallScript)
}
