package backup

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// The first byte of each message in the copy stream of a base backup says what it is.
const (
	archiveBegins   = 'n' // the archive's name and its tablespace's directory follow, each ended by a zero byte
	archiveData     = 'd'
	archiveProgress = 'p' // the bytes so far, as an int64
)

const (
	mainArchive = "base.tar"
	tarBlock    = 512
)

// archive takes the one archive out of a base backup's copy stream.
type archive struct {
	tar   io.Writer
	begun bool
	size  int64
	tail  [2 * tarBlock]byte // the last bytes
}

// take takes the content of one CopyData message.
func (a *archive) take(message []byte) error {
	if len(message) == 0 {
		return errors.New("a message of the archive stream is empty")
	}
	kind, content := message[0], message[1:]
	switch kind {
	case archiveBegins:
		return a.begin(content)
	case archiveData:
		if !a.begun {
			return errors.New("archive data arrived before an archive")
		}
		a.remember(content)
		if _, err := a.tar.Write(content); err != nil {
			return fmt.Errorf("keep archive: %w", err)
		}
		return nil
	case archiveProgress:
		if len(content) != 8 {
			return fmt.Errorf("a progress message has %d bytes, want 8", len(content))
		}
		return nil
	default: // a manifest ('m') was not asked for
		return fmt.Errorf("unexpected message of type %q in the archive stream", kind)
	}
}

func (a *archive) begin(content []byte) error {
	fields := bytes.Split(content, []byte{0})
	if len(fields) != 3 || len(fields[2]) != 0 {
		return fmt.Errorf("an archive begins with %q, want two strings", content)
	}
	name, directory := string(fields[0]), string(fields[1])
	if name != mainArchive || directory != "" {
		return fmt.Errorf("unexpected archive %q of directory %q", name, directory)
	}
	if a.begun {
		return fmt.Errorf("archive %s arrived twice", name)
	}
	a.begun = true
	return nil
}

// remember counts data and keeps its end.
func (a *archive) remember(data []byte) {
	a.size += int64(len(data))
	if len(data) >= len(a.tail) {
		copy(a.tail[:], data[len(data)-len(a.tail):])
		return
	}
	copy(a.tail[:], a.tail[len(data):])
	copy(a.tail[len(a.tail)-len(data):], data)
}

// end sees that the archive is whole: a tar is made of blocks, and its last two are zero.
func (a *archive) end() error {
	switch {
	case !a.begun:
		return errors.New("no archive arrived")
	case a.size%tarBlock != 0 || a.size < int64(len(a.tail)) || a.tail != [2 * tarBlock]byte{}:
		return fmt.Errorf("the archive is torn: it ends after %d bytes without the end of a tar", a.size)
	default:
		return nil
	}
}
