package scenarios

import (
	"slices"

	"github.com/goccy/go-yaml/ast"

	"github.com/regionfall/regionfall/lab/topology"
)

// topology reads the mapping topology of a scenario, or the whole of a file that is a topology.
func (r *reader) topology(t *topology.Topology) decoder {
	return func(n ast.Node, path string) {
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
		var preset string
		r.mapping(fields{
			"preset":   choice(r, "preset", &preset, topology.PresetNames()),
			"strategy": choice(r, "strategy", &t.Strategy, topology.Strategies()),
			"regions":  r.regions(&t.Regions),
			"commit":   choice(r, "commit mode", &t.Postgres.Commit, topology.CommitModes()),
			"replication": r.mapping(fields{
				"objects": choice(r, "replication mode", &t.Objects.Mode, topology.ReplicationModes()),
				"items":   choice(r, "replication mode", &t.Items.Mode, topology.ReplicationModes()),
			}),
			"aws":       choice(r, "server of S3 and DynamoDB", &t.AWS, topology.AWSChoices()),
			"reads":     choice(r, "mode of reading", &t.Reads, topology.ReadsModes()),
			"latency":   r.duration(&t.Latency),
			"latencies": r.latencies(&t.Latencies),
			"services": r.sequence(func(n ast.Node, path string) {
				var service string
				r.text(&service, 64)(n, path)
				t.Services = append(t.Services, service)
			}),
			"overrides": r.sequence(func(n ast.Node, path string) {
				var o topology.Override
				r.mapping(fields{"in": r.text(&o.In, 64), "service": r.text(&o.Service, 64), "key": r.text(&o.Key, 64), "to": r.text(&o.To, 64)})(n, path)
				t.Overrides = append(t.Overrides, o)
			}),
			"routing":    r.routing(&t.Routing),
			"automation": r.automation(&t.Automation),
			"app": r.mapping(fields{
				"workers": r.count(&t.App.Workers), "service_time": r.duration(&t.App.ServiceTime), "queue": r.count(&t.App.Queue),
			}),
		})(n, path)
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
	}
}

func (r *reader) regions(dst *[]topology.Region) decoder {
	return func(n ast.Node, path string) {
		var regions []topology.Region
		r.sequence(func(n ast.Node, path string) {
			region := topology.Region{AppNodes: 1}
			if _, ok := scalar(n); ok {
				r.text(&region.Name, 64)(n, path)
			} else {
				r.mapping(fields{
					"name": r.text(&region.Name, 64), "app_nodes": r.count(&region.AppNodes), "at_start": r.count(&region.AtStart), "weight": r.count(&region.Weight), "follows": r.text(&region.Follows, 64),
				})(n, path)
			}
			regions = append(regions, region)
		})(n, path)
		*dst = regions
	}
}

func (r *reader) latencies(dst *[]topology.PairLatency) decoder {
	return func(n ast.Node, path string) {
		var latencies []topology.PairLatency
		r.sequence(func(n ast.Node, path string) {
			var p topology.PairLatency
			r.mapping(fields{"between": r.pair(&p.Between), "latency": r.duration(&p.Latency)})(n, path)
			for _, key := range []string{"between", "latency"} {
				if r.at[path+"."+key] != nil {
					continue
				}
				if !r.meant[path+"."+key] {
					r.unread(path, "%s says nothing of %s: write {between: [us-east-1, eu-west-1], latency: 40ms}", r.title(path), key)
				}
				r.bad[path+"."+key] = true
			}
			latencies = append(latencies, p)
		})(n, path)
		*dst = latencies
	}
}

func (r *reader) pair(dst *[2]string) decoder {
	return func(n ast.Node, path string) {
		var names []string
		r.sequence(func(n ast.Node, path string) {
			var name string
			r.text(&name, 64)(n, path)
			names = append(names, name)
		})(n, path)
		if len(names) != len(dst) {
			r.unread(path, "%s takes two regions, such as [us-east-1, eu-west-1]; %d given", r.title(path), len(names))
			return
		}
		*dst = [2]string(names)
	}
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
	return func(n ast.Node, path string) {
		if _, ok := scalar(n); ok {
			on := true
			r.onOff(&on)(n, path)
			a.Off = !on
			return
		}
		r.mapping(fields{
			"check":        r.check(&a.Check),
			"decide":       r.duration(&a.Decide),
			"step_timeout": r.duration(&a.StepTimeout),
			"preflight":    r.onOff(&a.Preflight),
			"shift":        r.shift(&a.Shift),
		})(n, path)
	}
}

func (r *reader) shift(s *topology.Shift) decoder {
	return func(n ast.Node, path string) {
		r.mapping(fields{
			"share": r.share(&s.Share), "hold": r.duration(&s.Hold), "success": r.share(&s.Success), "p99": r.duration(&s.P99),
		})(n, path)
		if m, ok := n.(ast.MapNode); ok && !m.MapRange().Next() {
			r.unread(path, "%s says nothing: write {share: 25%%, hold: 3m, success: 99%%, p99: 500ms}", r.title(path))
		}
	}
}

// onOff reads a setting that is on or off.
func (r *reader) onOff(dst *bool) decoder {
	return func(n ast.Node, path string) {
		var state string
		choice(r, "setting", &state, []string{"on", "off"})(n, path)
		*dst = state == "on"
	}
}
