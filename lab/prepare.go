package lab

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
)

// preparedWithin is how long each script, and the command, of an app's preparation may take.
const preparedWithin = 5 * time.Minute

// NotPrepared is what had to be done before any node of an app starts, and failed. So the lab did not come up.
type NotPrepared struct {
	Step string // bucket, sql[N], counted from 0, or command
	Err  error
}

// Error is the whole story.
func (n *NotPrepared) Error() string { return fmt.Sprintf("prepare the app: %s: %v", n.Step, n.Err) }

// Unwrap is why it failed.
func (n *NotPrepared) Unwrap() error { return n.Err }

// preparation is the preparing of an app, for which its nodes wait.
type preparation struct {
	*builder
	stores map[topology.Place]chan struct{} // of the home region; each is closed when it is ready
	done   chan struct{}                    // closed when the app's nodes may start
}

func (b *builder) newPreparation(places []topology.Place) *preparation {
	p := &preparation{builder: b, stores: map[topology.Place]chan struct{}{}, done: make(chan struct{})}
	if b.plan.App.Prepared.Empty() {
		close(p.done)
		return p
	}
	for _, at := range places {
		if _, is := store.At(at.Service, "", at.Region); is && at.Region == b.topology.Home().Name && b.plan.Hosts(at) {
			p.stores[at] = make(chan struct{})
		}
	}
	return p
}

// ready notes that a node is.
func (p *preparation) ready(at topology.Place) {
	if c, waits := p.stores[at]; waits {
		close(c)
	}
}

// run prepares the app as soon as the stores of the home region are ready.
func (p *preparation) run(ctx context.Context) error {
	todo := p.plan.App.Prepared
	if todo.Empty() {
		return nil
	}
	for _, c := range p.stores {
		if !awaitClosed(ctx, c) {
			return nil // whoever ended it has the reason
		}
	}
	if todo.Bucket {
		if err := p.bucket(ctx); err != nil {
			return &NotPrepared{"bucket", err}
		}
	}
	for i, script := range todo.SQL {
		if err := p.send(ctx, script.Text); err != nil {
			return &NotPrepared{fmt.Sprintf("sql[%d]", i), fmt.Errorf("%s: %w", script.Name, err)}
		}
		p.say("%s is applied", script.Name)
	}
	if len(todo.Command) > 0 {
		if err := p.command(ctx); err != nil {
			return &NotPrepared{"command", err}
		}
	}
	close(p.done)
	return nil
}

// bucket makes the bucket that the app writes to, in the home region.
func (p *preparation) bucket(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, preparedWithin)
	defer cancel()
	home := p.topology.Home().Name
	tap, err := p.Addresses().Tap(topology.ServiceS3.Host(home))
	if err != nil {
		return err
	}
	return store.MakeBucket(ctx, store.Objects(tap, home, nil), topology.Bucket, home)
}

// send has the PostgreSQL of the home region do what a script says, or nothing of it.
func (p *preparation) send(ctx context.Context, script string) error {
	ctx, cancel := context.WithTimeout(ctx, preparedWithin)
	defer cancel()
	tap, err := p.Addresses().Tap(topology.ServicePostgres.Host(p.topology.Home().Name))
	if err != nil {
		return err
	}
	conn, err := store.Postgres(ctx, tap)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	return lineOf(script, conn.PgConn().Exec(ctx, script).Close())
}

// lineOf adds the line of a script to what PostgreSQL says is wrong with it.
func lineOf(script string, err error) error {
	var said *pgconn.PgError
	if !errors.As(err, &said) {
		return err
	}
	reason := fmt.Sprintf("%s (SQLSTATE %s)", said.Message, said.Code)
	if before := int(said.Position) - 1; before >= 0 && before <= len([]rune(script)) {
		return fmt.Errorf("line %d: %s", 1+strings.Count(string([]rune(script)[:before]), "\n"), reason)
	}
	return errors.New(reason)
}

// command runs the command in a node of its own, which is removed when it has ended.
func (p *preparation) command(ctx context.Context) error {
	planned, err := p.plan.Preparing()
	if err != nil {
		return err
	}
	spec, err := p.spec(planned)
	if err != nil {
		return err
	}
	n, err := p.start(ctx, spec)
	if err != nil {
		return err
	}
	end, words, err := n.AwaitEnd(ctx, preparedWithin)
	switch {
	case err != nil:
		return err
	case end.Code != 0:
		return errors.New(endOf(end.Code, end.OOM, words))
	}
	p.say("%s has ended", n.Name())
	return n.Remove(ctx)
}

// linesTold is how many lines of what a program printed are told in a sentence.
const linesTold = 3

// endOf says in one sentence how a program ended.
func endOf(code int, oom bool, words []string) string {
	said := fmt.Sprintf("it ended with exit code %d", code)
	if oom {
		said += ", out of memory"
	}
	if len(words) == 0 {
		return said + "; it left no last words"
	}
	from := max(0, len(words)-linesTold)
	if strings.HasPrefix(words[0], "panic: ") || strings.HasPrefix(words[0], "fatal error: ") {
		from = 0 // a Go program says why before it says where
	}
	words = quotable(words[from:min(len(words), from+linesTold)])
	return said + "; its last lines: " + strings.Join(words, " | ")
}
