package fault

import (
	"fmt"
	"strings"

	"github.com/regionfall/regionfall/lab/topology"
)

// ParameterError is one complaint about a parameter of a fault, for whoever read it from a file to point at the line.
type ParameterError struct {
	Parameter string   // its key, such as region; of an item of a list with its position, such as between[1]
	Problem   string   // a sentence that names the parameter
	Known     []string // the names that it may have, where it has one that nobody knows
}

// Error is the sentence.
func (e *ParameterError) Error() string { return e.Problem }

// invalid is a complaint about a parameter, whose name begins the sentence.
func invalid(parameter, format string, args ...any) error {
	return &ParameterError{Parameter: parameter, Problem: named(parameter, format, args...)}
}

// unknown is a complaint about a parameter that is none of the known names.
func unknown(parameter string, known []string, format string, args ...any) error {
	return &ParameterError{Parameter: parameter, Problem: named(parameter, format, args...), Known: known}
}

func named(parameter, format string, args ...any) string {
	key, _, _ := strings.Cut(parameter, "[")
	return key + " " + fmt.Sprintf(format, args...)
}

// regionIn is a complaint about a region that the topology does not have.
func regionIn(t topology.Topology, parameter, name string) error {
	if name == "" {
		return invalid(parameter, "is missing")
	}
	if _, ok := t.Region(name); !ok {
		names := make([]string, len(t.Regions))
		for i, r := range t.Regions {
			names[i] = r.Name
		}
		return unknown(parameter, names, "%q is not a region of the topology; it has %v", name, names)
	}
	return nil
}
