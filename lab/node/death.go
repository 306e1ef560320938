package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/client"

	"github.com/regionfall/regionfall/lab/topology"
)

// Death is the end of a node's process.
type Death struct {
	Node    string
	Service topology.Service
	Code    int   // the exit code; -1 if the engine did not tell
	OOM     bool  // the kernel ended it, for want of memory
	At      int64 // nanoseconds since 1970, by the engine's clock; 0 where it was found dead

	container string
}

// FollowDeaths hands on the end of each node of a lab, once and in order, until ctx ends or the engine ends the stream:
// its error says why it did. One after since is told too, if the engine still knows it; 0 is from now on. Subscribed is
// called once the engine listens.
//
// Podman keeps its events in a file. When that has grown large, and for the second time, it tells again of all that
// happened since the first: also of deaths from before it was asked.
func (e *Engine) FollowDeaths(ctx context.Context, lab string, since int64, subscribed func() error,
	seen func(Death),
) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if since == 0 {
		now, err := e.clock(ctx)
		if err != nil {
			return err
		}
		since = now.UnixNano()
	}
	o := client.EventsListOptions{
		Filters: make(client.Filters).
			Add("type", string(events.ContainerEventType)).Add("event", string(events.ActionDie)).
			Add("label", LabelLab+"="+lab),
		Since: fmt.Sprintf("%d.%09d", since/int64(time.Second), since%int64(time.Second)),
	}
	limit := time.AfterFunc(answerWithin, cancel)
	stream := e.client.Events(ctx, o) // returns when the engine listens
	limit.Stop()
	select {
	case err := <-stream.Err:
		return streamEnded(err)
	default:
	}
	if err := subscribed(); err != nil {
		return err
	}
	known := map[Death]bool{}
	for {
		select {
		case m := <-stream.Messages:
			if d, is := death(m); is && d.At > since && !known[d] {
				known[d] = true
				seen(d)
			}
		case err := <-stream.Err:
			return streamEnded(err)
		}
	}
}

// streamEnded says why the engine tells of no more events.
func streamEnded(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return errors.New("follow the engine's events: the engine ended them")
	}
	return fmt.Errorf("follow the engine's events: %s", oneLine(err))
}

// death is what an event tells, if it is about a node: a node's helper is none.
func death(m events.Message) (Death, bool) {
	labels := m.Actor.Attributes // and a few things beside them
	if m.Action != events.ActionDie || labels[LabelNode] == "" {
		return Death{}, false
	}
	code, err := strconv.Atoi(labels["exitCode"])
	if err != nil {
		code = -1
	}
	return Death{
		Node: labels[LabelNode], Service: topology.Service(labels[LabelService]), Code: code, At: m.TimeNano,
		container: m.Actor.ID,
	}, true
}

// Dead are the nodes of a lab that have run, and do not any more.
func (e *Engine) Dead(ctx context.Context, lab string) ([]Death, error) {
	found, err := e.Find(ctx, lab)
	if err != nil {
		return nil, err
	}
	var dead []Death
	for _, f := range found {
		if f.Kind != "container" || f.Labels[LabelNode] == "" || f.Status != "exited" && f.Status != "dead" {
			continue
		}
		d := Death{
			Node: f.Labels[LabelNode], Service: topology.Service(f.Labels[LabelService]), Code: -1,
			container: f.ID,
		}
		if s, err := e.ended(ctx, d); err == nil { // else it has been started again, or removed
			dead = append(dead, s)
		}
	}
	return dead, nil
}

// ended is a death with what the engine knows of it now.
func (e *Engine) ended(ctx context.Context, d Death) (Death, error) {
	n := &Node{Spec: Spec{Name: d.Node}, engine: e, container: d.container}
	i, err := n.inspect(ctx)
	if err != nil {
		return d, err
	}
	s := i.Container.State
	if s == nil || s.Running || s.Paused || s.Restarting {
		return d, fmt.Errorf("ask how %s has ended: it runs", d.Node)
	}
	d.Code, d.OOM = s.ExitCode, s.OOMKilled
	return d, nil
}

// DescribeDeath is a death with all that the engine knows of it, and the last lines that the node printed; of a Go
// program that failed, those in which it says why, which it does before it says where. The error is about the lines.
func (e *Engine) DescribeDeath(ctx context.Context, d Death) (Death, []string, error) {
	if more, err := e.ended(ctx, d); err == nil {
		d = more
	}
	var b strings.Builder
	n := &Node{Spec: Spec{Name: d.Node}, engine: e, container: d.container}
	if err := n.Logs(ctx, &b, wordsAmong); err != nil {
		return d, nil, err
	}
	return d, lastWords(b.String()), nil
}

// AwaitEnd waits until the node's process has ended by itself. It gives how, and the last lines that it printed.
func (n *Node) AwaitEnd(ctx context.Context, within time.Duration) (d Death, words []string, err error) {
	err = readyEvery.Until(ctx, within, n.Name()+" to end", func(ctx context.Context) error {
		state, err := n.State(ctx)
		if err == nil && state != topology.NodeDown {
			err = fmt.Errorf("it is %s", state)
		}
		return err
	})
	if err != nil {
		return d, nil, &NotReady{Node: n.Name(), Service: n.Service, Err: err, Log: n.lastLines(ctx, err)}
	}
	return n.engine.DescribeDeath(ctx, Death{Node: n.Name(), Service: n.Service, Code: -1, container: n.container})
}

// removedWithin is how long the engine may take to remove a node that has ended.
const removedWithin = 30 * time.Second

// Remove removes the node, and sees it gone.
func (n *Node) Remove(ctx context.Context) error {
	return readyEvery.Until(ctx, removedWithin, n.Name()+" to be removed", func(ctx context.Context) error {
		if err := n.engine.Remove(ctx, []Resource{{Kind: "container", ID: n.container, Name: n.ID}}); err != nil {
			return err
		}
		_, err := n.engine.client.ContainerInspect(ctx, n.container, client.ContainerInspectOptions{})
		switch {
		case errdefs.IsNotFound(err):
			return nil
		case err == nil:
			err = errors.New("it is there")
		}
		return err
	})
}

// How much of a log is looked through for a node's last words, and how much of that is told.
const (
	wordsAmong = 400
	wordsMost  = 10
)

func lastWords(log string) []string {
	lines := strings.FieldsFunc(log, func(c rune) bool { return c == '\n' || c == '\r' })
	from := max(0, len(lines)-wordsMost)
	for i, line := range lines {
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
			from = min(from, i)
			break
		}
	}
	return lines[from:min(len(lines), from+wordsMost)]
}
