package app

import (
	"fmt"
	"strings"
	"testing"
)

// uploads is an app whose write is these requests.
func uploads(requests string) string {
	return strings.Replace(minimal, `{write: {post: /orders, json: {id: "{{.ID}}"}}}`, "\n  write:\n"+requests, 1)
}

const (
	begins   = `    - {post: /files, id: {json: id}, keep: {Ticket: {json: ticket}}}` + "\n"
	uploaded = `    - {put: "/files/{{.ID}}/{{.Ticket}}", body: x}` + "\n"
)

func TestARequestOfAWriteUsesWhatThoseBeforeKeep(t *testing.T) {
	a := parse(t, uploads(begins+uploaded))
	w := a.Write()
	v := Values{ID: "f", Kept: []Kept{{"Ticket", "t"}}}
	if len(w) != 2 || w[0].NeedsKept() || !w[1].NeedsKept() || w[1].Fill(v).Path != "/files/f/t" || !a.GivesIDs() {
		t.Errorf("%+v", w)
	}
	if a := parse(t, minimal); len(a.Write()) != 1 || a.GivesIDs() || a.WriteIsCode() {
		t.Errorf("%+v", a.Write())
	}
}

func TestMistakesInAWriteOfSeveralRequestsAreComplainedAbout(t *testing.T) {
	for requests, want := range map[string]string{
		uploaded + begins: `write[0].put: unknown placeholder {{.Ticket}}`,
		begins + begins:   "write[1].id: an earlier answer has given it",
		begins + `    - {post: "/files/{{.ID}}", refused: [409]}` + "\n": "write[1].refused: by then a part of the " +
			"write is there: only the first of its requests can be refused",
		begins + `    - {sql: "select '{{.ID}}'"}` + "\n": "write[1].sql: a write of several requests sends all of " +
			"them to the app: make it the only one",
		begins + "    - {code: on}\n": "write[1].code: a write of several requests sends all of them to the app",
		begins + `    - {post: /a, keep: {Ticket: {json: a}}}` + "\n": "write[1].keep.Ticket: there is a {{.Ticket}} " +
			"already",
		begins + `    - {post: /a, keep: {Amount: {json: a, header: b}}}` + "\n": "write[1].keep.Amount: say one place",
		`    - {post: /a}` + "\n" + `    - {post: /b}` +
			"\n": "operations.write: no {{.ID}} is in it",
		"    []\n": "operations.write takes 1 to 20 items",
	} {
		_, err := Parse("app.yaml", []byte(uploads(requests)), nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n%v\nwant %s", requests, err, want)
		}
	}
	// One that has no id of the app's may have the client's anywhere.
	parse(t, uploads(`    - {post: /a}`+"\n"+`    - {put: "/b/{{.ID}}"}`+"\n"))
}

// Without a setup nothing expires, and a status that would say so by default may acknowledge.
func TestOnlyASetupExpires(t *testing.T) {
	const write = "write: {post: /orders, json: {id: \"{{.ID}}\"}"
	for name, c := range map[string]struct{ setup, says, want string }{
		"nothing expires": {"", ", acknowledged: [2xx, 401]}", ""},
		"without a setup": {
			"", ", expired: [404]}",
			"operations.write.expired: there is no setup that could expire",
		},
		"the default acknowledges": {
			"setup: {post: /login}, ", ", acknowledged: [2xx, 401]}",
			"operations.write.acknowledged[1]: 401 is among expired too",
		},
		"what is in the file, both ways": {
			"setup: {post: /login}, ", ", acknowledged: [2xx, 409], expired: [409]}",
			"operations.write.expired[0]: 409 is among acknowledged too",
		},
	} {
		src := strings.Replace(minimal, write+"}", c.setup+write+c.says, 1)
		_, err := Parse("app.yaml", []byte(src), nil)
		if got := fmt.Sprint(err); c.want == "" && err != nil || !strings.Contains(got, c.want) && c.want != "" {
			t.Errorf("%s: got %s\n%s", name, got, src)
		}
	}
}
