package drill

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	appfile "github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
	"github.com/regionfall/regionfall/scenarios/workload"
)

// codeLab is a lab whose stores are read by Go code.
type codeLab struct {
	*tinyLab
	code Code
}

func (l codeLab) Read(ctx context.Context, region string, sought Sought) []StoreRead {
	ids, err := l.code.Read(ctx, Place{Region: region, Prefix: sought.Prefix})
	return []StoreRead{{Store: history.StoreCode, IDs: ids, Err: err}}
}

// coded is a plan of an app that is Go code, and a lab for it.
func coded(t *testing.T, write workload.WriteFunc) (Plan, codeLab) {
	t.Helper()
	a, err := appfile.Parse("app.yaml", []byte(`image: shop:1.4
port: 8080
health: /healthz
operations: {write: {code: on}}
stores: {code: on}
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	tiny := newLab(t)
	l := codeLab{tiny, Code{Write: write, Read: func(_ context.Context, from Place) ([]string, error) {
		if from.Region == tiny.home.name {
			return tiny.home.list(), nil
		}
		return tiny.standby.list(), nil
	}}}
	p := plan(lose())
	p.App, p.Protocol = a, workload.WithWrite(workload.Of(a, workload.Login{}), write)
	p.Workload.Reads = 0
	p.Judge.Stores, p.Judge.Ordered = []string{history.StoreCode}, nil
	return p, l
}

// post writes a verification in Go.
func post(ctx context.Context, to workload.Door, id string) error {
	body := bytes.NewReader(fmt.Appendf(nil, `{"id":%q}`, id))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+to.Address+"/verifications", body)
	if err != nil {
		return err
	}
	resp, err := to.Client().Do(req)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusCreated {
		err = fmt.Errorf("it says %s", resp.Status)
	}
	return errors.Join(err, resp.Body.Close())
}

func TestADrillOfGoCodeIsMeasuredAsAnyOther(t *testing.T) {
	t.Parallel()
	p, l := coded(t, post)
	o := run(t.Context(), t, p, l)
	if o.err != nil {
		t.Fatal(o.err)
	}
	point := o.report.Metrics.RecoveryPoint
	if len(o.Stalls) == 0 {
		o.want(t, measure.Pass)
	}
	if point.Lost != 0 || point.Acked < 20 || len(point.Stores) != 1 || point.Stores[0].Name != history.StoreCode {
		t.Errorf("of Go code it was measured: %+v", point)
	}
}

func TestWhatGoCodeLosesIsCounted(t *testing.T) {
	t.Parallel()
	p, l := coded(t, post)
	l.home.loses = func(n int) bool { return n > 20 } // acknowledged, and never copied
	o := run(t.Context(), t, p, l)
	if o.err != nil {
		t.Fatal(o.err)
	}
	if lost := o.report.Metrics.RecoveryPoint.Lost; lost == 0 {
		t.Error("nothing is lost of what was never copied")
	}
}

// What a function returns says what its caller knows: nothing, that it is done, or that it never will be.
func TestWhatGoCodeReturnsIsTheOutcome(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	p, l := coded(t, func(ctx context.Context, to workload.Door, id string) error {
		switch n.Add(1) % 20 {
		case 3:
			return fmt.Errorf("the account is closed: %w", workload.ErrRefused)
		case 7:
			return errors.New("who knows") // by a way of its own: it may have been sent
		case 11:
			if _, err := to.Dial(ctx, "tcp", "anywhere"); err != nil {
				return err
			}
			return errors.New("nothing was written")
		default:
			return post(ctx, to, id)
		}
	})
	p.Judge.RecoveryTime.Success = 0.5 // they are few
	o := run(t.Context(), t, p, l)
	seen := map[string]int{}
	for _, op := range o.Ops {
		for _, why := range []string{
			"the account is closed: refused", "no answer: who knows", "not sent: nothing was written",
		} {
			if strings.Contains(op.Error, why) {
				seen[op.Outcome.String()+" "+why]++
			}
		}
	}
	for _, want := range []string{
		"failed the account is closed: refused", "unknown no answer: who knows", "failed not sent: nothing was written",
	} {
		if seen[want] == 0 {
			t.Errorf("no operation is %q: %v (%v)", want, seen, o.err)
		}
	}
}
