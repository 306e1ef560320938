package configs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/go-git/go-billy/v5/memfs"
	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/filesystem"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// headWait is how long a question for a head that is another one waits for it.
const headWait = 2 * time.Second

// mainBranch is the one branch: what is on it is what regions are to have.
const mainBranch = plumbing.Main

// repository serves the Git repository in which the configurations of all regions are, a document for each, over Git's
// own protocol. It lives in no region. What it is pushed has to be good documents, whose revisions grow, on top of what
// there is: its history is kept.
type repository struct {
	storage *filesystem.Storage

	mu      sync.Mutex    // of all that reads and writes it
	changed chan struct{} // closed and replaced when the head has changed
}

// NewRepository opens the repository, or makes it with the documents of its settings.
func NewRepository(cfg api.RepositoryConfig, _ *runtime.Marks) (runtime.Service, error) {
	if cfg.Dir == "" || len(cfg.Documents) == 0 {
		return nil, errors.New("make repository: dir or documents are missing")
	}
	_, err := os.Stat(cfg.Dir)
	if errors.Is(err, os.ErrNotExist) {
		err = begin(cfg)
	}
	r := &repository{storage: storageIn(cfg.Dir), changed: make(chan struct{})}
	if err == nil {
		_, err = r.head()
	}
	if err != nil {
		return nil, fmt.Errorf("make repository in %s: %w", cfg.Dir, err)
	}
	return r, nil
}

func storageIn(dir string) *filesystem.Storage {
	return filesystem.NewStorage(osfs.New(dir), cache.NewObjectLRUDefault())
}

// begin makes the repository with its first commit, beside where it is to be: a process that dies meanwhile leaves
// none.
func begin(cfg api.RepositoryConfig) error {
	made := cfg.Dir + ".new"
	if err := os.RemoveAll(made); err != nil {
		return err
	}
	files := memfs.New()
	repo, err := git.InitWithOptions(storageIn(made), files, git.InitOptions{DefaultBranch: mainBranch})
	if err != nil {
		return err
	}
	for _, d := range cfg.Documents {
		if err := writeDocument(files, d); err != nil {
			return err
		}
	}
	if err := commit(repo, "lab", "Begin"); err != nil {
		return err
	}
	return os.Rename(made, cfg.Dir)
}

// commit adds all there is.
func commit(repo *git.Repository, author, message string) error {
	tree, err := repo.Worktree()
	if err != nil {
		return err
	}
	if err := tree.AddGlob("*.json"); err != nil {
		return err
	}
	// The date is for whoever reads the log: commits come after each other by their parents.
	who := &object.Signature{Name: author, Email: author + "@regionfall.test", When: time.Now()}
	_, err = tree.Commit(message, &git.CommitOptions{Author: who})
	return err
}

func (r *repository) head() (plumbing.Hash, error) {
	ref, err := r.storage.Reference(mainBranch)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	return ref.Hash(), nil
}

// Run ends with ctx: all is done by who asks.
func (r *repository) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// Routes adds the repository as /config.git, and GET /head?not=HASH, which waits a while for another head than that.
func (r *repository) Routes(mux *http.ServeMux) {
	r.gitRoutes(mux)
	mux.HandleFunc("GET /head", func(w http.ResponseWriter, req *http.Request) {
		wait := time.NewTimer(headWait)
		defer wait.Stop()
		for {
			r.mu.Lock()
			head, err := r.head()
			changed := r.changed
			r.mu.Unlock()
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			answer := func() { runtime.WriteJSON(w, api.RepositoryHead{Head: head.String()}) }
			if head.String() != req.URL.Query().Get("not") {
				answer()
				return
			}
			select {
			case <-changed:
			case <-wait.C:
				answer()
				return
			case <-req.Context().Done():
				return
			}
		}
	})
}

// accept makes a commit that was pushed the head, if it can be, with the lock held. The error is for who pushed it.
func (r *repository) accept(before, after plumbing.Hash) error {
	now, err := r.head()
	if err != nil {
		return err
	}
	if before != now {
		return errFetchFirst
	}
	old, err := object.GetCommit(r.storage, before)
	if err != nil {
		return err
	}
	next, err := object.GetCommit(r.storage, after)
	if err != nil {
		return err
	}
	if on, err := old.IsAncestor(next); err != nil || !on {
		return errors.Join(errors.New("it is not on top of what there is: the history is kept"), err)
	}
	if err := validateChange(old, next); err != nil {
		return err
	}
	if err := r.storage.CheckAndSetReference(plumbing.NewHashReference(mainBranch, after),
		plumbing.NewHashReference(mainBranch, before)); err != nil {
		return err
	}
	slog.Info("configuration changed", "commit", after.String()[:7], "by", next.Author.Name, "why", next.Message)
	close(r.changed)
	r.changed = make(chan struct{})
	return nil
}

// validateChange says what is wrong with the documents of a commit that follows another one.
func validateChange(old, next *object.Commit) error {
	there := map[string]bool{}
	err := eachFile(next, func(f *object.File) error {
		there[f.Name] = true
		before, err := old.File(f.Name)
		if errors.Is(err, object.ErrFileNotFound) {
			return errors.New("there are the documents of the regions, and nothing else")
		}
		if err != nil || before.Hash == f.Hash {
			return err
		}
		was, err := documentIn(before)
		if err != nil {
			return err
		}
		is, err := documentIn(f)
		switch {
		case err != nil:
			return err
		case is.Region != was.Region:
			return fmt.Errorf("it is for %q, and not for %q", was.Region, is.Region)
		case is.Revision <= was.Revision:
			return fmt.Errorf("%w: %d, and %d is", errOldRevision, is.Revision, was.Revision)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return eachFile(old, func(f *object.File) error {
		if !there[f.Name] {
			return errors.New("a region can't do without")
		}
		return nil
	})
}

// eachFile looks at the files of a commit until one is not as it should be; the error names it.
func eachFile(c *object.Commit, look func(f *object.File) error) error {
	files, err := c.Files()
	if err != nil {
		return err
	}
	defer files.Close()
	return files.ForEach(func(f *object.File) error {
		if err := look(f); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		return nil
	})
}

func documentIn(f *object.File) (topology.Config, error) {
	text, err := f.Contents()
	if err != nil {
		return topology.Config{}, err
	}
	return parseConfig([]byte(text))
}
