package harness

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// Holding lists the files of a folder that hold a word, compressed ones included. An empty folder is an error.
func Holding(folder fs.FS, word string) ([]string, error) {
	var holding []string
	files := 0
	err := fs.WalkDir(folder, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		data, err := fs.ReadFile(folder, path)
		if err != nil {
			return err
		}
		if strings.HasSuffix(path, ".gz") {
			unpacked, err := gzip.NewReader(bytes.NewReader(data))
			if err != nil {
				return fmt.Errorf("unpack %s: %w", path, err)
			}
			if data, err = io.ReadAll(unpacked); err != nil {
				return fmt.Errorf("unpack %s: %w", path, err)
			}
		}
		if bytes.Contains(data, []byte(word)) || strings.Contains(path, word) {
			holding = append(holding, path)
		}
		return nil
	})
	if err == nil && files == 0 {
		err = errors.New("look for a word: there is no file")
	}
	return holding, err
}
