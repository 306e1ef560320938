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
	"github.com/regionfall/regionfall/scenarios/jsonschema"
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
		"steps":        list(r, &p.Steps, r.step),
		"objectives":   r.objectives(&p.Judge),
		"observe":      r.duration(&p.Observe),
		"tail":         r.duration(&p.Tail),
		"expect":       r.expect(&p.Expect),
	})
}

func (r *reader) workload(w *workload.Spec) decoder {
	return r.mapping(fields{
		"writes": r.rate(&w.Writes), "reads": r.rate(&w.Reads), "clients": r.count(&w.Clients), "timeout": r.duration(&w.Timeout),
		"clients_in": r.texts(&w.In),
		"stale_dns":  r.mapping(fields{"share": r.share(&w.Stale.Share), "for": r.duration(&w.Stale.For)}),
		"retry":      r.mapping(fields{"times": r.count(&w.Retry.Times), "after": r.duration(&w.Retry.After)}),
	})
}

func (r *reader) step(s *drill.Step) decoder {
	return r.mapping(fields{
		"at":         r.duration(&s.At),
		"when":       choice(r, "condition", &s.When, conditions()),
		"inject":     r.fault(&s.Inject),
		"heal":       choice(r, "fault", &s.Heal, faultKinds()),
		"job":        choice(r, "job", &s.Job, jobs()),
		"switchover": r.text(&s.Switchover, longestName),
	})
}

// fault reads {lose_region: {region: us-east-1}}: a kind of the catalogue and its parameters, which are the fields of its struct.
func (r *reader) fault(dst *fault.Spec) decoder {
	kinds := fields{}
	for _, e := range fault.Catalogue() {
		spec, _ := fault.New(e.Kind)
		decode := r.parameters(reflect.ValueOf(spec).Elem())
		kinds[e.Kind] = decoder{takes: decode.takes.With(e.Mimics + ". Example: " + e.Example), read: func(n ast.Node, path string) {
			decode.read(n, path)
			*dst = spec
		}}
	}
	takes := jsonschema.Object(kinds.takes())
	takes.MinProps, takes.MaxProps = 1, 1
	return decoder{takes: takes, read: func(n ast.Node, path string) { r.oneFault(n, path, kinds) }}
}

func (r *reader) oneFault(n ast.Node, path string, kinds fields) {
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
			known[tag] = r.text(dst, longestName)
		case *int:
			known[tag] = r.count(dst)
		case *float64:
			known[tag] = r.number(dst)
		case *[]string:
			known[tag] = r.texts(dst)
		default:
			// A fault of the catalogue that no file could ask for: a test walks the catalogue and finds it first.
			panic(fmt.Sprintf("parameter %s of fault %s has a type that files can't give: %T", tag, v.Type(), dst))
		}
	}
}

func (r *reader) objectives(j *measure.Spec) decoder {
	point, again := &measure.RecoveryPointObjective{}, &measure.RecoveryTimeObjective{
		Success: defaultSuccess, Quantile: defaultQuantile, Latency: defaultLatency, Capacity: defaultCapacity,
	}
	stale, gap := new(time.Duration), new(time.Duration)
	return r.mapping(fields{
		"recovery_point": given(&j.RecoveryPoint, point, r.within(&point.Within, nil)),
		"recovery_time": given(&j.RecoveryTime, again, r.within(&again.Within, fields{
			"window": r.duration(&again.Window), "success": r.share(&again.Success), "latency": r.latency(again), "capacity": r.share(&again.Capacity),
		})),
		"consistency":      choice(r, "consistency", &j.Consistency, []string{measure.Linearizable}),
		"standby_capacity": r.share(&j.StandbyCapacity),
		"sessions": list(r, &j.Sessions, func(id *string) decoder {
			return choice(r, "guarantee", id, measure.Guarantees())
		}),
		"stale_config":     given(&j.StaleConfig, stale, r.within(stale, nil)),
		"write_gap":        given(&j.WriteGap, gap, r.within(gap, nil)),
		"local_reads":      r.mapping(fields{"p99": r.duration(&j.LocalReads)}),
		"stores":           r.stores(&j.Stores),
		"ordered":          r.stores(&j.Ordered),
		"min_acknowledged": r.count(&j.MinAcked),
	})
}

// given sets an objective, which is nil where the file has none, when there is one to be read.
func given[T any](dst **T, objective *T, decode decoder) decoder {
	return decoder{takes: decode.takes, read: func(n ast.Node, path string) {
		*dst = objective
		decode.read(n, path)
	}}
}

// within takes a time by itself, or a mapping with the time at the key within and more beside it.
func (r *reader) within(dst *time.Duration, more fields) decoder {
	known := fields{"within": r.duration(dst)}
	maps.Copy(known, more)
	takes := jsonschema.Any(known["within"].takes, jsonschema.Object(known.takes(), "within"))
	return decoder{takes: takes, read: func(n ast.Node, path string) {
		if _, ok := scalar(n); ok {
			r.duration(dst).read(n, path)
			return
		}
		if _, ok := n.(ast.MapNode); !ok {
			r.unread(path, "%s takes a time, such as 15m", r.title(path))
			return
		}
		r.mapping(known).read(n, path)
		if !r.given(path + ".within") {
			r.unread(path, "%s has no limit: add within, such as within: 2h", r.title(path))
		}
	}}
}

func (r *reader) latency(o *measure.RecoveryTimeObjective) decoder {
	known, count := fields{}, 0
	for key, quantile := range map[string]float64{"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99.9": 0.999} {
		limit := r.duration(&o.Latency)
		known[key] = decoder{takes: limit.takes, read: func(n ast.Node, path string) {
			o.Quantile = quantile
			limit.read(n, path)
			if count++; count > 1 {
				r.complain(path, "one quantile only: a window is judged by one latency limit")
			}
		}}
	}
	decode := r.mapping(known)
	decode.takes.MaxProps = 1
	return decode
}

func (r *reader) stores(dst *[]string) decoder {
	var names []string
	items := list(r, &names, func(name *string) decoder { return choice(r, "store", name, stores()) })
	return decoder{takes: items.takes, read: func(n ast.Node, path string) {
		items.read(n, path)
		for i, name := range names {
			if name != "" && slices.Contains(names[:i], name) {
				r.complain(fmt.Sprintf("%s[%d]", path, i), "store %q is there twice", name)
			}
		}
		*dst = names
	}}
}

// expect takes pass, or {fail: [findings], given: [preconditions]}.
func (r *reader) expect(e *drill.Expect) decoder {
	verdict, failure := "", r.mapping(fields{
		"fail":  list(r, &e.Findings, func(id *string) decoder { return choice(r, "finding", id, measure.Findings()) }),
		"given": list(r, &e.Given, func(name *string) decoder { return choice(r, "precondition", name, preconditions()) }),
	})
	pass := choice(r, "verdict", &verdict, []string{"pass"})
	return decoder{takes: jsonschema.Any(pass.takes, failure.takes), read: func(n ast.Node, path string) {
		if text, ok := scalar(n); ok {
			if text == "fail" {
				r.unread(path, "expect: fail does not say what must be found: write {fail: [recovery_point]}")
				return
			}
			pass.read(n, path)
			return
		}
		failure.read(n, path)
		e.Fail = true
	}}
}
