package scenarios

import (
	"fmt"
	"slices"
	"strings"
)

// Family is what the name of a scenario begins with, such as kyc of kyc-region-outage: the story that it belongs to.
func Family(name string) string {
	family, _, _ := strings.Cut(name, "-")
	return family
}

// InFamily are the scenarios of the library of one family. An unknown family is an error that gives those there are.
func InFamily(family string) ([]string, error) {
	var families, names []string
	for _, name := range Names() {
		if families = append(families, Family(name)); Family(name) == family {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		families = slices.Compact(families)
		return nil, fmt.Errorf("the library has no family %s: %s", quote(family), suggest(family, families))
	}
	return names, nil
}
