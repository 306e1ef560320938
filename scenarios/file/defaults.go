package file

import (
	"fmt"
	"reflect"
	"strings"
)

// setDefaults gives the fields of a struct, and of the structs in it, the values that they have where a file says
// nothing.
func setDefaults(v reflect.Value) {
	for _, f := range fieldsOf(v.Type()) {
		dst := v.FieldByIndex(f.index)
		switch {
		case f.fallback == "" && dst.Kind() == reflect.Struct && !isVariants(f.typ):
			setDefaults(dst)
		case f.fallback == "":
		case dst.Kind() == reflect.Slice:
			items := strings.Split(f.fallback, ", ")
			dst.Set(reflect.MakeSlice(f.typ, len(items), len(items)))
			for i, item := range items {
				setDefault(f, dst.Index(i), item)
			}
		default:
			setDefault(f, dst, f.fallback)
		}
	}
}

func setDefault(f field, dst reflect.Value, text string) {
	s, is := scalarOf(f, dst.Type())
	if !is {
		panic(fmt.Sprintf("key %s: a %s can't have a default", f.key, f.typ))
	}
	if err := s.set(dst, text); err != nil {
		panic(fmt.Sprintf("key %s: its default: %v", f.key, err))
	}
}
