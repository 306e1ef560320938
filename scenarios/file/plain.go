package file

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unicode"
)

// MaxPlain is how much of a file is read, but for one byte more. What is YAML may have MaxSize only.
const MaxPlain = 1 << 20

// ReadPlain reads a file that somebody else may have written, and placed, as much of it as shows whether it is too
// large. It is a plain file in the folder it is said to be in: what it holds gets quoted in complaints and copied
// into evidence, so a link must not make it another one, such as a key of whoever runs it. And it must not be one
// that never ends, or never begins.
func ReadPlain(file string) ([]byte, error) {
	file = filepath.Clean(file) // a slash at the end is part of no name
	return ReadPlainIn(filepath.Dir(file), filepath.Base(file))
}

// ReadPlainIn reads a file as ReadPlain does. It is in the folder or below it, wherever links lead.
func ReadPlainIn(folder, name string) (_ []byte, err error) {
	file := filepath.Join(folder, name)
	if i := strings.IndexFunc(file, func(c rune) bool { return !unicode.IsGraphic(c) }); i >= 0 {
		return nil, fmt.Errorf("the name %s holds what is not to be seen: rename the file", Quote(file))
	}
	f, err := openPlain(folder, name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	// One byte more than is allowed is enough to see that it is too much.
	return io.ReadAll(io.LimitReader(f, MaxPlain+1))
}

// openPlain opens a plain file. It does not wait for the other end of a pipe.
func openPlain(in, name string) (*os.File, error) {
	folder, err := os.OpenRoot(in)
	if err != nil {
		return nil, reason(err)
	}
	defer func() { _ = folder.Close() }()
	f, err := folder.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		if link, lerr := folder.Lstat(name); lerr == nil && link.Mode()&fs.ModeSymlink != 0 {
			return nil, errors.New("it is a link that leads nowhere in its folder: give the file itself")
		}
		return nil, reason(err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("it is %s, not a file", kindOf(info.Mode()))
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// reason is why a file could not be opened, without the name of the call and, again, of the file.
func reason(err error) error {
	var failed *fs.PathError
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}

func kindOf(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a folder"
	case m&fs.ModeNamedPipe != 0:
		return "a pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	default:
		return "a device"
	}
}
