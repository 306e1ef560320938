package automation

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/agent/automation/automationtest"
	"github.com/regionfall/regionfall/lab/topology"
)

func TestHomeIsLostOnlyWhenAppAndDatabaseFail(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer app.Close()
	cfg := automationtest.Settings()
	if got := newHomeProbe(cfg).Look(t.Context()); got.alive ||
		got.said != "app: connection refused; postgres: connection refused" {
		t.Errorf("nobody answers, and it sees %+v", got)
	}
	cfg.HomeHealth = app.URL
	if got := newHomeProbe(cfg).Look(t.Context()); !got.alive || !strings.Contains(got.said, "app: ok") {
		t.Errorf("the app answers, and it sees %+v", got)
	}
}

// Who says that home is lost with its database need not wait for the app to die, too.
func TestHomeIsLostWhenWhatIsSetFails(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer app.Close()
	cfg := automationtest.Settings() // its database answers nobody
	cfg.HomeHealth = app.URL
	for lost, alive := range map[topology.LostWhen]bool{
		topology.LostAppAndDatabase: true, topology.LostDatabase: false, topology.LostApp: true,
		topology.LostEither: false,
	} {
		cfg.LostWhen = lost
		if got := newHomeProbe(cfg).Look(t.Context()); got.alive != alive {
			t.Errorf("lost when %s: it sees %+v, want alive %t", lost, got, alive)
		}
	}
}

func TestFarRegionMayTakeLonger(t *testing.T) {
	cfg := automationtest.Settings()
	near := newHomeProbe(cfg).limit
	cfg.Trip = 100 * time.Millisecond
	if far := newHomeProbe(cfg).limit; far != near+500*time.Millisecond {
		t.Errorf("a look at a near region may take %s, and at a far one %s", near, far)
	}
}
