package compose

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// lines are where the keys of a YAML file are, by the keys that lead there.
type lines map[string]int

// between is in no key.
const between = "\x00"

// mostKeys bounds what aliases of aliases can make of a small file.
const mostKeys = 20_000

func linesOf(src []byte) (lines, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(src, &root); err != nil {
		return nil, err
	}
	l := lines{}
	for _, n := range root.Content {
		l.walk(n, nil)
	}
	return l, nil
}

// walk notes where a node's keys are. What comes by a merge stands where the anchor is, unless a key of its own does.
func (l lines) walk(n *yaml.Node, path []string) {
	if len(l) > mostKeys || len(path) > 100 {
		return
	}
	switch n.Kind {
	case yaml.MappingNode:
		var merged []*yaml.Node
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			if key.Value == "<<" {
				merged = append(merged, value)
				continue
			}
			at := slices.Concat(path, []string{key.Value})
			l.note(at, key.Line)
			l.walk(value, at)
		}
		for _, m := range merged {
			l.walk(m, path)
		}
	case yaml.SequenceNode:
		for i, item := range n.Content {
			at := slices.Concat(path, []string{itoa(i)})
			l.note(at, item.Line)
			if name, _, is := strings.Cut(item.Value, "="); is { // a list of NAME=VALUE is a mapping too
				l.note(slices.Concat(path, []string{name}), item.Line)
			}
			l.walk(item, at)
		}
	case yaml.AliasNode:
		l.walk(n.Alias, path)
	default:
	}
}

func (l lines) note(path []string, line int) {
	if key := strings.Join(path, between); l[key] == 0 {
		l[key] = line
	}
}

// of is the line of a key, or of the nearest one above it: of what other files say there is none.
func (l lines) of(path ...string) int {
	for ; len(path) > 0; path = path[:len(path)-1] {
		if line := l[strings.Join(path, between)]; line > 0 {
			return line
		}
	}
	return 1
}

// has says whether the file has a key, and its line.
func (l lines) has(path ...string) (int, bool) {
	line, is := l[strings.Join(path, between)]
	return line, is
}
