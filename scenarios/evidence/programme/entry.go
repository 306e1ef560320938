// Package programme keeps what came of the drills of a programme, such as the quarterly ones: a file with a line for
// each drill, of which every one holds the hash of the line before and of its evidence, so that nothing can be changed
// or left out later without its being found. It compares what was measured with what is promised and documented.
package programme

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/regionfall/regionfall/scenarios/evidence"
	"github.com/regionfall/regionfall/scenarios/evidence/seal"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// Schema is that of a line.
const Schema = "regionfall-history/v1"

// Entry is one drill. Times are those of the story, at full scale, in milliseconds.
type Entry struct {
	Schema    string    `json:"schema"`
	Programme string    `json:"programme"`
	Scenario  string    `json:"scenario"`
	Began     time.Time `json:"began"`
	Verdict   string    `json:"verdict"`
	Met       bool      `json:"met"` // its expectation
	Figures   []Figure  `json:"figures"`
	// Evidence is the folder's name, and SHA256 that of the checksums of all of its files, as a seal has them.
	Evidence string `json:"evidence"`
	SHA256   string `json:"evidence_sha256"`
	Previous string `json:"previous_sha256"` // of the line before; empty in the first
}

// Figure is what was measured of something that is promised or documented.
type Figure struct {
	Metric     string  `json:"metric"` // recovery_time or recovery_point
	MS         *int64  `json:"ms"`     // null: not measured, or not reached
	Objective  *int64  `json:"objective_ms"`
	Documented *int64  `json:"documented_ms"`
	Verdict    string  `json:"verdict"`
	Timescale  float64 `json:"timescale"` // of the drill, of which this is an extrapolation
}

// Of is the entry of a drill, without its place in a history.
func Of(programme string, r evidence.Result, dir string) (Entry, error) {
	digest, err := seal.Digest(dir)
	if err != nil {
		return Entry{}, fmt.Errorf("take the digest of %s: %w", dir, err)
	}
	e := Entry{
		Schema: Schema, Programme: programme, Scenario: r.Scenario.Name, Verdict: r.Verdict.String(),
		Met: r.Expected.Met, Evidence: filepath.Base(dir), SHA256: digest,
	}
	if r.Began != nil {
		e.Began = r.Began.UTC()
	}
	if t := r.Metrics.RecoveryTime; t != nil {
		f := Figure{Metric: measure.FindingRecoveryTime, Verdict: t.Verdict.String(), Timescale: r.Scenario.Timescale}
		if !t.Censored && t.FullScale != nil {
			f.MS = milliseconds(t.FullScale.Duration())
		}
		f.Objective = promised(t.Objective)
		f.Documented = documented(r, func(d evidence.Documented) *measure.Near { return d.RecoveryTime })
		e.Figures = append(e.Figures, f)
	}
	if p := r.Metrics.RecoveryPoint; p != nil {
		f := Figure{Metric: measure.FindingRecoveryPoint, Verdict: p.Verdict.String(), Timescale: r.Scenario.Timescale}
		if p.Hi != nil {
			// the most that it can have been
			f.MS = milliseconds(measure.AtScale(p.Hi.Duration(), r.Scenario.Timescale))
		}
		f.Objective = promised(p.Objective)
		f.Documented = documented(r, func(d evidence.Documented) *measure.Near { return d.RecoveryPoint })
		e.Figures = append(e.Figures, f)
	}
	return e, nil
}

func milliseconds(d time.Duration) *int64 { return new(d.Milliseconds()) }

func promised(o measure.Objective) *int64 {
	if o.WithinFull == nil {
		return nil
	}
	return milliseconds(o.WithinFull.Duration())
}

func documented(r evidence.Result, of func(evidence.Documented) *measure.Near) *int64 {
	d := r.Scenario.Documented
	if d == nil || of(*d) == nil {
		return nil
	}
	return milliseconds(of(*d).Duration())
}

// Append adds a drill to a history, which is made where there is none. One whose last line is cut short is left alone.
func Append(path string, e Entry) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("append to the history: %w", err)
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(f)
	if err != nil {
		return fmt.Errorf("append to the history: %w", err)
	}
	if len(data) > 0 {
		if data[len(data)-1] != '\n' {
			return fmt.Errorf("append to the history: %s ends in the middle of a line: see regionfall history verify",
				path)
		}
		lines := bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
		e.Previous = hash(lines[len(lines)-1])
	}
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("append to the history: %w", err)
	}
	_, err = f.Write(append(line, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("append to the history: %w", err)
	}
	return nil
}

func hash(line []byte) string {
	sum := sha256.Sum256(line)
	return hex.EncodeToString(sum[:])
}

// AlteredError names the first line of a history that is not as it was written.
type AlteredError struct {
	Path string
	Line int
	What string
}

func (e *AlteredError) Error() string { return fmt.Sprintf("%s:%d: %s", e.Path, e.Line, e.What) }

// Read reads a history whose chain holds, or is an AlteredError.
func Read(path string) ([]Entry, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the history: there is no %s: run a drill with --programme NAME", path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the history: %w", err)
	}
	var all []Entry
	previous, n := "", 0
	for line := range bytes.Lines(data) {
		n++
		text, whole := bytes.CutSuffix(line, []byte("\n"))
		e, what := parse(text)
		switch {
		case !whole:
			what = "the line is cut short"
		case what == "" && e.Previous != previous:
			what = "it does not follow the line above: that was altered, or lines were taken out or put in between"
		}
		if what != "" {
			return nil, &AlteredError{path, n, what}
		}
		previous = hash(text)
		all = append(all, e)
	}
	return all, nil
}

// parse reads one line, or says what is wrong with it.
func parse(line []byte) (e Entry, what string) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	switch err := d.Decode(&e); {
	case err != nil:
		return e, "it is no drill: " + err.Error()
	case e.Schema != Schema:
		return e, fmt.Sprintf("it is no %s, but %q", Schema, e.Schema)
	}
	return e, ""
}
