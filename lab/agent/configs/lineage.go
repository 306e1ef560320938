package configs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-git/go-billy/v5"
	"github.com/go-git/go-billy/v5/memfs"
	"github.com/go-git/go-billy/v5/util"
	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/transport/client"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
	"github.com/go-git/go-git/v5/storage/memory"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// Lineage is the repository of the configurations as those see it who read and change them.
type Lineage struct {
	base   string // URL of the repository's agent, through a link
	author string // who changes something
}

// connectAnew has Git connect anew for each question, as all agents do.
var connectAnew = sync.OnceFunc(func() { client.InstallProtocol("http", githttp.NewClient(api.LinkClient)) })

// NewLineage is the repository behind a URL, for an author; one who only reads needs no name.
func NewLineage(base, author string) Lineage {
	connectAnew()
	return Lineage{base: base, author: author}
}

func documentName(region string) string { return region + ".json" }

func writeDocument(files billy.Filesystem, d topology.Config) error {
	data, err := encodeConfig(d)
	if err != nil {
		return err
	}
	return util.WriteFile(files, documentName(d.Region), data, 0o644)
}

// clone is the repository as it is now.
func (l Lineage) clone(ctx context.Context) (*git.Repository, billy.Filesystem, error) {
	files := memfs.New()
	repo, err := git.CloneContext(ctx, memory.NewStorage(), files, &git.CloneOptions{
		URL: l.base + "/" + topology.RepositoryName, ReferenceName: mainBranch, SingleBranch: true, Tags: git.NoTags,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("clone the repository of the configurations: %w", err)
	}
	return repo, files, nil
}

// Read returns a region's document, and the commit that it is of.
func (l Lineage) Read(ctx context.Context, region string) (c topology.Config, commit string, err error) {
	repo, files, err := l.clone(ctx)
	if err != nil {
		return c, "", err
	}
	head, err := repo.Head()
	if err != nil {
		return c, "", err
	}
	c, err = readDocument(files, region)
	return c, head.Hash().String(), err
}

func readDocument(files billy.Filesystem, region string) (c topology.Config, err error) {
	data, err := util.ReadFile(files, documentName(region))
	if err == nil {
		c, err = parseConfig(data)
	}
	if err != nil {
		return c, fmt.Errorf("read the configuration of %s: %w", region, err)
	}
	return c, nil
}

// Change replaces a region's document by the one that change makes of it, unless that has the same revision, and gives
// what the region is to have then. Who comes second begins again.
func (l Lineage) Change(ctx context.Context, region, why string,
	change func(now topology.Config) (topology.Config, error),
) (topology.Config, error) {
	for {
		repo, files, err := l.clone(ctx)
		if err != nil {
			return topology.Config{}, err
		}
		now, err := readDocument(files, region)
		if err != nil {
			return now, err
		}
		next, err := change(now)
		if err != nil || next.Revision == now.Revision {
			return now, err
		}
		if err := writeDocument(files, next); err != nil {
			return now, err
		}
		if err := commit(repo, l.author, fmt.Sprintf("%s: revision %d, %s", region, next.Revision, why)); err != nil {
			return now, err
		}
		err = repo.PushContext(ctx, &git.PushOptions{})
		if err == nil {
			return next, nil
		}
		if ctx.Err() != nil || !second(err) {
			return now, fmt.Errorf("push to the repository of the configurations: %w", err)
		}
	}
}

// second says whether somebody else was first to push: something else, or in the same second the same.
func second(err error) bool {
	return errors.Is(err, git.NoErrAlreadyUpToDate) || strings.Contains(err.Error(), "non-fast-forward") ||
		strings.Contains(err.Error(), errFetchFirst.Error())
}

// another waits a while for another head than the one that is known, and returns the one there is.
func (l Lineage) another(ctx context.Context, known string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, headWait+time.Second)
	defer cancel()
	var head api.RepositoryHead
	err := api.Linked(l.base+"/head?not="+known).Call(ctx, http.MethodGet, "", nil, &head)
	return head.Head, err
}

func encodeConfig(c topology.Config) ([]byte, error) {
	data, err := json.MarshalIndent(c, "", "  ")
	return append(data, '\n'), err
}
