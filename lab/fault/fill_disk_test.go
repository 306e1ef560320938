package fault

import (
	"errors"
	"strings"
	"testing"

	"github.com/regionfall/regionfall/lab/topology"
)

// A replica whose disk is full ends as soon as what it replays needs another page, before or after the first look at
// it.
func TestAReplicaThatAFullDiskHasEndedIsFull(t *testing.T) {
	two, _ := topology.Preset("two-regions")
	n := newNode(topology.ServicePostgres, west)
	n.sql = func(sql string) (string, error) {
		if strings.HasPrefix(sql, "select pg_is_in_recovery") {
			return "true", nil
		}
		return "", nil
	}
	var full bool
	n.tend = func(script string) error {
		switch script {
		case FillScript:
			full, n.state = true, topology.NodeDown
		case ProbeScript:
			if full {
				return errors.New("help postgres.us-west-2: exit code 1: dd: error writing: No space left on device")
			}
		default:
			full = false
		}
		return nil
	}
	f := making{t, two}.ready(&FillDisk{Nodes{Node: n.place.Name}}, fakeLab{nodes: []Node{n}})
	look := func(situation string, want bool, says string) {
		t.Helper()
		in, saw, err := f.InForce(t.Context())
		if err != nil {
			saw = err.Error()
		}
		if in != want || !strings.Contains(saw, says) {
			t.Errorf("%s: in force: %t, %s", situation, in, saw)
		}
	}
	look("before", false, "1 nodes write")
	if err := f.Inject(t.Context()); err != nil {
		t.Fatal(err)
	}
	look("it has ended", true, "is down, and its disk is full")
	full = false
	look("it is down, and its disk has room", false, errDown.Error())
	full = true
	if err := f.Heal(t.Context()); err != nil {
		t.Fatal(err)
	}
	look("healed", false, "1 nodes write")
}
