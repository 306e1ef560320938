package command

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/runner"
	"github.com/regionfall/regionfall/scenarios/workload"
)

func TestWhatACheckSawIsShown(t *testing.T) {
	long := strings.Repeat("x", 2*widestLine)
	write := workload.Call{
		Op: history.Op{
			Kind: history.Write, ID: "v-a-000001", Region: "us-east-1", Outcome: history.OK, Sent: time.Second,
			Done: 1012 * time.Millisecond,
		},
		Wire: []workload.Exchange{{
			Sent:     []byte("POST /orders HTTP/1.1\r\nHost: shop\r\n\r\n{\"id\": \"v-a-000001\"}"),
			Received: []byte("HTTP/1.1 201 Created\r\n\r\n\x1b[2J" + long),
		}},
	}
	read := workload.Call{Op: history.Op{
		Kind: history.Read, ID: "v-a-000001", Region: "us-east-1", Outcome: history.Failed, Error: "status 500",
	}}
	found := []runner.Found{
		{Store: "postgres", Region: "us-east-1", After: 8 * time.Millisecond},
		{Store: "postgres", Region: "us-west-2", After: 5 * time.Second, Err: errors.New("not there")},
	}
	const wrote = `WRITE v-a-000001 in us-east-1: ok after 12ms
  > POST /orders HTTP/1.1
  > Host: shop
  > 
  > {"id": "v-a-000001"}
  < HTTP/1.1 201 Created
  < 
`
	shown := wrote + "  < \uFFFD[2J" + long[:widestLine-4] + "…\n" + `
FOUND
  postgres   us-east-1        after 8ms
  postgres   us-west-2        not within 5s: not there
`
	for name, c := range map[string]struct {
		seen runner.Checked
		err  error
		want string
	}{
		"nothing": {want: ""},
		"processes": {
			seen: runner.Checked{Running: []runner.Running{
				{Process: "web", Node: "app-1.us-east-1", State: api.AppState{Running: true}},
				{Process: "worker", Node: "worker.us-east-1", State: api.AppState{
					Last: "the app ended with exit code 3 after 0.1 s; its last lines: no \x1b[2J table",
				}},
				{Process: "worker", Node: "worker-2.us-west-2", Waits: true},
			}, Write: &write},
			err: errors.New("it fails"),
			want: "PROCESSES\n" +
				"  web        app-1.us-east-1          it runs\n" +
				"  worker     worker.us-east-1         the app ended with exit code 3 after 0.1 s; its last lines: " +
				"no \uFFFD[2J table\n" +
				"  worker     worker-2.us-west-2       it waits for a failover\n\n" +
				wrote + "  < \uFFFD[2J" + long[:widestLine-4] + "…\n",
		},
		"the app can't be read": {
			seen: runner.Checked{
				Write: &write, Found: found, Load: &runner.CheckedLoad{After: 2 * time.Second, Writes: 40},
			},
			want: shown + "\nREAD\n  the app has no operation read\n" +
				"\nLOAD\n  it had held after 2s: 40 writes and 0 reads are ok\n",
		},
		"it does not come to a read": {
			seen: runner.Checked{Write: &write, Found: found}, err: errors.New("not found"), want: shown,
		},
		"a read fails": {
			seen: runner.Checked{Write: &write, Found: found, Read: &read}, err: errors.New("it failed"),
			want: shown + "\nREAD v-a-000001 in us-east-1: failed: status 500\n",
		},
	} {
		var out bytes.Buffer
		(&app{stdout: &out}).showChecked(c.seen, c.err)
		if diff := cmp.Diff(c.want, out.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	var out bytes.Buffer
	(&app{stdout: &out}).showBytes("> ", []byte(strings.Repeat("line\n", 2*mostLines)))
	text := out.String()
	if strings.Count(text, "\n") != mostLines+1 || !strings.Contains(text, "… and 24 lines more") {
		t.Errorf("of %d lines it shows:\n%s", 2*mostLines, text)
	}
}
