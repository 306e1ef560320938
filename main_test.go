package main

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/regionfall/regionfall/lab/agent"
	"github.com/regionfall/regionfall/lab/plan"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/lab/topology/topologytest"
)

// The arrows between packages go one way. For each folder: what of this module it may import (itself and below is
// always allowed), where "lab/..." is lab and all below it. Folders that are not listed wire everything together and
// may import anything.
var mayImport = map[string][]string{
	"lab":                       {"lab/...", "docker/..."},
	"lab/topology":              {},
	"lab/topology/topologytest": {"lab/topology"},
	"lab/wait":                  {},
	"lab/api":                   {"lab/topology"},
	"lab/absent":                {},
	"lab/build":                 {},
	"lab/engine":                {"lab/engine/apt", "lab/wait"},
	"lab/engine/apt":            {},
	"lab/node":                  {"lab/topology", "lab/engine", "lab/wait", "lab/absent"},
	"lab/image":                 {"lab/topology", "lab/build", "lab/engine", "lab/engine/apt", "docker"},
	"lab/observe":               {"lab/topology", "lab/api", "lab/store", "lab/state", "lab/plan"},
	"lab/plan":                  {"lab/topology", "lab/api"},
	"lab/postgres":              {},
	"lab/probe":                 {"lab/topology", "lab/postgres"},
	"lab/link":                  {"lab/topology", "lab/probe", "lab/wait", "lab/link/splice"},
	"lab/link/hub":              {"lab/link/splice", "lab/topology"},
	"lab/state":                 {"lab/topology"},
	"lab/sdk":                   {},
	"lab/store":                 {"lab/topology", "lab/postgres", "lab/sdk"},
	"lab/fault":                 {"lab/topology", "lab/api", "lab/probe", "lab/link/toxic", "lab/wait"},
	"lab/fault/faulttest": {
		"lab/fault", "lab/topology", "lab/api", "lab/probe", "lab/link", "lab/plan",
		"lab/link/hub", "lab/link/linktest",
	},
	"lab/agent":             {"lab/topology", "lab/api"},
	"lab/agent/runtime":     {"lab/topology", "lab/api", "lab/probe"},
	"lab/agent/supervisor":  {"lab/topology", "lab/api", "lab/agent/runtime", "lab/link/splice"},
	"lab/agent/agenttest":   {"lab/topology", "lab/api", "lab/agent/runtime"},
	"lab/agent/nameservice": {"lab/topology", "lab/api", "lab/agent/runtime"},
	"lab/agent/configs":     {"lab/topology", "lab/api", "lab/agent/runtime"},
	"lab/agent/replicator":  {"lab/topology", "lab/api", "lab/store", "lab/agent/runtime", "lab/agent/configs"},
	"lab/agent/backup":      {"lab/topology", "lab/api", "lab/store", "lab/agent/runtime", "lab/agent/replicator"},
	"lab/agent/automation":  {"lab/topology", "lab/api", "lab/store", "lab/agent/runtime", "lab/agent/backup"},
	"lab/agent/automation/world": {
		"lab/topology", "lab/api", "lab/store", "lab/agent/runtime",
	},
	"lab/agent/automation/steps": {
		"lab/topology", "lab/api", "lab/agent/runtime", "lab/agent/configs", "lab/agent/backup",
		"lab/agent/automation/world",
	},
	"lab/agent/automation/switchover": {
		"lab/topology", "lab/api", "lab/store", "lab/agent/runtime", "lab/agent/automation/world",
		"lab/agent/automation/steps",
	},
	"lab/agent/automation/automationtest": {
		"lab/topology", "lab/api", "lab/agent/runtime", "lab/agent/configs", "lab/agent/nameservice",
	},
	"docker":             {},
	"docs/schema":        {},
	"fixtures":           {},
	"fixtures/serving":   {},
	"fixtures/kyc":       {"lab/topology", "lab/api", "lab/sdk", "fixtures/serving"},
	"fixtures/ledger":    {"fixtures/serving"},            // it is somebody else's
	"fixtures/analytics": {"lab/sdk", "fixtures/serving"}, // so is this
	"fixtures/batch":     {"lab/sdk", "fixtures/serving"}, // and this
	"scenarios": {
		"scenarios/drill", "lab/fault", "lab/topology", "lab/api", "scenarios/file",
		"scenarios/measure", "scenarios/workload", "scenarios/history", "scenarios/jsonschema", "scenarios/app",
	},
	"scenarios/file":          {"scenarios/jsonschema"},
	"scenarios/file/filetest": {"scenarios/file"},
	"scenarios/app":           {"lab/topology", "scenarios/file", "scenarios/jsonschema", "fixtures"},
	"scenarios/drill": {
		"lab/fault", "lab/topology", "scenarios/workload", "scenarios/history", "scenarios/measure", "scenarios/app",
	},
	"scenarios/compose":            {"lab/topology", "scenarios/file"},
	"scenarios/starter":            {"scenarios/app", "scenarios/file"},
	"scenarios/workload":           {"scenarios/history", "scenarios/app", "lab/postgres"},
	"scenarios/history":            {},
	"scenarios/measure":            {"scenarios/history", "lab/api"}, // only for the names of steps and marks
	"scenarios/evidence":           {"scenarios/history", "scenarios/measure", "scenarios/jsonschema"},
	"scenarios/evidence/programme": {"scenarios/measure", "scenarios/evidence", "scenarios/evidence/seal"},
	"scenarios/evidence/seal":      {},
	"scenarios/jsonschema":         {},
	// These use labs. They reach containers through package lab, and never through lab/node. A command may ask
	// lab/engine too, since some are about an engine without a lab. Only those that prepare images may ask lab/image.
	"scenarios/runner": {
		"lab", "lab/api", "lab/build", "lab/image", "lab/observe", "lab/store", "lab/topology", "lab/wait",
		"scenarios/...",
	},
	"scenarios/command": {
		"lab", "lab/api", "lab/build", "lab/engine", "lab/engine/enginetest", "lab/fault", "lab/image", "lab/observe",
		"lab/topology", "scenarios/...", "docs/schema",
	},
	"suites": {
		"lab", "lab/api", "lab/fault", "lab/observe", "lab/plan", "lab/probe", "lab/store", "lab/topology", "lab/wait",
		"scenarios/...", "suites/...",
	},
	"suites/bench":       {"lab", "lab/fault", "lab/image", "lab/probe", "lab/topology", "lab/wait", "scenarios"},
	"suites/conformance": {"lab", "lab/image", "lab/store", "lab/topology", "suites/internal/..."},
	"suites/matchers":    {"scenarios/evidence", "scenarios/measure"},
	"suites/internal": {
		"lab", "lab/fault", "lab/image", "lab/store", "lab/topology", "scenarios/...", "suites/matchers",
	},
}

