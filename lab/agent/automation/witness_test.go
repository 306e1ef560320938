package automation

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/regionfall/regionfall/lab/agent/automation/automationtest"
	"github.com/regionfall/regionfall/lab/agent/automation/world"
)

func TestWitness(t *testing.T) {
	service, url := automationtest.Names(t)
	witness := nameWitness{names: world.Names{URL: url}, home: "east"}
	if err := witness.SeesLoss(t.Context()); err == nil || !strings.Contains(err.Error(), "sees east healthy") {
		t.Errorf("of a healthy region it says %v", err)
	}
	service.Observe(0, errors.New("refused"))
	if err := witness.SeesLoss(t.Context()); err != nil {
		t.Errorf("of a region that fails its checks it says: %v", err)
	}
	if err := (nameWitness{names: world.Names{URL: url}, home: "north"}).SeesLoss(t.Context()); err == nil {
		t.Error("it agrees to the loss of a region that it does not know")
	}
	if err := (nameWitness{
		names: world.Names{URL: "http://127.0.0.1:1"},
		home:  "east",
	}).SeesLoss(t.Context()); err == nil {
		t.Error("a witness that cannot be reached agrees")
	}
}

func TestWitnessAnswersThatSayNothing(t *testing.T) {
	for _, body := range []string{"", "{}", "null", `{"primary":"east","answer":"east","targets":[]}`, "<html>"} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, body)
		}))
		if err := (nameWitness{names: world.Names{URL: server.URL}, home: "east"}).SeesLoss(t.Context()); err == nil {
			t.Errorf("the answer %q counts as agreement", body)
		}
		server.Close()
	}
}
