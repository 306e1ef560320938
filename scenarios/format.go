package scenarios

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/scenarios/drill"
	"github.com/regionfall/regionfall/scenarios/measure"
	"github.com/regionfall/regionfall/scenarios/workload"
)

// required are the keys without which a file is no scenario.
var required = []string{"name", "summary", "timescale", "steps", "objectives"}

// scenario reads the whole file into a plan in real-world time.
func (r *reader) scenario(p *drill.Plan) decoder {
	return r.mapping(fields{
		"name":         r.text(&p.Name, 64),
		"summary":      r.text(&p.Summary, 160),
		"story":        r.prose(&p.Story, 4000),
		"timescale":    r.number(&p.Timescale),
		"topology":     r.topology(&p.Topology),
		"workload":     r.workload(&p.Workload),
		"steady_state": r.mapping(fields{"hold": r.duration(&p.Steady.Hold), "within": r.duration(&p.Steady.Within)}),
		"steps":        r.sequence(r.step(&p.Steps)),
		"objectives":   r.objectives(&p.Judge),
		"observe":      r.duration(&p.Observe),
		"tail":         r.duration(&p.Tail),
		"expect":       r.expect(&p.Expect),
	})
}

func (r *reader) workload(w *workload.Spec) decoder {
	return r.mapping(fields{
		"writes": r.rate(&w.Writes), "reads": r.rate(&w.Reads), "clients": r.count(&w.Clients), "timeout": r.duration(&w.Timeout),
		"clients_in": r.sequence(func(n ast.Node, path string) {
			var region string
			r.text(&region, 64)(n, path)
			w.In = append(w.In, region)
		}),
		"stale_dns": r.mapping(fields{"share": r.share(&w.Stale.Share), "for": r.duration(&w.Stale.For)}),
		"retry":     r.mapping(fields{"times": r.count(&w.Retry.Times), "after": r.duration(&w.Retry.After)}),
	})
}

func (r *reader) step(dst *[]drill.Step) decoder {
	return func(n ast.Node, path string) {
		var s drill.Step
		r.mapping(fields{
			"at":         r.duration(&s.At),
			"when":       choice(r, "condition", &s.When, conditions()),
			"inject":     r.fault(&s.Inject),
			"heal":       choice(r, "fault", &s.Heal, faultKinds()),
			"job":        choice(r, "job", &s.Job, jobs()),
			"switchover": r.text(&s.Switchover, 64),
		})(n, path)
		*dst = append(*dst, s)
	}
}

// fault reads {lose_region: {region: us-east-1}}: a kind of the catalogue and its parameters, which are the fields of its struct.
func (r *reader) fault(dst *fault.Spec) decoder {
	kinds := fields{}
	for _, kind := range faultKinds() {
		kinds[kind] = func(n ast.Node, path string) {
			spec, _ := fault.New(kind)
			r.parameters(reflect.ValueOf(spec).Elem())(n, path)
			*dst = spec
		}
	}
	return func(n ast.Node, path string) {
		m, ok := n.(ast.MapNode)
		if !ok {
			r.unread(path, "%s takes a fault and its parameters, such as %s", r.title(path), fault.Catalogue()[0].Example)
			return
		}
		count := 0
		for it := m.MapRange(); it.Next(); {
			key := it.Key().GetToken()
			decode, ok := kinds[key.Value]
			if count++; count > 1 {
				r.complainAt(key, "one fault per step: %s needs a step of its own", quote(key.Value))
				return
			}
			if !ok {
				r.complainAt(key, "unknown fault %s: %s", quote(key.Value), suggest(key.Value, kinds.keys()))
				continue
			}
			r.value(it.Value(), key, path+"."+key.Value, decode)
		}
		if count == 0 {
			r.unread(path, "%s names no fault: known are %s", r.title(path), strings.Join(kinds.keys(), ", "))
		}
	}
}

// parameters reads the fields of a fault's struct by their yaml tags, those of an embedded struct among them.
func (r *reader) parameters(v reflect.Value) decoder {
	known := fields{}
	r.collect(v, known)
	return r.mapping(known)
}

func (r *reader) collect(v reflect.Value, known fields) {
	for i := range v.NumField() {
		if v.Type().Field(i).Anonymous {
			r.collect(v.Field(i), known)
			continue
		}
		tag := v.Type().Field(i).Tag.Get("yaml")
		switch dst := v.Field(i).Addr().Interface().(type) {
		case *time.Duration:
			known[tag] = r.duration(dst)
		case *string:
			known[tag] = r.text(dst, 64)
		case *int:
			known[tag] = r.count(dst)
		case *float64:
			known[tag] = r.number(dst)
		case *[]string:
			known[tag] = r.sequence(func(n ast.Node, path string) {
				var item string
				r.text(&item, 64)(n, path)
				*dst = append(*dst, item)
			})
		default:
			// A fault of the catalogue that no file could ask for: a test walks the catalogue and finds it first.
			panic(fmt.Sprintf("parameter %s of fault %s has a type that files can't give: %T", tag, v.Type(), dst))
		}
	}
}

