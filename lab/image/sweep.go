package image

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// scratch makes a directory for what is needed only while an image is made. Nobody else is at it: the lock of the image
// cache is held.
func (b *builder) scratch(name string) (string, error) {
	all := scratchDir(b.cache)
	if err := os.MkdirAll(all, 0o755); err != nil {
		return "", err
	}
	return os.MkdirTemp(all, name+"-")
}

func scratchDir(cache string) string { return filepath.Join(cache, "build") }

// Sweep removes what a process left that died while it made images. While one is at it, nothing is removed.
func Sweep() error {
	cache, err := cacheDir()
	if err != nil {
		return err
	}
	l := flock.New(filepath.Join(cache, lockFile))
	got, err := l.TryLock()
	if err != nil || !got {
		return err
	}
	if err := errors.Join(os.RemoveAll(scratchDir(cache)), l.Unlock()); err != nil {
		return fmt.Errorf("sweep the image cache: %w", err)
	}
	return nil
}
