package workload

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/regionfall/regionfall/scenarios/history"
)

// writtenBy is what becomes of a write in Go to a service that answers a POST with a redirect.
func writtenBy(t *testing.T, write WriteFunc) history.Op {
	t.Helper()
	c := clientOf(t, kycApp(t), func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			http.Redirect(w, r, "/orders/1", http.StatusSeeOther)
		}
	})
	op := history.Op{Kind: history.Write, ID: "v-t-000001"}
	c.do(t.Context(), &op, &codeMessage{id: op.ID, write: write})
	return op
}

// post answers with the status of the one request that it makes.
func post(ctx context.Context, to Door) (status int, err error) {
	url := "http://" + to.Address + "/orders"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader("{}"))
	if err != nil {
		return 0, err
	}
	resp, err := to.Client().Do(req)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

func TestARedirectIsTheAnswerToAWriteInGo(t *testing.T) {
	t.Parallel()
	op := writtenBy(t, func(ctx context.Context, to Door, _ string) error {
		status, err := post(ctx, to)
		if err == nil && status != http.StatusSeeOther {
			err = fmt.Errorf("status %d", status)
		}
		return err
	})
	if op.Outcome != history.OK || op.Attempts != 1 {
		t.Errorf("got %+v", op)
	}
}

// Libraries dial in the background, such as to have a statement cancelled: that sends no write a second time.
func TestAWriteInGoThatDialsAgainWasSentOnce(t *testing.T) {
	t.Parallel()
	op := writtenBy(t, func(ctx context.Context, to Door, _ string) error {
		if _, err := post(ctx, to); err != nil {
			return err
		}
		if conn, err := to.Dial(ctx, "tcp", to.Address); err == nil {
			_ = conn.Close()
			return errors.New("it was given a second connection")
		}
		return nil
	})
	if op.Outcome != history.OK || op.Attempts != 1 {
		t.Errorf("got %+v", op)
	}
}
