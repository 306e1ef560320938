package evidence

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

// The files of a folder, beside the raw history (ops.jsonl.gz, events.jsonl), which its recorder writes.
const (
	FileResult   = "result.json"
	FileScenario = "scenario.yaml" // as run
	FileApp      = "app.yaml"      // as run, where the app has a file of its own
	FileReport   = "report.html"
	FileAudit    = "audit.html"
	FileJUnit    = "junit.xml"
	FileSummary  = "summary.md"
	DirLogs      = "logs" // one file per node
)

// folderTime sorts by name as by time, and has no character that a file system or a shell minds.
const folderTime = "20060102-150405"

// Folder makes the folder of a drill under out, named after when it started (in UTC) and its scenario:
// "20260801-120000-kyc-zero-loss". Of drills that start within the same second each gets its own: making the folder is
// what claims its name.
func Folder(out, scenario string, at time.Time) (string, error) {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return "", sayFull(out, "the folder", err)
	}
	base := filepath.Join(out, at.UTC().Format(folderTime)+"-"+fileWord(scenario))
	for n := 1; ; n++ {
		dir := base
		if n > 1 {
			dir = fmt.Sprintf("%s-%d", base, n)
		}
		err := os.Mkdir(dir, 0o755)
		if err == nil {
			return dir, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", sayFull(out, "the folder", err)
		}
	}
}

// fileWord keeps of a name what every file system can hold.
func fileWord(name string) string {
	word := strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.':
			return c
		}
		return '-'
	}, name)
	if word = strings.Trim(word, "-."); word == "" {
		return "drill"
	}
	return word
}

// Write leaves the evidence of a drill in dir: result.json, the given files (the scenario as run) and what is rendered
// from them. The result comes first: if there is room for nothing else, it is what counts. Each file is there whole or
// not at all.
func Write(dir string, r Result, h history.History, files map[string][]byte) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the result of %s: %w", r.Scenario.Name, err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return sayFull(dir, "the folder", err)
	}
	errs := []error{writeBytes(dir, FileResult, append(data, '\n'))}
	for name, content := range files {
		errs = append(errs, writeBytes(dir, name, content))
	}
	errs = append(errs, Render(dir, r, h))
	return first(errs)
}

// Render writes again what is rendered from a result and its history: report.html, audit.html, junit.xml, summary.md.
func Render(dir string, r Result, h history.History) error {
	return first([]error{
		writeWhole(dir, FileReport, func(w io.Writer) error { return writeReport(w, r, h) }),
		writeWhole(dir, FileAudit, func(w io.Writer) error { return writeAudit(w, r) }),
		writeWhole(dir, FileJUnit, func(w io.Writer) error { return writeJUnit(w, r, length(h)) }),
		writeWhole(dir, FileSummary, func(w io.Writer) error { return writeSummary(w, r) }),
	})
}

// WriteLog keeps what a node said, as logs/NODE.log.
func WriteLog(dir, node string, log io.Reader) error {
	name := filepath.Join(DirLogs, fileWord(node)+".log")
	return writeWhole(dir, name, func(w io.Writer) error {
		_, err := io.Copy(w, log)
		return err
	})
}

// ReadResult reads the result.json of a folder, that of the schema before as far as it goes. Another schema, or a word
// that is none of the schema's, is an error.
func ReadResult(dir string) (Result, error) {
	data, err := os.ReadFile(filepath.Join(dir, FileResult))
	if err != nil {
		return Result{}, fmt.Errorf("read evidence: %w", err)
	}
	r, err := decodeResult(data)
	if err != nil {
		return Result{}, fmt.Errorf("read %s: %w", filepath.Join(dir, FileResult), err)
	}
	switch r.Status {
	case Completed, Interrupted, Errored:
		return r, nil
	}
	return Result{}, fmt.Errorf("read %s: status %q is none of completed, interrupted, error",
		filepath.Join(dir, FileResult), r.Status)
}

func decodeResult(data []byte) (r Result, err error) {
	var is struct{ Schema string }
	if err := json.Unmarshal(data, &is); err != nil {
		return r, err
	}
	switch is.Schema {
	case Schema:
		err = json.Unmarshal(data, &r)
	case schemaV1:
		r, err = readV1(data)
	default:
		err = fmt.Errorf("its schema is %q, not %s", is.Schema, Schema)
	}
	return r, err
}

func writeBytes(dir, name string, data []byte) error {
	return writeWhole(dir, name, func(w io.Writer) error {
		_, err := io.Copy(w, bytes.NewReader(data))
		return err
	})
}

// writeWhole writes beside and renames, so that a full disk or a kill leaves no half file under the final name.
func writeWhole(dir, name string, fill func(io.Writer) error) (err error) {
	if !filepath.IsLocal(name) {
		return fmt.Errorf("write evidence to %s: %q is not a name inside the folder", dir, name)
	}
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return sayFull(dir, name, err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".part-*")
	if err != nil {
		return sayFull(dir, name, err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name()) // the first error is the one that says why
			err = sayFull(dir, name, err)
		}
	}()
	buffer := bufio.NewWriterSize(f, 1<<16) // a page is written by the word
	// Sync makes file systems that allocate late say now that they are full.
	if err := errors.Join(fill(buffer), buffer.Flush(), f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// sayFull turns what a full disk says into the one sentence a person needs; other errors are wrapped.
func sayFull(dir, name string, err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return &fullError{dir: dir, name: name, err: err}
	}
	return fmt.Errorf("write evidence to %s: %s: %w", dir, name, err)
}

type fullError struct {
	dir, name string
	err       error
}

func (e *fullError) Error() string {
	return fmt.Sprintf("write evidence to %s: the disk is full, %s was not written", e.dir, e.name)
}

func (e *fullError) Unwrap() error { return e.err }

// first of the errors: a full disk would otherwise say the same sentence for every file.
func first(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// length of a history: until its last phase.
func length(h history.History) time.Duration {
	if len(h.Phases) == 0 {
		return 0
	}
	return h.Phases[len(h.Phases)-1].At
}
