package ownapp_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/drill"
	"github.com/regionfall/regionfall/scenarios/workload"
	"github.com/regionfall/regionfall/suites/internal/harness"
	. "github.com/regionfall/regionfall/suites/matchers"
)

var _ = Describe("A ledger that is written to and read by Go code, when its region is lost", func() {
	It("has every payment that the code was told of", func(ctx SpecContext) {
		r := harness.RunCode(ctx, "testdata/ledger-code.yaml", drill.Code{Write: pay, Read: payments})
		Expect(r).To(And(MeetItsExpectation(), HaveAConfirmedFault(), LoseNothing(), LeaveNothing()))
	}, SpecTimeout(harness.DrillTimeout))
})

// pay writes a payment.
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
	if resp.StatusCode != http.StatusCreated {
		return fmt.Errorf("it says %s", resp.Status)
	}
	return nil
}

// payments are the keys of those that a region's database has.
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
