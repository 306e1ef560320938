package steps

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

// The gate stays closed while anything of any node leads to the home region, and says what.
func TestPreflightHoldsTheRedirect(t *testing.T) {
	good := topology.ConfigReport{
		Revision: 2, Endpoints: map[string]topology.Endpoint{"postgres": {
			Region:  "west",
			Address: "postgres.west:5432",
		}},
		Connections: []topology.Connection{{Store: "postgres", Region: "east", Address: "hub:1"}}, // none of it is open
	}
	value := good
	value.Endpoints = map[string]topology.Endpoint{"postgres": {Region: "east", Address: "hub:20011"}}
	value.Sources = map[string]string{"postgres": "lookup"}
	connection := good
	connection.Connections = []topology.Connection{{Store: "redis", Region: "east", Address: "hub:20012", Open: 2}}
	for name, c := range map[string]struct {
		second topology.ConfigReport
		status int
		want   string // empty: it passes
	}{
		"all good":     {good, 200, ""},
		"a value":      {value, 200, "has postgres at hub:20011 in east (lookup, revision 2)"},
		"a connection": {connection, 200, "has 2 connections to redis at hub:20012 in east open"},
		"no answer":    {good, 503, "503 Service Unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			serve := func(r topology.ConfigReport, status int) string {
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.WriteHeader(status)
					_ = json.NewEncoder(w).Encode(r)
				}))
				t.Cleanup(server.Close)
				return server.URL + "/config"
			}
			p := preflight{
				home: "east", nodes: []string{serve(good, 200), serve(c.second, c.status)},
				silent: map[string]bool{},
			}
			patience := func(passes bool) time.Duration {
				if passes {
					return time.Minute
				}
				return 300 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience(c.want == ""))
			defer cancel()
			detail, err := p.Run(ctx)
			switch {
			case c.want == "" && (err != nil || detail != "none of 2 nodes refers to east"):
				t.Errorf("it does not pass: %q, %v", detail, err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("the error is %v, want %q", err, c.want)
			}
			// The second attempt passes over who does not answer, and nobody else.
			passes := c.want == "" || c.status != 200
			again, cancel := context.WithTimeout(t.Context(), patience(passes))
			defer cancel()
			detail, err = p.Run(again)
			if (err == nil) != passes {
				t.Errorf("the second attempt ends with %q, %v", detail, err)
			}
			if c.status != 200 && detail != "none of 1 nodes refers to east, 1 did not answer" {
				t.Errorf("it says %q", detail)
			}
		})
	}
}

func TestPreflightPassesWhenTheLastNodeIsFit(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		region := "east"
		if asked.Add(1) > 3 {
			region = "west"
		}
		_ = json.NewEncoder(w).Encode(topology.ConfigReport{
			Revision:  1,
			Endpoints: map[string]topology.Endpoint{"s3": {Region: region, Address: "x:1"}},
		})
	}))
	defer server.Close()
	if _, err := (preflight{home: "east", nodes: []string{server.URL + "/config"}}).Run(t.Context()); err != nil ||
		asked.Load() != 4 {
		t.Errorf("asked %d times: %v", asked.Load(), err)
	}
}
