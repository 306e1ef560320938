package node

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/lab/engine/enginetest"
)

// What the engines answer, as docker 20.10 and Podman 5.4 were seen to.
func TestWhatANodeMayDoIsAskedInTheEnginesOwnWords(t *testing.T) {
	type hostConfig struct{ CapDrop, CapAdd []string }
	dropped := hostConfig{CapDrop: []string{"ALL"}}
	expanded := hostConfig{CapDrop: []string{"CHOWN", "KILL"}} // all that Podman would have given
	type want struct{ Users, Capabilities []string }
	for name, c := range map[string]struct {
		podman bool
		host   hostConfig
		asked  string // in which words
		top    [][]string
		want   want
	}{
		"docker": {
			false, dropped, "-eo uid,pid",
			[][]string{{"100", "7"}, {"100", "8"}},
			want{[]string{"100"}, nil},
		},
		"docker, root": {
			false, dropped, "-eo uid,pid",
			[][]string{{"100", "7"}, {"0", "8"}},
			want{[]string{"100", "0"}, nil},
		},
		"docker, one that is given": {
			false,
			hostConfig{dropped.CapDrop, []string{"KILL"}},
			"-eo uid,pid", nil,
			want{nil, []string{"KILL"}},
		},
		"docker, none dropped": {
			false, hostConfig{}, "-eo uid,pid", nil, want{nil, []string{"what the engine gives to every container"}},
		},
		"podman": {
			true, expanded, "user,capbnd",
			[][]string{{"postgres", "none"}, {"postgres", "none"}},
			want{[]string{"postgres"}, []string{}},
		},
		"podman, root": {true, expanded, "user,capbnd", [][]string{{"root", "none"}}, want{[]string{"0"}, []string{}}},
		"podman, all": {
			true, expanded, "user,capbnd",
			[][]string{{"root", "full"}, {"65532", "none"}},
			want{[]string{"0", "65532"}, []string{"full"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			there := enginetest.Start(t)
			there.Podman = c.podman
			there.Answer("GET /containers/n1/json", func(w http.ResponseWriter, _ *http.Request) {
				_ = json.NewEncoder(w).Encode(map[string]any{
					"Id": "n1", "HostConfig": c.host,
					"NetworkSettings": map[string]any{},
				})
			})
			there.Answer("GET /containers/n1/top", func(w http.ResponseWriter, r *http.Request) {
				if asked := r.URL.Query().Get("ps_args"); asked != c.asked {
					t.Errorf("asked for %q, want %q", asked, c.asked)
				}
				_ = json.NewEncoder(w).Encode(map[string]any{"Processes": c.top})
			})
			t.Setenv("DOCKER_HOST", there.Address)
			e, err := Connect(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = e.Close() })
			got, err := (&Node{engine: e, container: "n1"}).Confinement(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, want{got.Users, got.Capabilities}); diff != "" {
				t.Error(diff)
			}
		})
	}
}
