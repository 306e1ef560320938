// Package seal makes evidence tamper-evident: it writes down the checksum of every file of a folder, finds what was
// changed since, has ssh-keygen sign and verify, and keeps what people say of a drill in files of their own.
//
// A seal without a signature shows what changed by accident. Who alters a file may alter the list as well: against that
// only a signature helps, whose key the one who alters does not have.
package seal

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The files of a seal, in the folder that it is of. FileSums is one line a file, as `sha256sum -c` reads them.
const (
	FileSums  = "SHA256SUMS"
	signature = ".sig" // of a file, beside it
)

// ErrSealed says that a folder is sealed already.
var ErrSealed = errors.New("it is sealed already")

// Seal writes the checksums of all files of a folder, those below it too, and says how many there are. Nothing is
// written where one can't be read, or where there is something other than a plain file.
func Seal(dir string) (files int, err error) {
	if Sealed(dir) {
		return 0, fmt.Errorf("seal %s: %w: find out with verify whether anything has changed since", dir, ErrSealed)
	}
	sums, err := checksums(dir)
	if err != nil {
		return 0, fmt.Errorf("seal %s: %w", dir, err)
	}
	if err := writeWhole(filepath.Join(dir, FileSums), []byte(sums.list())); err != nil {
		return 0, fmt.Errorf("seal %s: %w", dir, err)
	}
	return len(sums), nil
}

// Digest is one of all files of a folder: that of the list of their checksums.
func Digest(dir string) (string, error) {
	sums, err := checksums(dir)
	return digest([]byte(sums.list())), err
}

// Sealed says whether a folder has a seal, whatever that is worth.
func Sealed(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, FileSums))
	return err == nil
}

// sums are checksums in hex, by the slash-separated paths of files.
type sums map[string]string

func (s sums) names() []string {
	names := make([]string, 0, len(s))
	for name := range s {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// list is a line a file, as `sha256sum -c` reads them.
func (s sums) list() string {
	var lines strings.Builder
	for _, name := range s.names() {
		fmt.Fprintf(&lines, "%s  %s\n", s[name], name)
	}
	return lines.String()
}

// isOfSeal says whether a file came with or after the seal, which is not of it.
func isOfSeal(name string) bool {
	return name == FileSums || name == FileSums+signature || isAttestation(strings.TrimSuffix(name, signature))
}

func checksums(dir string) (sums, error) {
	all := sums{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		switch {
		case entry.IsDir() || isOfSeal(name):
			return nil
		case !entry.Type().IsRegular():
			return fmt.Errorf("%s is no plain file", name)
		case strings.ContainsAny(name, "\n\r\\"):
			return fmt.Errorf("%q has a name that no list of checksums can hold", name)
		}
		all[name], err = checksum(path)
		return err
	})
	if err == nil && len(all) == 0 {
		err = errors.New("there is nothing in it")
	}
	return all, err
}

func checksum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// writeWhole writes a file that was not there, whole or not at all.
func writeWhole(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".seal-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), path) // which fails where there is one
}
