package lab

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/topology"
)

// askOver asks over a path from where it starts: from here for clients, from inside its network for all others.
func (l *Lab) askOver(ctx context.Context, s topology.Path, q probe.Question) (a probe.Answer, err error) {
	if s.Published() {
		if q.Address, err = l.outside(s); err != nil {
			return a, err
		}
		return l.lines.Ask(ctx, q)
	}
	witness := topology.ServiceReplicator.Host(s.From)
	if s.From == topology.Global {
		witness = topology.ServiceNameservice.Host(topology.Global)
	}
	q.Address = net.JoinHostPort("hub", strconv.Itoa(s.Port))
	return l.askFrom(ctx, witness, q)
}

// witnessGrace is how much longer a witness may take to answer than the question it was given.
const witnessGrace = time.Second

// askFrom has an agent of the lab, such as "replicator.us-east-1", ask a question as its network sees the address. The
// error is fault.ErrWitness when the agent could not be asked.
func (l *Lab) askFrom(ctx context.Context, agentName string, q probe.Question) (a probe.Answer, err error) {
	tap, err := l.Addresses().Tap(agentName)
	if err != nil {
		return a, fmt.Errorf("%w: %w", fault.ErrWitness, err)
	}
	ctx, cancel := context.WithTimeout(ctx, max(q.Within, time.Second)+witnessGrace)
	defer cancel()
	if err := at(tap).Call(ctx, http.MethodPost, "/probe", q, &a); err != nil {
		if failure := l.failure(); failure != nil {
			err = failure // which says more than that nobody answers
		}
		return a, fmt.Errorf("ask %s: %w: %w", agentName, fault.ErrWitness, err)
	}
	return a, nil
}
