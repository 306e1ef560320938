package node

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// Needs are what a node may do beyond what every node may. The zero value is the strictest: a user that is not root, no
// capability and no way to get one, a root file system that nobody writes to but for /tmp, a limit on processes.
type Needs struct {
	Root     bool     // runs as whom its image names, be it root
	Writable bool     // writes wherever its user may, and not to Scratch and /tmp only
	Scratch  []string // folders it writes to beside /tmp: in memory, and empty again whenever it starts
}

const (
	// nobody is who runs what names no user of its own, by the number that images without users give to it.
	nobody = "65532:65532"
	// scratchOptions make a folder in memory that anyone may write to and nobody runs anything from.
	scratchOptions = "rw,noexec,nosuid,nodev,mode=1777,size=64m"
	// mostProcesses counts threads too. PostgreSQL with all its connections in use has less than half of it.
	mostProcesses = 512
)

// confine takes from a node whatever it does not need. No node needs a capability: they listen on high ports and own
// their files.
func confine(h *container.HostConfig, needs Needs) {
	most := int64(mostProcesses)
	h.CapDrop = []string{"ALL"}
	h.SecurityOpt = []string{"no-new-privileges"}
	h.PidsLimit = &most
	if needs.Writable {
		return
	}
	h.ReadonlyRootfs = true
	h.Tmpfs = map[string]string{"/tmp": scratchOptions}
	for _, folder := range needs.Scratch {
		h.Tmpfs[folder] = scratchOptions
	}
}

// userFor is who a node of an image runs as where that is not for the image to say; empty where it is.
func (e *Engine) userFor(ctx context.Context, image string, needs Needs) (string, error) {
	if needs.Root {
		return "", nil
	}
	i, err := e.client.ImageInspect(ctx, image)
	if err != nil {
		return "", fmt.Errorf("ask the engine about image %s: %s", image, oneLine(err))
	}
	if i.Config == nil || isRoot(i.Config.User) {
		return nobody, nil
	}
	return "", nil
}

// isRoot says whether a user, as an image names it, is root. An image that names none means root.
func isRoot(user string) bool {
	name, _, _ := strings.Cut(user, ":")
	return strings.Trim(name, "0") == "" || name == "root"
}

// put copies files into a container that is not started yet: into its volumes only, since its root file system takes
// nothing.
func (e *Engine) put(ctx context.Context, id string, files map[string][]byte) error {
	for _, file := range slices.Sorted(maps.Keys(files)) {
		var archive bytes.Buffer
		w := tar.NewWriter(&archive)
		// A write to a buffer does not fail, and a header as plain as this one is always good.
		_ = w.WriteHeader(&tar.Header{Name: path.Base(file), Mode: 0o666, Size: int64(len(files[file]))})
		_, _ = w.Write(files[file])
		if err := w.Close(); err != nil {
			return fmt.Errorf("pack %s: %w", file, err)
		}
		_, err := e.client.CopyToContainer(ctx, id, client.CopyToContainerOptions{
			DestinationPath: path.Dir(file),
			Content:         &archive,
		})
		if err != nil {
			return fmt.Errorf("copy %s in: %s", file, oneLine(err))
		}
	}
	return nil
}
