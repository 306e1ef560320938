package node

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/client"

	"github.com/regionfall/regionfall/lab/engine"
	"github.com/regionfall/regionfall/lab/engine/enginetest"
)

func TestAnEngineThatHangsIsToldFromOneThatFails(t *testing.T) {
	for name, c := range map[string]struct {
		serve func(w http.ResponseWriter, r *http.Request)
		hangs bool
		says  string // empty: it is of use
	}{
		"hangs": {
			func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, true,
			"within 200ms; start it again",
		},
		"fails": {func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, `{"message":"no room"}`, http.StatusInternalServerError)
		}, false, "no room"},
		"answers": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`[]`)) }, false, ""},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			c.serve(w, r)
		}))
		defer s.Close()
		cli, err := client.New(client.WithHost("tcp://"+s.Listener.Addr().String()), client.WithAPIVersion("1.41"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = cli.Close() }()
		within := time.Minute
		if c.hangs {
			within = 200 * time.Millisecond
		}
		err = answers(t.Context(), cli, within)
		if errors.Is(err, engine.ErrHangs) != c.hangs || (err == nil) != (c.says == "") || err != nil &&
			!strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		ended, end := context.WithCancel(t.Context())
		end()
		if err := answers(ended, cli, within); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, interrupted: %v", name, err)
		}
	}
}

func TestVolumesAreMadeWithTheirLabelsAndSizes(t *testing.T) {
	made := map[string]client.VolumeCreateOptions{}
	e := engineAt(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/volumes/create") {
			t.Errorf("the engine was asked for %s %s", r.Method, r.URL.Path)
		}
		var o client.VolumeCreateOptions
		if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
			t.Error(err)
		}
		made[o.Name] = o
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{}`))
	})
	labels := map[string]string{
		LabelLab: "ada", LabelNode: "postgres.us-east-1", LabelHost: "me", LabelKept: "false",
		LabelContainer: "c0",
	}
	s := Spec{
		Volumes: map[string]string{"/data": "ada-data"},
		Disks:   []Disk{{Volume: "ada-disk", Path: "/disk", Size: 512, Keep: true}}, Labels: labels,
	}
	if err := e.createVolumes(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	ofTheLab := maps.Clone(labels)
	delete(ofTheLab, LabelNode)
	want := map[string]client.VolumeCreateOptions{
		"ada-data": {Name: "ada-data", Driver: "local", Labels: labels}, // without labels a sweep would not find it
		"ada-disk": {Name: "ada-disk", Driver: "local", Labels: ofTheLab, DriverOpts: map[string]string{
			"type": "tmpfs", "device": "tmpfs", "o": "size=512,mode=0700",
		}},
	}
	if diff := cmp.Diff(want, made); diff != "" {
		t.Errorf("made:\n%s", diff)
	}
	for _, m := range mounts(s) {
		if m.Target == "/disk" && (m.Source != "ada-disk" || !m.ReadOnly || !m.VolumeOptions.NoCopy) ||
			m.Target == "/data" && (m.Source != "ada-data" || m.ReadOnly) {
			t.Errorf("mounts %+v", m)
		}
	}
}

func TestAnEngineWithoutAddressesSaysSo(t *testing.T) {
	for _, says := range []string{
		"could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network",
		"all predefined address pools have been fully subnetted",
		"could not find free subnet from subnet pools",
	} {
		e := engineAt(t, func(w http.ResponseWriter, _ *http.Request) {
			enginetest.Refuse(w, http.StatusInternalServerError, says)
		})
		err := e.CreateNetwork(t.Context(), Network{Name: "n", Internal: true})
		if !errors.Is(err, engine.ErrNetworks) || !strings.Contains(err.Error(), "docker network prune") {
			t.Errorf("%s: got %v", says, err)
		}
	}
	e := engineAt(t, func(w http.ResponseWriter, _ *http.Request) {
		enginetest.Refuse(w, http.StatusInternalServerError, "no room")
	})
	err := e.CreateNetwork(t.Context(), Network{Name: "n", Internal: true})
	if err == nil || errors.Is(err, engine.ErrNetworks) {
		t.Errorf("got %v", err)
	}
}

func TestAFoundContainerIsTheNodeItWas(t *testing.T) {
	e := &Engine{}
	n := e.Node(Resource{
		Kind: "container", ID: "c0ffee", Name: "regionfall-ada-s3.us-east-1", Labels: map[string]string{
			LabelNode: "s3.us-east-1", LabelRegion: "us-east-1", LabelService: "s3", LabelVolatile: "true",
		},
	})
	if n.Name() != "s3.us-east-1" || n.ID != "regionfall-ada-s3.us-east-1" || n.Region != "us-east-1" ||
		n.Service != "s3" || !n.Volatile() ||
		n.container != "c0ffee" || n.engine != e {
		t.Errorf("got %+v", n)
	}
}
