package file

import (
	"strings"
	"testing"
	"time"
)

// Files that are made to cost: each is refused, soon.
func TestNoFileCostsMuch(t *testing.T) {
	const size = MaxSize - 100
	fill := func(unit string) string { return strings.Repeat(unit, size/len(unit)) }
	lines := func(unit string, n int) string { return strings.Repeat(unit+"\n", n) }
	for name, src := range map[string]string{
		"brackets":               fill("["),
		"braces":                 fill("{a: "),
		"dashes":                 fill("- "),
		"colons":                 fill(":"),
		"quotes":                 fill(`"`),
		"quotes left open":       lines(`"`+strings.Repeat("a", 30), maxLines-1),
		"keys":                   lines("a: b", maxLines-1),
		"the same key":           lines("name: a", maxLines-1),
		"unknown keys":           lines(strings.Repeat("k", 60)+": 1", 1000),
		"steps":                  "steps:\n" + lines("- {at: 1s}", maxLines-2),
		"long words":             lines(strings.Repeat("w", 60), 1000),
		"comments":               lines("#", maxLines-1),
		"carriage returns":       fill("\r"),
		"indentation that grows": staircase(maxIndent),
		"story without end":      "story: |\n" + lines("  word", maxLines-2),
		"aliases":                lines("a: &a [*a, *a, *a, *a, *a, *a, *a, *a]", 500),
		"documents":              lines("---", maxLines-1),
		"anything":               strings.Repeat("a", 10<<20),
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			_, err := read(src)
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("it took %s", took)
			}
			if err == nil || len(Problems(err)) == 0 || len(err.Error()) > 16<<10 {
				t.Errorf("said: %.300v", err)
			}
		})
	}
}

func staircase(depth int) string {
	var b strings.Builder
	for i := range depth {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}
