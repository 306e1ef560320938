package lab_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/image"
	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
)

// A shop of one's own in two regions loses one of them while orders come in.
func Example() {
	if err := drill(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func drill(ctx context.Context) (err error) {
	images, err := image.Ensure(ctx, image.Options{})
	if err != nil {
		return err
	}
	shop, err := image.BuildProgram(ctx, "./cmd/shop", nil) // or whatever image the engine has
	if err != nil {
		return err
	}
	two, _ := topology.Preset("two-regions-sync")
	l, err := lab.Up(ctx, lab.Options{
		Images: images, Topology: two.Scaled(120), // a health check every 250 ms instead of every 30 s
		App: lab.App{
			Image: shop.Name, Port: 9000, Health: "/live", Ready: "/open",
			Env: map[string]string{"DATABASE_URL": "postgres://{{.User}}:{{.Secret}}@{{.Postgres}}/{{.Database}}"},
		},
	})
	if err != nil {
		return err
	}
	defer func() {
		left, derr := l.Down(ctx)
		if left > 0 {
			derr = errors.Join(derr, fmt.Errorf("%d things are left of the lab", left))
		}
		err = errors.Join(err, derr)
	}()

	// Orders are due by the clock, whatever became of those before. Each looks the shop up anew.
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext:       dial(l.Addresses().Resolver()),
	}}
	var acknowledged atomic.Int64
	due := time.NewTicker(25 * time.Millisecond)
	defer due.Stop()
	go func() {
		for range due.C {
			go func() {
				resp, err := client.Post("http://shop/orders", "application/json", strings.NewReader(`{"item": "tea"}`))
				if err == nil && resp.Body.Close() == nil && resp.StatusCode == http.StatusCreated {
					acknowledged.Add(1)
				}
			}()
		}
	}()
	if err := await(ctx, "orders at home", func() bool { return acknowledged.Load() >= 100 }); err != nil {
		return err
	}

	start := time.Now()
	outage, err := l.Guard(&fault.LoseRegion{Region: "us-east-1"}, func() time.Duration { return time.Since(start) })
	if err != nil {
		return err
	}
	defer func() {
		_, herr := outage.Heal(context.WithoutCancel(ctx)) // and sees it healed
		err = errors.Join(err, herr)
	}()
	seen, err := outage.Inject(ctx) // returns when an independent probe sees it
	if err != nil {
		return err
	}
	fmt.Println("lost:", seen.By)

	// The failover automation does its work.
	err = await(ctx, "us-west-2 to serve", func() bool {
		r, err := l.Observe().Routing(ctx)
		return err == nil && r.Primary == "us-west-2"
	})
	if err != nil {
		return err
	}
	before := acknowledged.Load()
	if err := await(ctx, "orders in the standby",
		func() bool { return acknowledged.Load() >= before+100 }); err != nil {
		return err
	}
	standby, err := l.Addresses().Endpoints("us-west-2")
	if err != nil {
		return err
	}
	conn, err := store.Postgres(ctx, standby.Postgres)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	var kept int64
	if err := conn.QueryRow(ctx, "select count(*) from orders").Scan(&kept); err != nil {
		return err
	}
	fmt.Printf("%d orders are there, of at least %d acknowledged\n", kept, before)
	return nil
}

// dial goes where the lab's name service sends clients.
func dial(resolver string) func(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	names := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return d.DialContext(ctx, "udp", resolver)
	}}
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		_, found, err := names.LookupSRV(ctx, "http", "tcp", topology.RecordName)
		if err != nil {
			return nil, err
		}
		ips, err := names.LookupHost(ctx, found[0].Target)
		if err != nil {
			return nil, err
		}
		return d.DialContext(ctx, network, net.JoinHostPort(ips[0], strconv.Itoa(int(found[0].Port))))
	}
}

func await(ctx context.Context, what string, is func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, ctx.Err())
		case <-tick.C:
		}
	}
	return nil
}
