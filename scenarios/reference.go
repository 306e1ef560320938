package scenarios

import (
	"fmt"
	"strings"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/scenarios/file"
)

// ReferenceFile is where every key of a scenario file is documented, in this repository.
const ReferenceFile = "docs/scenario-format.md"

const referenceHead = `# The scenario format

Written by ` + "`go test ./scenarios -update`" + ` from the structs that read a file, as is
[its JSON Schema](schema/scenario.schema.json).

A scenario is one YAML file, of a page or two. Anchors, aliases, merge keys, tags and further documents are refused,
and so is every key that is not listed here. [The library](../scenarios/library) has examples. A topology by itself, as
` + "`regionfall up ./ours.yaml`" + ` takes it, has the keys below ` + "`topology`" + ` at its top.

- A **time** is a number and a unit (d, h, m, s, ms), such as 15m, 1h30m or 500ms. One that is *scaled* is of the real
  world, and the timescale divides it: with ` + "`timescale: 360`" + `, 2h are 20 seconds of the lab. One that is
  *physical* is of the lab as it stands, because what it is about can't be hurried.
- A **rate** is per second of the lab, such as 40/s. A **percentage** is such as 99%.
- A default is what holds where the file says nothing.
- ` + "`a[].b`" + ` is the key b in each item of the list a.
- ` + "`a.*.b`" + ` is the key b below each name of your own in a.
`

// Reference documents every key of a scenario file, as Format has it.
func Reference() string {
	var b strings.Builder
	b.WriteString(referenceHead)
	keys := file.Keys(Format{})
	writeSection(&b, "The scenario", selectKeys(keys, func(k file.Key) bool { return !strings.Contains(k.Path, ".") }))
	for _, top := range keys {
		if strings.ContainsAny(top.Path, ".[") {
			continue
		}
		below := selectKeys(keys, func(k file.Key) bool {
			below := strings.HasPrefix(k.Path, top.Path+".") || strings.HasPrefix(k.Path, top.Path+"[")
			return below && !strings.HasPrefix(k.Path, injectPrefix)
		})
		if len(below) > 0 {
			writeSection(&b, "`"+top.Path+"`", below)
		}
	}
	writeFaults(&b, keys)
	return b.String()
}

// injectPrefix begins the keys of faults.
const injectPrefix = "steps[].inject."

func writeFaults(b *strings.Builder, keys []file.Key) {
	b.WriteString("\n## `steps[].inject`: the faults\n\n" +
		"One of these. What each must be seen to do is in [the catalogue](faults.md).\n")
	for _, e := range fault.Catalogue() {
		fmt.Fprintf(b, "\n### `%s`\n\n%s. Example: `%s`\n", e.Kind, strings.ToUpper(e.Mimics[:1])+e.Mimics[1:],
			e.Example)
		table := selectKeys(keys, func(k file.Key) bool { return strings.HasPrefix(k.Path, injectPrefix+e.Kind+".") })
		for i := range table {
			table[i].Path = strings.TrimPrefix(table[i].Path, injectPrefix)
		}
		writeRows(b, table)
	}
}

func writeSection(b *strings.Builder, title string, keys []file.Key) {
	fmt.Fprintf(b, "\n## %s\n", title)
	writeRows(b, keys)
}

func writeRows(b *strings.Builder, keys []file.Key) {
	b.WriteString("\n| key | what it is for | takes | default | time | example |\n|---|---|---|---|---|---|\n")
	for _, k := range keys {
		takes := k.Takes
		if k.Bounds != "" {
			takes += ": " + k.Bounds
		}
		for _, cell := range []string{code(k.Path), k.About, takes, defaultText(k), k.Time, code(k.Example)} {
			b.WriteString(strings.TrimRight("| "+cell, " ") + " ")
		}
		b.WriteString("|\n")
	}
}

// defaultText is what holds where the file does not have the key.
func defaultText(k file.Key) string {
	ofPreset := strings.HasPrefix(k.Path, "topology.") && !strings.Contains(k.Path, "[]") &&
		!strings.Contains(k.Takes, "a mapping")
	switch {
	case k.Required:
		return "required"
	case k.Default == "" && ofPreset:
		return "as in the preset"
	default:
		return k.Default
	}
}

func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}

func selectKeys(keys []file.Key, keep func(file.Key) bool) []file.Key {
	var some []file.Key
	for _, k := range keys {
		if keep(k) {
			some = append(some, k)
		}
	}
	return some
}