// testsToo are the folders whose tests are held to the same list. Other tests may stand anything beside what they try.
var testsToo = []string{"scenarios/command", "scenarios/runner", "suites"}

// Whoever calls these looks methods up by names that are made up as the program runs, so that the linker has to keep
// every method of every library: see docs/size.md.
var keepsEveryMethod = []string{"text/template", "html/template"}

const module = "github.com/regionfall/regionfall"

type goPackage struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

func packages(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []goPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatalf("read go list: %v", err)
		}
		all = append(all, p)
	}
}

func TestImportGraph(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range packages(t) {
		folder := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		for top := folder; top != "."; top = path.Dir(top) {
			seen[top] = true
		}
		rule := ruleFor(folder)
		allowed, ruled := mayImport[rule]
		if !ruled {
			continue
		}
		imports := p.Imports
		if slices.ContainsFunc(testsToo, func(top string) bool { return under(folder, top) }) {
			imports = slices.Concat(p.Imports, p.TestImports, p.XTestImports)
		}
		for _, i := range imports {
			to, own := strings.CutPrefix(i, module+"/")
			if !own || under(to, folder) || permitted(to, allowed) {
				continue
			}
			t.Errorf("%s imports %s: it may import only %v", folder, to, allowed)
		}
		for _, i := range p.Imports {
			specs := strings.HasPrefix(i, "github.com/onsi/")
			if specs && !under(folder, "suites") {
				t.Errorf("%s imports %s, which belongs to suites/", folder, i)
			}
			if slices.Contains(keepsEveryMethod, i) {
				t.Errorf("%s imports %s, for which the linker keeps every method there is: see docs/size.md", folder, i)
			}
		}
	}
	for folder := range mayImport {
		if !seen[folder] {
			t.Errorf("there is a rule for %s, which has no package: take the rule away", folder)
		}
	}
}

