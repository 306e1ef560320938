package calls

import (
	"fmt"
	"strings"

	"github.com/regionfall/regionfall/lab/image"
)

// Page is what the table says of some stores, for docs/stores.md: where they differ, and what all of them keep.
func Page(stores []image.Server) string {
	var b strings.Builder
	b.WriteString("## Where they differ\n\n| call |")
	for _, s := range stores {
		b.WriteString(" " + s.Program + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(stores)) + "\n")
	written := map[string]bool{}
	for _, row := range Table() {
		if !row.differs(stores) || written[row.Call] {
			continue
		}
		written[row.Call] = true
		fmt.Fprintf(&b, "| %s |", row.Call)
		for _, s := range stores {
			fmt.Fprintf(&b, " %s |", promised(row.Call, s.Can))
		}
		b.WriteString("\n")
	}
	b.WriteString("\n## What all keep\n\n| call | promise |\n|---|---|\n")
	for _, row := range Table() {
		if !row.differs(stores) {
			fmt.Fprintf(&b, "| %s | %s |\n", row.Call, row.Promise)
		}
	}
	return b.String()
}

// differs says whether the row is about some of the stores only.
func (r Row) differs(stores []image.Server) bool {
	for _, s := range stores {
		if !r.AppliesTo(s.Can) {
			return true
		}
	}
	return false
}

// promised is what the rows of a call that is not the same everywhere say of one store.
func promised(call string, can image.Abilities) string {
	for _, row := range Table() {
		if row.Call == call && (row.Needs != "" || row.Lacks != "") && row.AppliesTo(can) {
			return row.Promise
		}
	}
	return "–"
}
