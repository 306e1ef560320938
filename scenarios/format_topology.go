package scenarios

import (
	"slices"

	"github.com/goccy/go-yaml/ast"

	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/jsonschema"
)

// topology reads the mapping topology of a scenario, or the whole of a file that is a topology.
func (r *reader) topology(t *topology.Topology) decoder {
	keys := r.topologyKeys(t)
	return decoder{takes: keys.takes, read: func(n ast.Node, path string) {
		// First the preset, wherever it stands: the other keys change it.
		if m, ok := n.(ast.MapNode); ok {
			for it := m.MapRange(); it.Next(); {
				if text, ok := scalar(it.Value()); ok && it.Key().GetToken().Value == "preset" {
					if preset, ok := topology.Preset(text); ok {
						*t = preset
					}
				}
			}
		}
		keys.read(n, path)
		below := func(key string) string {
			if path == "" {
				return key
			}
			return path + "." + key
		}
		// Who names other regions than the preset's does not have to unsay what it says of pairs that are gone.
		if r.at[below("regions")] != nil && r.at[below("latencies")] == nil {
			t.Latencies = slices.DeleteFunc(t.Latencies, func(p topology.PairLatency) bool {
				_, one := t.Region(p.Between[0])
				_, other := t.Region(p.Between[1])
				return !one || !other
			})
		}
	}}
}

func (r *reader) topologyKeys(t *topology.Topology) decoder {
	var preset string
	return r.mapping(fields{
		"preset":   choice(r, "preset", &preset, topology.PresetNames()),
		"strategy": choice(r, "strategy", &t.Strategy, topology.Strategies()),
		"regions":  list(r, &t.Regions, r.region),
		"commit":   choice(r, "commit mode", &t.Postgres.Commit, topology.CommitModes()),
		"replication": r.mapping(fields{
			"objects": choice(r, "replication mode", &t.Objects.Mode, topology.ReplicationModes()),
			"items":   choice(r, "replication mode", &t.Items.Mode, topology.ReplicationModes()),
		}),
		"aws":       choice(r, "server of S3 and DynamoDB", &t.AWS, topology.AWSChoices()),
		"reads":     choice(r, "mode of reading", &t.Reads, topology.ReadsModes()),
		"latency":   r.duration(&t.Latency),
		"latencies": list(r, &t.Latencies, r.pairLatency),
		"services":  r.texts(&t.Services),
		"overrides": list(r, &t.Overrides, func(o *topology.Override) decoder {
			return r.mapping(fields{
				"in": r.text(&o.In, longestName), "service": r.text(&o.Service, longestName), "key": r.text(&o.Key, longestName),
				"to": r.text(&o.To, longestName),
			})
		}),
		"routing":    r.routing(&t.Routing),
		"automation": r.automation(&t.Automation),
		"app": r.mapping(fields{
			"workers": r.count(&t.App.Workers), "service_time": r.duration(&t.App.ServiceTime), "queue": r.count(&t.App.Queue),
		}),
	})
}

// region takes a name, or more than that.
func (r *reader) region(dst *topology.Region) decoder {
	dst.AppNodes = 1
	name, keys := r.text(&dst.Name, longestName), r.mapping(fields{
		"name": r.text(&dst.Name, longestName), "app_nodes": r.count(&dst.AppNodes), "at_start": r.count(&dst.AtStart), "weight": r.count(&dst.Weight),
		"follows": r.text(&dst.Follows, longestName),
	})
	return decoder{takes: jsonschema.Any(name.takes, keys.takes), read: func(n ast.Node, path string) {
		if _, ok := scalar(n); ok {
			name.read(n, path)
			return
		}
		keys.read(n, path)
	}}
}

func (r *reader) pairLatency(dst *topology.PairLatency) decoder {
	keys := r.mapping(fields{"between": r.pair(&dst.Between), "latency": r.duration(&dst.Latency)})
	keys.takes.Required = []string{"between", "latency"}
	return decoder{takes: keys.takes, read: func(n ast.Node, path string) {
		keys.read(n, path)
		for _, key := range keys.takes.Required {
			if r.at[path+"."+key] != nil {
				continue
			}
			if !r.meant[path+"."+key] {
				r.unread(path, "%s says nothing of %s: write {between: [us-east-1, eu-west-1], latency: 40ms}", r.title(path), key)
			}
			r.bad[path+"."+key] = true
		}
	}}
}

func (r *reader) pair(dst *[2]string) decoder {
	var names []string
	items := r.texts(&names)
	items.takes.MinItems, items.takes.MaxItems = len(dst), len(dst)
	return decoder{takes: items.takes, read: func(n ast.Node, path string) {
		items.read(n, path)
		if len(names) != len(dst) {
			r.unread(path, "%s takes two regions, such as [us-east-1, eu-west-1]; %d given", r.title(path), len(names))
			return
		}
		*dst = [2]string(names)
	}}
}

func (r *reader) routing(dst *topology.Routing) decoder {
	return r.mapping(fields{
		"policy": choice(r, "routing policy", &dst.Policy, topology.RoutingPolicies()),
		"ttl":    r.duration(&dst.TTL), "check": r.check(&dst.Check),
	})
}

func (r *reader) check(c *topology.HealthCheck) decoder {
	return r.mapping(fields{"interval": r.duration(&c.Interval), "threshold": r.count(&c.Threshold)})
}

// automation takes settings, or just off.
func (r *reader) automation(a *topology.Automation) decoder {
	on, settings := true, r.mapping(fields{
		"check":        r.check(&a.Check),
		"decide":       r.duration(&a.Decide),
		"step_timeout": r.duration(&a.StepTimeout),
		"preflight":    r.onOff(&a.Preflight),
		"shift":        r.shift(&a.Shift),
	})
	word := r.onOff(&on)
	return decoder{takes: jsonschema.Any(word.takes, settings.takes), read: func(n ast.Node, path string) {
		if _, ok := scalar(n); ok {
			word.read(n, path)
			a.Off = !on
			return
		}
		settings.read(n, path)
	}}
}

func (r *reader) shift(s *topology.Shift) decoder {
	keys := r.mapping(fields{
		"share": r.share(&s.Share), "hold": r.duration(&s.Hold), "success": r.share(&s.Success), "p99": r.duration(&s.P99),
	})
	return decoder{takes: keys.takes, read: func(n ast.Node, path string) {
		keys.read(n, path)
		if m, ok := n.(ast.MapNode); ok && !m.MapRange().Next() {
			r.unread(path, "%s says nothing: write {share: 25%%, hold: 3m, success: 99%%, p99: 500ms}", r.title(path))
		}
	}}
}

// onOff reads a setting that is on or off.
func (r *reader) onOff(dst *bool) decoder {
	var state string
	word := choice(r, "setting", &state, []string{"on", "off"})
	return decoder{takes: word.takes, read: func(n ast.Node, path string) {
		word.read(n, path)
		*dst = state == "on"
	}}
}
