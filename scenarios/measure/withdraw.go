package measure

import "reflect"

// Withdrawn is the report without any verdict, that of each metric and of its parts among them: what was measured
// stays, and nothing is concluded of it. The report itself stays as it is.
func (r Report) Withdrawn() Report {
	return withdrawn(reflect.ValueOf(r)).Interface().(Report)
}

// withdrawn is a copy in which every verdict is inconclusive. It walks the value, so that no metric can be forgotten.
func withdrawn(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		out.Set(reflect.New(v.Type().Elem()))
		out.Elem().Set(withdrawn(v.Elem()))
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			out.Index(i).Set(withdrawn(v.Index(i)))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			out.Field(i).Set(withdrawn(v.Field(i)))
		}
	default:
		if v.Type() != reflect.TypeFor[Verdict]() {
			return v
		}
		out.Set(reflect.ValueOf(Inconclusive))
	}
	return out
}
