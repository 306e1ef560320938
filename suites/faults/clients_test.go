package faults_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/probe"
	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/lab/wait"
)

type client = func(ctx context.Context, l *lab.Lab) error

// over asks over a link, from a node in the region where it starts.
func over(ctx context.Context, l *lab.Lab, from, to, service string, q probe.Question) (probe.Answer, error) {
	return l.Inspect().Ask(ctx, from+"_"+to+"_"+service, q)
}

func sees(from, to, service string, want probe.Symptom) client {
	return func(ctx context.Context, l *lab.Lab) error {
		a, err := over(ctx, l, from, to, service, probe.Question{Way: probe.RoundTrip})
		if err == nil && a.Symptom != want {
			err = errors.New("a client in " + from + " sees " + string(a.Symptom) + " of " + service + " in " + to +
				", not " + string(want))
		}
		return err
	}
}

func serves(from, to, service string) client { return sees(from, to, service, probe.Fine) }

func both(a, b client) client {
	return func(ctx context.Context, l *lab.Lab) error { return errors.Join(a(ctx, l), b(ctx, l)) }
}

// eventually is for what is not so all the time.
func eventually(a client) client {
	return func(ctx context.Context, l *lab.Lab) error {
		return wait.Every(20*time.Millisecond).Until(ctx, 5*time.Second, "a client to see it",
			func(ctx context.Context) error { return a(ctx, l) })
	}
}

func amount(q probe.Question, of func(probe.Answer) float64, low, high float64) client {
	return func(ctx context.Context, l *lab.Lab) error {
		q.Within = 10 * time.Second
		a, err := over(ctx, l, west, east, "redis", q)
		if err == nil && (of(a) < low || of(a) > high) {
			err = errors.New("a client measures " + strconv.FormatFloat(of(a), 'g', 4, 64) + " (" + a.Said + ")")
		}
		return err
	}
}

// takes is the least of a few round trips: a busy machine only ever adds.
func takes(low, high time.Duration) client {
	return func(ctx context.Context, l *lab.Lab) error {
		least := time.Hour
		for range 5 {
			a, err := over(ctx, l, west, east, "redis", probe.Question{Way: probe.RoundTrip, Within: 10 * time.Second})
			if err == nil {
				err = a.Err()
			}
			if err != nil {
				return err
			}
			least = min(least, a.Took)
		}
		if least < low || least > high {
			return fmt.Errorf("the fastest of five round trips takes %s", least)
		}
		return nil
	}
}

// wavers is how far apart at least the shortest and the longest of many round trips are.
func wavers(least time.Duration) client {
	return func(ctx context.Context, l *lab.Lab) error {
		shortest, longest := time.Hour, time.Duration(0)
		for range 30 {
			a, err := over(ctx, l, west, east, "redis", probe.Question{Way: probe.RoundTrip})
			if err == nil {
				err = a.Err()
			}
			if err != nil {
				return err
			}
			shortest, longest = min(shortest, a.Took), max(longest, a.Took)
		}
		if longest-shortest < least {
			return fmt.Errorf("round trips take %s to %s", shortest, longest)
		}
		return nil
	}
}

func lingers(low, high time.Duration) client {
	return amount(probe.Question{Way: probe.Closing}, func(a probe.Answer) float64 { return a.Took.Seconds() },
		low.Seconds(), high.Seconds())
}

func carries(low, high float64) client {
	return amount(probe.Question{Way: probe.Throughput, Bytes: 200_000},
		func(a probe.Answer) float64 { return float64(a.Bytes) / max(a.Took.Seconds(), 1e-6) }, low, high)
}

func ends(bytes float64) client {
	return amount(probe.Question{Way: probe.Count, Stream: probe.Downstream, Bytes: int64(2 * bytes)},
		func(a probe.Answer) float64 { return float64(a.Bytes) }, bytes*0.9, bytes*1.1)
}

// refuses is that a statement fails with an error of which this is a part.
func refuses(node, statement, with string) client {
	return func(ctx context.Context, l *lab.Lab) error {
		tap, err := l.Addresses().Tap(node)
		if err != nil {
			return err
		}
		conn, err := store.Postgres(ctx, tap)
		if err == nil {
			defer func() { _ = conn.Close(ctx) }()
			_, err = conn.Exec(ctx, statement)
		}
		switch {
		case err == nil:
			return fmt.Errorf("%s took %q", node, statement)
		case !strings.Contains(err.Error(), with):
			return fmt.Errorf("%s: %q gives another error than %s: %w", node, statement, with, err)
		}
		return nil
	}
}

// at asks a node over its tap.
func at(node string, want ...probe.Symptom) client {
	return func(ctx context.Context, l *lab.Lab) error {
		tap, err := l.Addresses().Tap(node)
		if err != nil {
			return err
		}
		service, _, _ := strings.Cut(node, ".")
		var lines probe.Lines
		a, err := lines.Ask(ctx,
			probe.Question{Way: probe.RoundTrip, Service: topology.Service(service), Address: tap})
		if err == nil && !slices.Contains(want, a.Symptom) {
			err = errors.New("a client of " + node + " sees " + string(a.Symptom))
		}
		return err
	}
}

// open and shut ask at the door of a region, where its clients come in.
func open(region string) client {
	return func(ctx context.Context, l *lab.Lab) error {
		a, err := atTheDoor(ctx, l, region)
		if err == nil {
			err = a.Err()
		}
		return err
	}
}

func shut(region string) client {
	return func(ctx context.Context, l *lab.Lab) error {
		a, err := atTheDoor(ctx, l, region)
		if err == nil && a.Symptom == probe.Fine {
			err = errors.New("clients are served in " + region)
		}
		return err
	}
}

func atTheDoor(ctx context.Context, l *lab.Lab, region string) (probe.Answer, error) {
	door, err := l.Addresses().Door(region)
	if err != nil {
		return probe.Answer{}, err
	}
	var lines probe.Lines
	return lines.Ask(ctx, probe.Question{Way: probe.RoundTrip, Service: topology.ServiceApp, Address: door})
}
