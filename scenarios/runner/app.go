package runner

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/image"
	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/drill"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/workload"
)

// repoint is what the lab does to lead an app to other stores. The other ways are the app's own.
var repoint = map[app.Repoint]lab.Repoint{
	app.RepointRestart: lab.RepointRestart, app.RepointEndpoint: lab.RepointEndpoint,
}

// labApp is what the nodes of an app run: nothing to say for the one that a lab runs by itself. What has to be built
// is, on what images are from.
func labApp(ctx context.Context, a *app.App, from image.Source, progress func(image.Event)) (lab.App, error) {
	if a.BuiltIn() == app.Default {
		return lab.App{}, nil
	}
	f := a.File()
	runs := lab.App{
		Image: string(f.Image), Cmd: f.Command, Port: f.Port, Health: string(f.Health), Ready: string(f.Ready.Path),
		Holds: f.Ready.Holds, Repoint: repoint[f.Repoint], Env: map[string]string{},
	}
	runs.Files, runs.Prepared.Files = a.Files(""), a.Files("")
	withProcesses(&runs, a)
	runs.Prepared.Bucket = f.Stores.S3 != nil
	for _, sql := range a.SQL() {
		runs.Prepared.SQL = append(runs.Prepared.SQL, lab.Script{Name: sql.File, Text: sql.Text})
	}
	if f.Prepared != nil {
		runs.Prepared.Command = f.Prepared.Command
	}
	for _, to := range a.Direct() {
		runs.Direct = append(runs.Direct, topology.Service(to))
	}
	for name, value := range f.Env {
		runs.Env[name] = value.String()
	}
	if f.Build != nil {
		made, key, err := buildApp(ctx, a, from, progress)
		if err != nil {
			at := a.Problem("build."+key, "%v", err)
			if errors.As(err, new(*image.NotBuilt)) {
				return lab.App{}, at
			}
			return lab.App{}, fmt.Errorf("%s:%d:%d: %w", at.File, at.Line, at.Column, err)
		}
		runs.Image = made.Name
	}
	return runs, runs.Validate()
}

// buildApp makes the image of an app, and says by which key it is told how.
func buildApp(
	ctx context.Context, a *app.App, from image.Source, progress func(image.Event),
) (made image.Ref, key string, err error) {
	how := a.File().Build
	if how.Dockerfile != "" {
		made, err = image.BuildFolder(ctx, a.Folder(), string(how.Dockerfile), from, progress)
		return made, "dockerfile", err
	}
	made, err = image.BuildProgramIn(ctx, a.Folder(), string(how.Go), progress)
	return made, "go", err
}

// withProcesses adds what nodes run of which the app has several kinds.
func withProcesses(runs *lab.App, a *app.App) {
	name, front, is := a.Front()
	if !is {
		return
	}
	runs.Cmd, runs.Files = front.Command, a.Files(name)
	if front.Ready.Path != "" {
		runs.Ready, runs.Holds = string(front.Ready.Path), front.Ready.Holds
	}
	runs.Processes = map[string]lab.Process{}
	for _, other := range a.Others() {
		p := a.File().Processes[other.Name]
		process := lab.Process{Cmd: p.Command, Port: p.Port, Files: a.Files(other.Name)}
		if p.Ready.Asks() {
			process.Ready, process.Holds = string(p.Ready.Path), p.Ready.Holds
		}
		runs.Processes[other.Name] = process
	}
}

// reader reads one store of a region, past all faults.
type reader struct {
	store   string           // by its name in histories
	service topology.Service // empty: it is no single one
	read    func(ctx context.Context, tap, region string) ([]string, error)
}

