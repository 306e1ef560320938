package image

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/sync/errgroup"
)

// builder makes what is missing.
type builder struct {
	engine  *engine
	cache   string            // directory of the user's, for binaries and the lock
	present map[string]string // images built here before: ID by name
	report  func(Event)
}

// newBuilder connects to the engine. Whoever has it closes that.
func newBuilder(ctx context.Context, report func(Event)) (*builder, error) {
	engine, err := open(ctx)
	if err != nil {
		return nil, err
	}
	cache, err := cacheDir()
	if err != nil {
		engine.close()
		return nil, err
	}
	return &builder{engine: engine, cache: cache, report: report}, nil
}

// begin connects to the engine, waits until no other process of this user builds, and finds out what there is. After
// end the next one may.
func begin(ctx context.Context, report func(Event)) (b *builder, end func(), err error) {
	if b, err = newBuilder(ctx, report); err != nil {
		return nil, nil, err
	}
	unlock, err := b.lock(ctx)
	if err != nil {
		b.engine.close()
		return nil, nil, err
	}
	end = func() {
		unlock()
		b.engine.close()
	}
	if b.present, err = b.engine.images(ctx); err != nil {
		end()
		return nil, nil, err
	}
	return b, end, nil
}

// reporter passes events on one at a time.
func reporter(progress func(Event)) func(Event) {
	if progress == nil {
		return func(Event) {}
	}
	var mu sync.Mutex
	return func(e Event) {
		mu.Lock()
		defer mu.Unlock()
		progress(e)
	}
}

func cacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		// a service account may have no home
		dir = filepath.Join(os.TempDir(), fmt.Sprintf("regionfall-%d", os.Getuid()))
	}
	dir = filepath.Join(dir, "regionfall")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make the cache directory: %w", err)
	}
	return dir, nil
}

const lockFile = "images.lock"

// lock keeps other processes of this user from building the same at the same time. The kernel drops it with the
// process.
func (b *builder) lock(ctx context.Context) (func(), error) {
	l := flock.New(filepath.Join(b.cache, lockFile))
	got, err := l.TryLock()
	if err == nil && !got {
		b.report(Event{Step: waitingFor(l.Path())})
		_, err = l.TryLockContext(ctx, 50*time.Millisecond)
	}
	if err == nil { // for whoever waits
		err = os.WriteFile(l.Path(), []byte(strconv.Itoa(os.Getpid())), 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("lock the image cache: %w", err)
	}
	return func() { _ = l.Unlock() }, nil
}

// waitingFor says who has the lock at a path, and what for.
func waitingFor(path string) string {
	if said, err := os.ReadFile(path); err == nil {
		if process, err := strconv.Atoi(string(said)); err == nil {
			return fmt.Sprintf("waiting for process %d, which is making images of the lab", process)
		}
	}
	return "waiting for another process that is making images of the lab"
}

// all makes every image of a lab, side by side: what is bound by the network fills the gaps of what is bound by the
// processor.
func (b *builder) all(ctx context.Context, c choice) (map[string]Ref, error) {
	base, err := b.baseTag()
	if err != nil {
		return nil, err
	}
	g, ctx := errgroup.WithContext(ctx)
	bootstrap := sync.OnceValue(func() error { return b.bootstrap(ctx, base) })
	var mu sync.Mutex
	refs := map[string]Ref{}
	one := func(r recipe, binary string) error {
		tag, err := r.tag(b.engine.arch, binary)
		if err != nil {
			return err
		}
		id := b.present[tag]
		if id == "" {
			if id, err = b.make(ctx, r, tag, binary, func() error {
				if r.base != base {
					return nil
				}
				return bootstrap()
			}); err != nil {
				return err
			}
		}
		mu.Lock()
		defer mu.Unlock()
		refs[r.name] = Ref{Name: tag, ID: id}
		return nil
	}
	for _, r := range b.recipes(c, base) {
		g.Go(func() error { return one(r, "") })
	}
	g.Go(func() error {
		program, err := b.makeOwn(ctx)
		if err != nil {
			return err
		}
		return one(own(), program)
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return refs, nil
}

// make builds one image. ready sees to what it is built on.
func (b *builder) make(ctx context.Context, r recipe, tag, binary string, ready func() error) (string, error) {
	start := time.Now()
	var compiled string
	g := new(errgroup.Group)
	g.Go(ready)
	if r.binary != "" && binary == "" {
		g.Go(func() (err error) {
			compiled, err = b.compileTool(ctx, r)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return "", err
	}
	if binary == "" {
		binary = compiled
	}
	args := map[string]string{}
	maps.Copy(args, r.args)
	var files map[string][]byte
	if r.python {
		var err error
		if files, err = authorities(); err != nil {
			return "", fmt.Errorf("build image %s: %w", r.name, err)
		}
		maps.Copy(args, pythonIndex())
	}
	archive := r.context(binary, files)
	defer func() { _ = archive.Close() }()
	if r.base != "" {
		args["BASE"] = r.base
	}
	id, err := b.engine.build(ctx, tag, args, archive, func(step string) { b.report(Event{Image: r.name, Step: step}) })
	if err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		if r.python {
			err = ofPip(err)
		}
		return "", fmt.Errorf("build image %s: %w", r.name, err)
	}
	b.report(Event{Image: r.name, Step: tag, Done: true, Took: time.Since(start)})
	return id, nil
}