// What the README shows compiles: it is a piece of the example, but for the indentation.
func TestTheReadmeShowsTheExample(t *testing.T) {
	plain := func(file string) string {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(data), "\n")
		for i := range lines {
			lines[i] = strings.TrimSpace(lines[i])
		}
		return strings.Join(lines, "\n")
	}
	_, code, _ := strings.Cut(plain("README.md"), "\n```go\n")
	code, _, whole := strings.Cut(code, "\n```\n")
	if !whole || strings.Contains(code, "```") {
		t.Fatal("the README has no Go code, or it does not end")
	}
	if !strings.Contains(plain("lab/example_test.go"), code) {
		t.Errorf("lab/example_test.go has nowhere:\n%s", code)
	}
}

func TestNoPackageIsADrawer(t *testing.T) {
	for _, p := range packages(t) {
		for _, part := range strings.Split(p.ImportPath, "/") {
			switch part {
			case "util", "utils", "common", "helpers", "misc":
				t.Errorf("%s: a package is named for what it is, not for being handy", p.ImportPath)
			}
		}
	}
}

// ruleFor is the nearest folder with a rule.
func ruleFor(folder string) string {
	for f := folder; f != ""; {
		if _, ok := mayImport[f]; ok {
			return f
		}
		cut := strings.LastIndex(f, "/")
		if cut < 0 {
			return folder
		}
		f = f[:cut]
	}
	return folder
}

func permitted(to string, allowed []string) bool {
	return slices.ContainsFunc(allowed, func(a string) bool {
		top, tree := strings.CutSuffix(a, "/...")
		return to == a || tree && under(to, top)
	})
}

func under(folder, top string) bool { return folder == top || strings.HasPrefix(folder, top+"/") }

// The plan of a lab names a role for each node that is the lab's own, and the program has to know it.
func TestTheProgramKnowsEveryRole(t *testing.T) {
	seen := map[string]bool{}
	for _, top := range topologytest.All(t) {
		p := plan.New(top, plan.App{})
		p.Door = func(string) (string, error) { return "192.0.2.1:80", nil }
		hub, err := p.Hub()
		nodes := []plan.Node{hub}
		for _, at := range plan.Places(top) {
			n, failed := p.Node(at)
			nodes, err = append(nodes, n), errors.Join(err, failed)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range nodes {
			if n.Image == "regionfall" && len(n.Cmd) != 1 {
				t.Errorf("%s is told to be %v", n.Name(), n.Cmd)
			} else if n.Image == "regionfall" {
				seen[n.Cmd[0]] = true
			}
		}
	}
	t.Setenv(topology.AgentConfigEnv, "none")
	for role := range seen {
		_, known := roles[role]
		if err := agent.Run(t.Context(), role); !known && !strings.Contains(err.Error(), "read settings") {
			t.Errorf("nobody plays %s: %v", role, err)
		}
	}
	if !seen["hub"] || !seen["app"] || !seen["automation"] {
		t.Errorf("only these were looked for: %v", slices.Sorted(maps.Keys(seen)))
	}
}