// readers are those of the app's stores. All ids of a drill begin with prefix.
func readers(s app.Stores, prefix string) []reader {
	var all []reader
	if s.Postgres != nil {
		query := s.Postgres.WithPrefix(prefix)
		all = append(all, reader{
			history.StorePostgres, topology.ServicePostgres,
			func(ctx context.Context, tap, region string) ([]string, error) {
				conn, err := store.Postgres(ctx, tap)
				if err != nil {
					return nil, fmt.Errorf("read postgres in %s: %w", region, err)
				}
				defer func() { _ = conn.Close(ctx) }()
				return store.RowIDs(ctx, conn, query)
			},
		})
	}
	if s.S3 != nil {
		before, after := s.S3.Key.Around()
		all = append(all, reader{
			history.StoreObjects, topology.ServiceS3,
			func(ctx context.Context, tap, region string) ([]string, error) {
				return store.ObjectIDs(ctx, store.Objects(tap, region, nil), s.S3.Bucket, before, after)
			},
		})
	}
	if s.DynamoDB != nil {
		all = append(all, reader{
			history.StoreItems, topology.ServiceDynamoDB,
			func(ctx context.Context, tap, region string) ([]string, error) {
				return store.ItemIDs(ctx, store.Items(tap, region, nil), s.DynamoDB.Table, s.DynamoDB.Key)
			},
		})
	}
	if s.Redis != nil {
		before, after := s.Redis.Around()
		all = append(all, reader{
			history.StoreRedis, topology.ServiceRedis,
			func(ctx context.Context, tap, _ string) ([]string, error) {
				c := store.Redis(tap)
				defer func() { _ = c.Close() }()
				return store.KeyIDs(ctx, c, before, after)
			},
		})
	}
	return all
}

// Manifests reads the app's manifests in a region, past all faults, and the objects that they name.
func (l drillLab) Manifests(ctx context.Context, region string) ([]history.ManifestRead, error) {
	s := l.app.Stores().S3
	if s == nil || s.Manifests == nil {
		return nil, nil
	}
	tap, err := l.Addresses().Tap(topology.ServiceS3.Host(region))
	if err != nil {
		return nil, err
	}
	form := s.Manifests
	found, err := store.Manifests(ctx, store.Objects(tap, region, nil), store.ManifestForm{
		Bucket: s.Bucket, Prefix: form.Prefix, List: string(form.List), Key: string(form.Key),
		SHA256: string(form.SHA256),
	})
	if err != nil {
		return nil, fmt.Errorf("read the manifests of %s: %w", region, err)
	}
	all := make([]history.ManifestRead, len(found))
	for i, m := range found {
		all[i].Key = m.Key
		for _, o := range m.Names {
			all[i].Objects = append(all[i].Objects, history.NamedObject(o))
		}
	}
	return all, nil
}

// addCode has a plan run the Go code that its app's file asks for.
func addCode(plan *drill.Plan, code drill.Code) error {
	const missing = "it is Go code, which only a program of its own can run: see package drill"
	a := plan.App
	switch {
	case a.WriteIsCode() && code.Write == nil:
		return a.Problem("operations.write.code", missing)
	case bool(a.Stores().Code) && code.Read == nil:
		return a.Problem("stores.code", missing)
	case !a.WriteIsCode() && code.Write != nil:
		return a.Problem("operations.write", "it says what a write is, and there is Go code that says it too: write "+
			"{code: on}")
	case !bool(a.Stores().Code) && code.Read != nil:
		return a.Problem("stores", "there is Go code that reads, and the file does not say so: write {code: on}")
	}
	if code.Write != nil {
		plan.Protocol = workload.WithWrite(plan.Protocol, code.Write)
	}
	return nil
}

// codeReader reads what the Go code of whoever runs the drill reads.
func (l drillLab) codeReader(prefix string) reader {
	return reader{store: history.StoreCode, read: func(ctx context.Context, _, region string) ([]string, error) {
		return l.read(ctx, drill.Place{Region: region, Prefix: prefix, Tap: func(s topology.Service) (string, error) {
			return l.Addresses().Tap(s.Host(region))
		}})
	}}
}

// Read reads the app's stores in a region at once.
func (l drillLab) Read(ctx context.Context, region string, sought drill.Sought) []drill.StoreRead {
	from := readers(l.app.Stores(), sought.Prefix)
	if l.read != nil {
		from = append(from, l.codeReader(sought.Prefix))
	}
	reads := make([]drill.StoreRead, len(from))
	var g errgroup.Group
	for i, r := range from {
		reads[i].Store = r.store
		g.Go(func() error {
			tap, err := "", error(nil)
			if r.service != "" {
				tap, err = l.Addresses().Tap(r.service.Host(region))
			}
			if err == nil {
				reads[i].IDs, err = r.read(ctx, tap, region)
			}
			reads[i].Err = err
			return nil
		})
	}
	_ = g.Wait()
	return reads
}
