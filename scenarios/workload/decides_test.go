package workload

import (
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios/history"
)

const licences = `  write: {post: /applications, json: {id: "{{.ID}}", shop: "s-{{.Shop}}"}}
  read:
    get: /shops/s-{{.Shop}}
    decides: {json: licence.is, of: shop, by: licence.for, approved: [granted], denied: [refused, revoked], pending: []}
random: [{name: Shop, number: {from: 0, to: 9999, digits: 4}}]
`

func TestAnswersDecide(t *testing.T) {
	a := shopApp(t, licences)
	for body, want := range map[string]*history.Decided{
		`{"shop": "s-1", "licence": {"is": "granted", "for": "v-t-000001"}}`: {
			Decision: history.Approved, Of: "s-1", By: "v-t-000001",
		},
		`{"shop": "s-1", "licence": {"is": "revoked"}}`:              {Decision: history.Denied, Of: "s-1"},
		`{"shop": "s-1", "licence": {"is": "refused", "for": null}}`: {Decision: history.Denied, Of: "s-1"},
		`{"shop": "s-1", "licence": {"is": "pending"}}`:              nil, // none of the app's words
		`{"shop": "s-1"}`:                nil,
		`{"licence": {"is": "granted"}}`: nil, // of nobody
		`{"shop": "s-1", "licence": {"is": "granted", "for": {"id": "x"}}}`: nil,
		`granted`: nil,
	} {
		c := clientOf(t, a, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
		op := c.perform(t, a, history.Read, "v-t-000001")
		if diff := cmp.Diff(want, op.Decided); diff != "" {
			t.Errorf("%s: %s", body, diff)
		}
		if ok := op.Outcome == history.OK; ok != (want != nil) || !ok &&
			op.Error != "status 200, and no decision in the answer" {
			t.Errorf("%s: %v, %q", body, op.Outcome, op.Error)
		}
	}
}

// A read is of the values that the write had which it is about.
func TestAReadKnowsTheValuesOfItsWrite(t *testing.T) {
	a := shopApp(t, licences)
	shops := map[string]string{}
	c := clientOf(t, a, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			shops["read"] = r.URL.Path
			_, _ = io.WriteString(w, `{"shop": "s-1", "licence": {"is": "granted"}}`)
			return
		}
		sent, _ := io.ReadAll(r.Body)
		shops["written"] = string(sent)
	})
	for _, id := range []string{"v-t-000001", "v-t-000017"} {
		n, _ := Operation{ID: id, Prefix: "v-t-"}.written()
		op := history.Op{Kind: history.Write, ID: id}
		c.do(t.Context(), &op, Of(a, Login{}).Make(Operation{
			Kind: history.Write, ID: id, Prefix: "v-t-", Number: n, Seed: 1,
		}))
		c.perform(t, a, history.Read, id)
		if want := `{"id":"` + id + `","shop":"` + shops["read"][len("/shops/"):] + `"}`; shops["written"] != want {
			t.Errorf("written: %s, read: %s", shops["written"], shops["read"])
		}
	}
}