func (r *reader) objectives(j *measure.Spec) decoder {
	return r.mapping(fields{
		"recovery_point": func(n ast.Node, path string) {
			j.RecoveryPoint = &measure.RecoveryPointObjective{}
			r.within(&j.RecoveryPoint.Within, nil)(n, path)
		},
		"recovery_time": func(n ast.Node, path string) {
			o := &measure.RecoveryTimeObjective{
				Success: defaultSuccess, Quantile: defaultQuantile, Latency: defaultLatency, Capacity: defaultCapacity,
			}
			j.RecoveryTime = o
			r.within(&o.Within, fields{
				"window": r.duration(&o.Window), "success": r.share(&o.Success), "latency": r.latency(o), "capacity": r.share(&o.Capacity),
			})(n, path)
		},
		"consistency":      choice(r, "consistency", &j.Consistency, []string{measure.Linearizable}),
		"standby_capacity": r.share(&j.StandbyCapacity),
		"sessions": r.sequence(func(n ast.Node, path string) {
			var id string
			choice(r, "guarantee", &id, measure.Guarantees())(n, path)
			j.Sessions = append(j.Sessions, id)
		}),
		"stale_config": func(n ast.Node, path string) {
			j.StaleConfig = new(time.Duration)
			r.within(j.StaleConfig, nil)(n, path)
		},
		"write_gap": func(n ast.Node, path string) {
			j.WriteGap = new(time.Duration)
			r.within(j.WriteGap, nil)(n, path)
		},
		"local_reads":      r.mapping(fields{"p99": r.duration(&j.LocalReads)}),
		"stores":           r.stores(&j.Stores),
		"ordered":          r.stores(&j.Ordered),
		"min_acknowledged": r.count(&j.MinAcked),
	})
}

// within takes a time by itself, or a mapping with the time at the key within and more beside it.
func (r *reader) within(dst *time.Duration, more fields) decoder {
	return func(n ast.Node, path string) {
		if _, ok := scalar(n); ok {
			r.duration(dst)(n, path)
			return
		}
		known := fields{"within": r.duration(dst)}
		maps.Copy(known, more)
		if _, ok := n.(ast.MapNode); !ok {
			r.unread(path, "%s takes a time, such as 15m", r.title(path))
			return
		}
		r.mapping(known)(n, path)
		if !r.given(path + ".within") {
			r.unread(path, "%s has no limit: add within, such as within: 2h", r.title(path))
		}
	}
}

func (r *reader) latency(o *measure.RecoveryTimeObjective) decoder {
	return func(n ast.Node, path string) {
		known, count := fields{}, 0
		for key, quantile := range map[string]float64{"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99.9": 0.999} {
			known[key] = func(n ast.Node, path string) {
				o.Quantile = quantile
				r.duration(&o.Latency)(n, path)
				if count++; count > 1 {
					r.complain(path, "one quantile only: a window is judged by one latency limit")
				}
			}
		}
		r.mapping(known)(n, path)
	}
}

func (r *reader) stores(dst *[]string) decoder {
	return func(n ast.Node, path string) {
		names := []string{}
		r.sequence(func(n ast.Node, path string) {
			var name string
			choice(r, "store", &name, stores())(n, path)
			if name != "" && slices.Contains(names, name) {
				r.complain(path, "store %q is there twice", name)
			}
			names = append(names, name)
		})(n, path)
		*dst = names
	}
}

// expect takes pass, or {fail: [findings], given: [preconditions]}.
func (r *reader) expect(e *drill.Expect) decoder {
	return func(n ast.Node, path string) {
		if text, ok := scalar(n); ok {
			if text == "fail" {
				r.unread(path, "expect: fail does not say what must be found: write {fail: [recovery_point]}")
				return
			}
			var verdict string
			choice(r, "verdict", &verdict, []string{"pass"})(n, path)
			return
		}
		r.mapping(fields{
			"fail": r.sequence(func(n ast.Node, path string) {
				var id string
				choice(r, "finding", &id, measure.Findings())(n, path)
				e.Findings = append(e.Findings, id)
			}),
			"given": r.sequence(func(n ast.Node, path string) {
				var name string
				choice(r, "precondition", &name, preconditions())(n, path)
				e.Given = append(e.Given, name)
			}),
		})(n, path)
		e.Fail = true
	}
}
