package file

import (
	"slices"
	"strconv"
	"strings"
)

// Suggest ends a complaint about an unknown name: the nearest known one, or all of them when none is near.
func Suggest(got string, known []string) string {
	if name, ok := Nearest(got, known); ok {
		return "did you mean " + strconv.Quote(name) + "?"
	}
	sorted := slices.Sorted(slices.Values(known))
	return "known are " + strings.Join(sorted, ", ")
}

// Nearest finds the known name that got was most likely meant to be. A name that needs more than two letters in five
// changed is another name, not a slip.
func Nearest(got string, known []string) (string, bool) {
	const longest = 64 // no name is longer; the distance takes the square of the length
	if len(got) == 0 || len(got) > longest {
		return "", false
	}
	best, name := -1, ""
	for _, k := range slices.Sorted(slices.Values(known)) {
		d := distance(fold(got), fold(k))
		if d > max(1, 2*max(len(got), len(k))/5) {
			continue
		}
		if best < 0 || d < best {
			best, name = d, k
		}
	}
	return name, best >= 0
}

// fold makes names equal that differ in case or in the kind of dash.
func fold(s string) []rune {
	return []rune(strings.ToLower(strings.NewReplacer("_", "-", " ", "-").Replace(s)))
}

// distance is how many letters must be added, dropped, changed or swapped with their neighbour to make b of a.
func distance(a, b []rune) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range b {
		rows[0][j+1] = j + 1
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}
