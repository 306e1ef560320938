package scenarios

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/regionfall/regionfall/scenarios/file"
)

// settingForm is a key of the format, and what it is set to, which is YAML.
var settingForm = regexp.MustCompile(`^([a-z_]+(?:\[[0-9]+\])?(?:\.[a-z_]+(?:\[[0-9]+\])?)*)=(.+)$`)

// set gives the text of a scenario with other values: each setting is a key, such as topology.commit or steps[0].at,
// and its value. A key that the text does not have is added; whether the format has it is asked when the text is read.
func set(src []byte, settings []string) ([]byte, error) {
	if len(settings) == 0 {
		return src, nil
	}
	doc, err := parser.ParseBytes(src, parser.ParseComments)
	if err != nil {
		return src, nil //nolint:nilerr // whoever reads it says what is wrong with it
	}
	for _, setting := range settings {
		m := settingForm.FindStringSubmatch(setting)
		if m == nil {
			return nil, fmt.Errorf("%s is no setting: write a key of the scenario and its value, such as "+
				"topology.commit=remote or steps[0].at=20m", file.Quote(setting))
		}
		if err := setOne(doc, m[1], m[2]); err != nil {
			return nil, fmt.Errorf("set %s: %w", m[1], err)
		}
	}
	return []byte(doc.String()), nil
}

func setOne(doc *ast.File, key, value string) error {
	path, err := yaml.PathString("$." + key)
	if err != nil {
		return err
	}
	if err := yaml.Unmarshal([]byte(value), new(any)); err != nil {
		return fmt.Errorf("%s is no YAML", file.Quote(value))
	}
	if _, err := path.FilterFile(doc); err == nil {
		return path.ReplaceWithReader(doc, strings.NewReader(value))
	}
	if strings.HasSuffix(key, "]") {
		return fmt.Errorf("the file has no such item")
	}
	parent, name := "", key
	if i := strings.LastIndex(key, "."); i >= 0 {
		parent, name = key[:i], key[i+1:]
	}
	added := name + ": " + value
	if strings.Contains(value, "\n") {
		return fmt.Errorf("%s has several lines", file.Quote(value))
	}
	if parent == "" {
		root, _ := yaml.PathString("$")
		return root.MergeFromReader(doc, strings.NewReader(added))
	}
	above, err := yaml.PathString("$." + parent)
	if err != nil {
		return err
	}
	if _, err := above.FilterFile(doc); err != nil {
		return setOne(doc, parent, "{"+added+"}")
	}
	return above.MergeFromReader(doc, strings.NewReader(added))
}
