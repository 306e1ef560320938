package node

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// recorded is an engine that gives the answers of one: Docker 20.10 where it had lost count of what is on a network.
// That can't be brought about.
func recorded(t *testing.T, containers, on string) *Engine {
	t.Helper()
	return engineAt(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch _, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v"), "/"); path {
		case "containers/json":
			_, _ = fmt.Fprint(w, containers)
		case "networks":
			_, _ = fmt.Fprint(w,
				`[{"Name": "regionfall-ada-us-east-1", "Id": "n1", "Labels": {"regionfall.lab": "ada"}}]`)
		case "networks/n1":
			_, _ = fmt.Fprintf(w, `{"Name": "regionfall-ada-us-east-1", "Id": "n1", "Containers": %s}`, on)
		case "volumes":
			_, _ = fmt.Fprint(w, `{"Volumes": []}`)
		default:
			t.Errorf("asked for %s", r.URL.Path)
			w.WriteHeader(http.StatusNotFound)
		}
	})
}

func TestANetworkIsStuckWhenNothingIsOnItAndNothingElseIsLeft(t *testing.T) {
	const one = `[{"Id": "c1", "Names": ["/regionfall-ada-s3.us-east-1"], "State": "exited"}]`
	for name, c := range map[string]struct {
		containers, on string
		want           int
	}{
		"stuck":               {`[]`, `{}`, 1},
		"something is on it":  {`[]`, `{"c1": {"Name": "somebody else's"}}`, 0},
		"a container is left": {one, `{}`, 0},
	} {
		if got, err := recorded(t, c.containers, c.on).StuckNetworks(t.Context(), "ada"); err != nil || got != c.want {
			t.Errorf("%s: %d, %v, want %d", name, got, err, c.want)
		}
	}
}
