package runner_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strings"

	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios"
	"github.com/regionfall/regionfall/scenarios/drill"
	"github.com/regionfall/regionfall/scenarios/evidence"
	"github.com/regionfall/regionfall/scenarios/runner"
	"github.com/regionfall/regionfall/scenarios/workload"
)

// incident says how the nodes of an app run, what happens to them and what is promised. What a write is, and where it
// must be found, is Go code.
const incident = `name: ledger-in-code
summary: us-east-1 is lost under a ledger that is written to and read by Go code
timescale: 120
topology: {preset: two-regions-sync, latency: 10ms}
app:
  build: {go: github.com/regionfall/regionfall}
  command: [ledger]
  port: 9000
  health: /up
  ready: /open
  env: {PORT: "9000", PGUSER: "{{.User}}", PGPASSWORD: "{{.Secret}}", PGDATABASE: "{{.Database}}"}
  operations: {write: {code: on}}
  stores: {code: on}
workload: {writes: 20/s}
steady_state: {hold: 4m, within: 2m}
steps:
  - {at: 4m, inject: {lose_region: {region: us-east-1}}}
objectives:
  recovery_point: 0s
  recovery_time: {within: 1h, window: 4m, latency: {p95: 750ms}}
expect: pass
`

// pay writes a payment. It says that the payment is made only when the ledger did.
func pay(ctx context.Context, to workload.Door, id string) error {
	body := strings.NewReader(`{"account": "acme", "amount": 100}`)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+to.Address+"/payments", body)
	if err != nil {
		return err
	}
	req.Header.Set("Idempotency-Key", id)
	resp, err := to.Client().Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	switch resp.StatusCode {
	case http.StatusCreated:
		return nil
	case http.StatusBadRequest:
		return fmt.Errorf("%s: %w", resp.Status, workload.ErrRefused)
	}
	return fmt.Errorf("it says %s", resp.Status)
}

// payments reads the keys of all payments that the database of a region has.
func payments(ctx context.Context, from drill.Place) ([]string, error) {
	address, err := from.Tap(topology.ServicePostgres)
	if err != nil {
		return nil, err
	}
	conn, err := store.Postgres(ctx, address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(ctx) }()
	return store.RowIDs(ctx, conn, "select key from payments where key like '"+from.Prefix+"%'")
}

// A drill of two Go functions leaves a folder as every drill does: regionfall rejudge and regionfall report read it.
func ExampleRun_code() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	s, err := scenarios.Parse("incident.yaml", []byte(incident))
	if err != nil {
		fmt.Println(err)
		return
	}
	out, err := runner.Run(ctx, runner.Options{
		Scenario: s, Out: "out", Code: drill.Code{Write: pay, Read: payments},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := evidence.Table(os.Stdout, out.Result, false); err != nil {
		fmt.Println(err)
	}
}
