package workload

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/regionfall/regionfall/scenarios/history"
)

// absent is the error of a read that did not find what was acknowledged.
const absent = "acknowledged write is absent"

// reply is what came of one attempt.
type reply struct {
	sent   bool  // the request, or a part of it, may have left
	err    error // no answer, or only a part of one
	status int
	body   []byte
	// position is how far the database had come, as the answer has it; empty if it does not say.
	position string
}

// judge says what the caller knows about an operation after one attempt. A write that may have been applied is unknown
// unless the service says otherwise in so many words; a read changes nothing, so one that is not ok has failed.
func judge(kind history.Kind, id string, r reply) (history.Outcome, string) {
	doubt := history.Unknown
	if kind == history.Read {
		doubt = history.Failed
	}
	switch {
	case r.err != nil && !r.sent:
		return history.Failed, fmt.Sprintf("not sent: %v", r.err)
	case r.err != nil:
		return doubt, fmt.Sprintf("no answer: %v", r.err)
	}
	var says struct {
		ID      string `json:"id"`
		Applied string `json:"applied"`
		Error   string `json:"error"`
	}
	if json.Unmarshal(r.body, &says) != nil {
		says.ID, says.Applied, says.Error = "", "", "" // not our service's: it says nothing
	}
	explained := fmt.Sprintf("status %d", r.status)
	if says.Error != "" {
		explained += ": " + says.Error
	}
	switch {
	case r.status/100 == 2 && says.ID != "" && says.ID != id:
		return doubt, fmt.Sprintf("answer is about %q", says.ID)
	case r.status/100 == 2:
		return history.OK, ""
	case kind == history.Read && r.status == http.StatusNotFound:
		return history.Failed, absent
	case r.status >= 400 && says.Applied == "no":
		return history.Failed, explained
	default:
		return doubt, explained
	}
}
