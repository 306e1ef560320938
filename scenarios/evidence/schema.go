package evidence

import (
	"reflect"

	"github.com/regionfall/regionfall/scenarios/jsonschema"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// ResultSchema describes result.json: by its types, and by what docs, which jsonschema.Docs reads, have to say of them.
func ResultSchema(docs map[string]string) (*jsonschema.Schema, error) {
	integer := &jsonschema.Schema{Type: "integer"}
	s, err := jsonschema.Of(Result{}, jsonschema.Options{Docs: docs, Known: map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[measure.Low]():  integer,
		reflect.TypeFor[measure.High](): integer,
		reflect.TypeFor[measure.Near](): integer,
		reflect.TypeFor[measure.Span](): {Type: "array", Items: integer, MinItems: 2, MaxItems: 2},
		reflect.TypeFor[measure.Verdict](): jsonschema.Strings(measure.Pass.String(), measure.Fail.String(),
			measure.Inconclusive.String()),
		reflect.TypeFor[measure.Role](): jsonschema.Strings(measure.RoleCause, measure.RoleCondition),
		reflect.TypeFor[NodeState]():    jsonschema.Strings(NodeRuns, NodeEnded, NodeWaits, NodeSilent),
		reflect.TypeFor[Status]():       jsonschema.Strings(Completed, Interrupted, Errored),
	}})
	if err != nil {
		return nil, err
	}
	s.ID = "https://raw.githubusercontent.com/regionfall/regionfall/main/docs/schema/result.schema.json"
	s.Title = "The result of a drill"
	s.Properties["schema"] = &jsonschema.Schema{Const: Schema}
	return s, nil
}
