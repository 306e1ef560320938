package image

import (
	"archive/tar"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"

	"github.com/regionfall/regionfall/docker"
)

// context streams the build context of a recipe as a tar archive: the files of its folder and others of this machine,
// its binary, its directories. Times are left at zero, so that the same inputs make the same layers.
func (r recipe) context(binary string, others map[string][]byte) io.ReadCloser {
	out, in := io.Pipe()
	go func() { in.CloseWithError(r.write(tar.NewWriter(in), binary, others)) }()
	return out
}

func (r recipe) write(w *tar.Writer, binary string, others map[string][]byte) error {
	files := maps.Clone(others)
	if files == nil {
		files = map[string][]byte{}
	}
	entries, err := fs.ReadDir(docker.Files, r.name)
	if err != nil {
		return fmt.Errorf("read the inputs of image %s: %w", r.name, err)
	}
	for _, e := range entries {
		if files[e.Name()], err = docker.Files.ReadFile(path.Join(r.name, e.Name())); err != nil {
			return fmt.Errorf("read the inputs of image %s: %w", r.name, err)
		}
	}
	if err := addFiles(w, files); err != nil {
		return err
	}
	for _, d := range r.dirs {
		if err := w.WriteHeader(&tar.Header{Name: "root/" + d + "/", Typeflag: tar.TypeDir, Mode: 0o777}); err != nil {
			return err
		}
	}
	if binary != "" {
		if err := addBinary(w, r.binary, binary); err != nil {
			return err
		}
	}
	return w.Close()
}

func addFiles(w *tar.Writer, files map[string][]byte) error {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(files[name]))}); err != nil {
			return err
		}
		if _, err := w.Write(files[name]); err != nil {
			return err
		}
	}
	return nil
}

func addBinary(w *tar.Writer, name, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: info.Size()}); err != nil {
		return err
	}
	_, err = io.Copy(w, f)
	return err
}
