package evidence

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/regionfall/regionfall/scenarios/evidence/page"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// IndexSchema names the format of index.json.
const IndexSchema = "regionfall-index/v2"

// Index lists the drills of a folder, the newest first.
type Index struct {
	Schema string `json:"schema"`
	// AsExpected is how many of the drills ended as the author of their scenario said: a remedy passed, an incident was
	// caught.
	AsExpected int     `json:"as_expected"`
	Drills     []Entry `json:"drills"`
}

// Entry is one drill. A folder whose result cannot be read is listed with why, not left out: it may be the one that
// matters.
type Entry struct {
	Folder        string                 `json:"folder"`
	Scenario      string                 `json:"scenario,omitempty"`
	Status        Status                 `json:"status,omitempty"`
	Verdict       measure.Verdict        `json:"verdict"`
	Expected      *Expected              `json:"expected,omitempty"`
	RecoveryTime  *measure.RecoveryTime  `json:"recovery_time"`
	RecoveryPoint *measure.RecoveryPoint `json:"recovery_point"`
	Error         string                 `json:"error,omitempty"`

	// For the page only.
	Rows        []measure.Row `json:"-"` // the metrics, without their parts
	Expectation string        `json:"-"`
	Began       *time.Time    `json:"-"`
}

// Met says whether the drill ended as expected.
func (e Entry) Met() bool { return e.Expected != nil && e.Expected.Met }

// Summary says first what a reader wants to know.
func (i Index) Summary() string {
	n := len(i.Drills)
	if i.AsExpected == n && n > 1 {
		return fmt.Sprintf("All %d drills ended as expected.", n)
	}
	return fmt.Sprintf("%d of %s ended as expected.", i.AsExpected, measure.Count(n, "drill", "drills"))
}

// Started is when the drill began: by its own word, else by its folder's name.
func (e Entry) Started() string {
	if e.Began != nil {
		return e.Began.UTC().Format("2006-01-02 15:04:05") + " UTC"
	}
	at, err := time.Parse(folderTime, e.Folder[:min(len(folderTime), len(e.Folder))])
	if err != nil {
		return ""
	}
	return at.Format("2006-01-02 15:04:05") + " UTC"
}

// WriteIndex lists in out/index.json and out/index.html the drills of the folders in out. A folder without a result is
// a drill that is running or was killed, and is not listed.
func WriteIndex(out string) error {
	folders, err := os.ReadDir(out)
	if err != nil {
		return fmt.Errorf("list the drills of %s: %w", out, err)
	}
	index := Index{Schema: IndexSchema, Drills: []Entry{}}
	for _, folder := range folders {
		if !folder.IsDir() {
			continue
		}
		r, err := ReadResult(filepath.Join(out, folder.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		e := Entry{Folder: folder.Name()}
		if err != nil {
			// the index may move, and says no path
			e.Error = strings.ReplaceAll(err.Error(), out+string(filepath.Separator), "")
		} else {
			e.Scenario, e.Status, e.Verdict, e.Expected = r.Scenario.Name, r.Status, r.Verdict, &r.Expected
			e.RecoveryTime, e.RecoveryPoint, e.Expectation = r.Metrics.RecoveryTime, r.Metrics.RecoveryPoint,
				r.Expectation()
			e.Began = r.Began
			e.Rows = slices.DeleteFunc(r.rows(), func(r measure.Row) bool { return r.Part || !r.Judged })
		}
		if e.Met() {
			index.AsExpected++
		}
		index.Drills = append(index.Drills, e)
	}
	slices.SortFunc(index.Drills, func(a, b Entry) int { return strings.Compare(b.Folder, a.Folder) })
	data, err := json.MarshalIndent(index, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the index of %s: %w", out, err)
	}
	return first([]error{
		writeBytes(out, "index.json", append(data, '\n')),
		writeWhole(out, "index.html", index.page().Render),
	})
}

func (i Index) page() page.Index {
	p := page.Index{Summary: i.Summary(), AsExpected: i.AsExpected == len(i.Drills)}
	for _, e := range i.Drills {
		p.Drills = append(p.Drills, page.Drill{
			Folder: e.Folder, Scenario: e.Scenario, Started: e.Started(), Met: e.Met(), Expectation: e.Expectation,
			Verdict: e.Verdict.String(), Status: unlessCompleted(e.Status), Rows: e.Rows, Error: e.Error,
		})
	}
	return p
}
