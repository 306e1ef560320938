package workload

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/history"
)

// understand says what a whole answer means, by the app's file.
func (m *httpMessage) understand(a *Answer, resp *http.Response, body []byte) {
	status := resp.StatusCode
	done := m.Acknowledges(status)
	if done && m.Says.ID == "" && m.Given == nil && m.Keep == nil && m.Decides == nil {
		a.Result = Acknowledged // whatever is in it
		return
	}
	says := m.listen(body)
	a.Why = fmt.Sprintf("status %d", status)
	if says.reason != "" {
		a.Why += ": " + says.reason
	}
	switch {
	case done && says.id != "" && says.id != m.values.ID:
		a.Why = fmt.Sprintf("answer is about %q", says.id)
	case done:
		m.take(a, resp, body)
	case m.FindsNothing(status):
		a.Result = Absent
	case m.Refuses(status) || status >= http.StatusBadRequest && says.refused:
		a.Result = Refused
	}
}

// take takes what the answer has to give. An answer without it acknowledges nothing: nobody could find again what it
// is about.
func (m *httpMessage) take(a *Answer, resp *http.Response, body []byte) {
	if m.Given != nil {
		if a.ID = find(m.Given, resp, body); a.ID == "" {
			a.Why = fmt.Sprintf("status %d, and no id in the answer", a.Status)
			return
		}
	}
	for _, c := range m.Keep {
		text := find(c.From, resp, body)
		if text == "" {
			a.Why = fmt.Sprintf("status %d, and no %s in the answer", a.Status, c.Name)
			return
		}
		a.Kept = append(a.Kept, app.Kept{Name: c.Name, Text: text})
	}
	if m.Decides != nil {
		if a.Decided = m.decided(body); a.Decided == nil {
			a.Why = fmt.Sprintf("status %d, and no decision in the answer", a.Status)
			return
		}
	}
	a.Result, a.Why = Acknowledged, ""
}

// decided is what an answer says was decided; nil where it has none of the app's words for that, or does not say of
// whom.
func (m *httpMessage) decided(body []byte) *history.Decided {
	f := document(bytes.TrimSpace(body))
	word, _ := f.text(m.Decides.JSON)
	d := &history.Decided{Of: m.values.ID}
	switch {
	case slices.Contains(m.Decides.Approved, word):
		d.Decision = history.Approved
	case slices.Contains(m.Decides.Denied, word):
		d.Decision = history.Denied
	case slices.Contains(m.Decides.Pending, word):
		d.Decision = history.Pending
	default:
		return nil
	}
	if m.Decides.Of != "" {
		d.Of, _ = f.text(m.Decides.Of)
	}
	by, good := f.text(m.Decides.By)
	d.By = by
	if d.Of == "" || !good {
		return nil
	}
	return d
}

// said is what an answer says in fields of its JSON.
type said struct {
	id, reason string
	refused    bool
}

// listen reads the fields. Where one of them is of a kind that the app does not give, the answer is not the app's, and
// says nothing.
func (m *httpMessage) listen(body []byte) said {
	if m.Says == (app.Says{}) && m.RefusedBy == nil {
		return said{}
	}
	f := document(bytes.TrimSpace(body))
	var s said
	id, good := f.text(m.Says.ID)
	s.id = id
	if m.RefusedBy != nil {
		value, ok := f.text(m.RefusedBy.JSON)
		s.refused, good = value == m.RefusedBy.Is, good && ok
	}
	reason, kind := f.find(m.Says.Reason)
	if kind != '"' && kind != 0 || !good {
		return said{}
	}
	s.reason = reason
	return s
}

// document is a JSON answer, without space around it.
type document []byte

// text is a field without parts as a text; empty where there is none. It is no good where the field has parts.
func (d document) text(at app.Field) (text string, good bool) {
	text, kind := d.find(at)
	return text, kind != '{' && kind != '['
}

// find is a field without parts as a text, and the kind of it: its first byte, or 0 where there is none, or null.
func (d document) find(at app.Field) (text string, kind byte) {
	if at == "" {
		return "", 0
	}
	value := json.RawMessage(d)
	for key := range strings.SplitSeq(string(at), ".") {
		value = below(value, key)
	}
	switch {
	case len(value) == 0 || string(value) == "null":
		return "", 0
	case value[0] != '"':
		return string(value), value[0]
	}
	if json.Unmarshal(value, &text) != nil {
		return "", 0
	}
	return text, '"'
}

// below is what an object has under a key, or a list at an index; empty for neither.
func below(value json.RawMessage, key string) json.RawMessage {
	if len(value) == 0 {
		return nil
	}
	if value[0] == '[' {
		var items []json.RawMessage
		i, err := strconv.Atoi(key)
		if err != nil || json.Unmarshal(value, &items) != nil || i < 0 || i >= len(items) {
			return nil
		}
		return items[i]
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(value, &fields) != nil {
		return nil
	}
	return fields[key]
}
