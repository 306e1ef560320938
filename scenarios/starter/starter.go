// Package starter writes scenario files to begin with: the shape of a real incident, with a comment at each part that
// says what it is for and what to change.
package starter

import (
	"fmt"
	"strings"

	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/file"
)

// Options are what a scenario is written from.
type Options struct {
	Name    string // of the scenario; empty: that of the incident
	From    string // one of Incidents, by its name
	App     string // as the scenario names it, such as ./shop.yaml; empty: the sample app
	Regions int    // 2 or 3
	Schema  string // where an editor finds the schema, from the file's folder on
}

// Incident is one of those that a scenario can be written from.
type Incident struct {
	Name  string
	About string // in one line
}

// Incidents are all there are, the plainest first.
func Incidents() []Incident {
	all := make([]Incident, len(shapes))
	for i, s := range shapes {
		all[i] = s.Incident
	}
	return all
}

// Scenario is the text of a scenario of an app.
func Scenario(o Options, a *app.App) (string, error) {
	s, err := shapeOf(o.From)
	if err != nil {
		return "", err
	}
	l, err := layoutOf(o.Regions)
	if err != nil {
		return "", err
	}
	if s.strategy == "backup-restore" && o.Regions != 2 {
		return "", fmt.Errorf("%s has 2 regions (got %d): a backup job knows one target", s.Name, o.Regions)
	}
	d := draft{Options: o, shape: s, layout: l, app: a}
	if d.Name == "" {
		d.Name = s.Name
	}
	return d.text(), nil
}

func shapeOf(incident string) (shape, error) {
	var names []string
	for _, s := range shapes {
		if s.Name == incident {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return shape{}, fmt.Errorf("no incident is called %s: %s", file.Quote(incident), file.Suggest(incident, names))
}

// layout is where the regions are.
type layout struct {
	preset, latency string
	regions         []string // home, the standby, and who looks on
	writes, p95     string   // what such a lab can do: an answer over an ocean takes longer
}

func layoutOf(regions int) (layout, error) {
	switch regions {
	case 2:
		return layout{
			"two-regions", "latency: 10ms # each way, and not scaled: it is as long in the lab",
			[]string{"us-east-1", "us-west-2"},
			"15/s", "500ms",
		}, nil
	case 3:
		return layout{
			"three-regions", "# The latencies between them are the preset's: 40 to 75 ms each way, not scaled.",
			[]string{"us-east-1", "eu-west-1", "ap-southeast-1"},
			"10/s", "800ms",
		}, nil
	default:
		return layout{}, fmt.Errorf("%d regions: there can be 2 or 3", regions)
	}
}

// named puts the names of regions in place of HOME and STANDBY.
func (l layout) named(text string) string {
	return strings.NewReplacer("HOME", l.regions[0], "STANDBY", l.regions[1]).Replace(text)
}
