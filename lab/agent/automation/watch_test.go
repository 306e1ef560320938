package automation

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/agent/automation/automationtest"
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

func TestFarRegionMayTakeLonger(t *testing.T) {
	cfg := automationtest.Settings()
	near := newHomeProbe(cfg).limit
	cfg.Trip = 100 * time.Millisecond
	if far := newHomeProbe(cfg).limit; far != near+500*time.Millisecond {
		t.Errorf("a look at a near region may take %s, and at a far one %s", near, far)
	}
}
