package scenarios

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/file"
	"github.com/regionfall/regionfall/scenarios/history"
)

// App is the app that is drilled: by its name, by its file, or as it stands in the scenario.
type App struct {
	Named string `yaml:",alone"`
	app.Format
}

// appKey is where a scenario has its app.
const appKey = "app"

// Folder reads a file that a scenario names, by its path from the scenario's folder.
type Folder func(path string) ([]byte, error)

// findApp is the app of a scenario. It is nil where there is a complaint about it; the error has those about a file of
// the app's own, and found those about the scenario.
func (f *Format) findApp(found *file.Complaints, name string, read Folder) (*app.App, error) {
	switch {
	case f.App == nil && !found.Mentions(appKey):
		return app.Named(app.Default)
	case f.App == nil:
		return nil, nil //nolint:nilnil // it was complained about
	case f.App.Named == "":
		return f.App.Compile(found, appKey, app.Files(read)), nil
	case isFile(f.App.Named):
		return readApp(found, name, f.App.Named, read)
	case !slices.Contains(app.Names(), f.App.Named):
		found.Add(appKey, "%s: no app is called %s: %s (a file is given by its path, such as ./app.yaml)", appKey,
			file.Quote(f.App.Named), file.Suggest(f.App.Named, app.Names()))
		return nil, nil //nolint:nilnil // it was complained about
	default:
		return app.Named(f.App.Named)
	}
}

// readApp reads the file of an app, which is in the folder of the scenario of this name.
func readApp(found *file.Complaints, name, path string, read Folder) (*app.App, error) {
	if !filepath.IsLocal(path) {
		found.Add(appKey, "%s: %s is not in the folder of the scenario, nor below it: put it there", appKey,
			file.Quote(path))
		return nil, nil //nolint:nilnil // it was complained about
	}
	src, err := read(path)
	if err != nil {
		found.Add(appKey, "%s: read the app: %v", appKey, err)
		return nil, nil //nolint:nilnil // it was complained about
	}
	return app.Parse(filepath.Join(filepath.Dir(name), path), src, func(inIts string) ([]byte, error) {
		return read(filepath.Join(filepath.Dir(path), inIts))
	})
}

// fitToApp gives what the file leaves out the values that fit the app.
func (f *Format) fitToApp(found *file.Complaints, a *app.App) {
	if a.Read() == nil && !found.Mentions("workload.reads") {
		f.Workload.Reads = 0
	}
	f.fitToProcesses(found, a)
	writes := storesOf(a)
	if !found.Mentions("objectives.stores") {
		f.Objectives.Stores = writes
	}
	if !found.Mentions("objectives.ordered") && slices.Contains(f.Objectives.Stores, history.StorePostgres) {
		f.Objectives.Ordered = []Store{history.StorePostgres}
	}
}

// fitToProcesses has the topology have the nodes that the app's file asks for, where it does not say so itself.
func (f *Format) fitToProcesses(found *file.Complaints, a *app.App) {
	_, front, is := a.Front()
	if !is {
		return
	}
	t := &f.Topology
	t.processes = a.Others()
	if front.Count > 0 {
		t.appNodes = front.Count
		for i := range t.Regions {
			if !found.Mentions(itemPath("topology.regions", i) + ".app_nodes") {
				t.Regions[i].AppNodes = front.Count
			}
		}
	}
	if !found.Mentions("topology.app") {
		t.App = front.Capacity
	}
}

// storesOf are the stores in which the app's writes must be found.
func storesOf(a *app.App) []Store {
	s := a.Stores()
	var all []Store
	for _, store := range []struct {
		name Store
		is   bool
	}{
		{history.StorePostgres, s.Postgres != nil},
		{history.StoreObjects, s.S3 != nil},
		{history.StoreItems, s.DynamoDB != nil},
		{history.StoreRedis, s.Redis != nil},
		{history.StoreCode, bool(s.Code)},
	} {
		if store.is {
			all = append(all, store.name)
		}
	}
	return all
}

// checkApp complains about what is asked of an app that does not do it.
func (f *Format) checkApp(found *file.Complaints, t topology.Topology, a *app.App) {
	if a.Read() == nil && f.Workload.Reads > 0 {
		found.Add("workload.reads", "workload.reads: the app has no operation read: leave it out, or say what one is")
	}
	for i, store := range f.Objectives.Stores {
		if writes := storesOf(a); store != "" && !slices.Contains(writes, store) {
			found.Add(itemPath("objectives.stores", i),
				"objectives.stores: the app does not say how it writes to %s: it "+
					"has %s", store, strings.Join(toStrings(writes), ", "))
		}
	}
	f.checkRecoveryPoint(found, t, a)
	f.checkRuled(found, a)
	f.checkJudged(found, t, a)
	if len(f.Objectives.Sessions) > 0 && a.Extras().Position == "" {
		found.Add("objectives.sessions", "objectives.sessions: the app tells no client how far the database has come: "+
			"name the header in which it does with extras: {position: X-Position}")
	}
	if bool(f.Objectives.Decisions) && a.Read() != nil && a.Read().Decides == nil {
		found.Add("objectives.decisions", "objectives.decisions: the app does not say what its answers decide: "+
			"name the field in which they do in its read with decides: {json: status}")
	}
	f.checkPipeline(found, t, a)
	f.checkAnswers(found, t, a)
}

// questions are those that faults ask the app.
var questions = map[string]app.Question{
	"delay_config": app.AskConfig, "freeze_config": app.AskConfig, "roll_back_config": app.AskConfig,
	"squeeze": app.AskCapacity, "drop_records": app.AskDrops,
}

// checkAnswers complains about questions to which the app has no answers.
func (f *Format) checkAnswers(found *file.Complaints, t topology.Topology, a *app.App) {
	need := func(path string, q app.Question) {
		if !slices.Contains(a.Extras().Answers, q) {
			found.Add(path, "%s asks the app for GET /%s, and its extras do not say that it answers that", path, q)
		}
	}
	for _, injected := range f.faults(found) {
		if q, asks := questions[injected.Kind()]; asks {
			need(injected.path, q)
		}
	}
	if f.Objectives.StaleConfig != nil {
		need("objectives.stale_config", app.AskConfig)
	}
	if !t.Automation.Off && t.Automation.Preflight {
		need("topology.automation.preflight", app.AskConfig)
	}
	if !t.Automation.Off && t.Automation.Shift.InSteps() {
		need("topology.automation.shift", app.AskMetrics)
	}
}

// app says which app is drilled, where it is not the usual one.
func (d table) app() {
	a := d.plan.App
	if a.BuiltIn() == app.Default {
		return
	}
	var stores []string
	for _, s := range storesOf(a) {
		stores = append(stores, string(s))
	}
	d.row("  app", a.Name(), "writes to "+strings.Join(stores, ", "))
}
