package evidence

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/measure"
)

// write leaves a drill's evidence as the command does.
func write(t *testing.T, out string, make func() (Drill, map[string][]byte)) (string, Result) {
	t.Helper()
	d, files := make()
	dir, err := Folder(out, d.Scenario.Name, time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	r := New(d)
	if err := Write(dir, r, d.History, files); err != nil {
		t.Fatal(err)
	}
	if err := WriteLog(dir, "app.us-east-1", strings.NewReader("listening\n")); err != nil {
		t.Fatal(err)
	}
	return dir, r
}

func TestRoundTrip(t *testing.T) {
	for name, make := range map[string]func() (Drill, map[string][]byte){"pass": outage, "fail": nightlyBackup} {
		dir, want := write(t, t.TempDir(), make)
		got, err := ReadResult(dir)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("read back (-written +read):\n%s", diff)
		}
		data, err := os.ReadFile(filepath.Join(dir, FileResult))
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name+".result.json", data)
	}
}

func TestReadResultIsStrict(t *testing.T) {
	dir, _ := write(t, t.TempDir(), outage)
	path := filepath.Join(dir, FileResult)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{
		Schema:                  "regionfall-result/v3",
		`"status": "completed"`: `"status": "done"`,
		`"verdict": "pass"`:     `"verdict": "green"`,
		`"leftovers": 0`:        `"leftovers": 0.5`,
		`"confirmed": true,`:    `"confirmed": true`,
		`"schema": `:            `"format": `,
	} {
		bad := strings.Replace(string(good), from, to, 1)
		if bad == string(good) {
			t.Fatalf("%s is not in the result", from)
		}
		if err := os.WriteFile(path, []byte(bad), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadResult(dir); err == nil {
			t.Errorf("read with %s", to)
		}
	}
}

// What an earlier version left is read as far as it goes: to be judged again, listed and shown.
func TestResultsOfTheFirstSchemaAreRead(t *testing.T) {
	for name, make := range map[string]func() (Drill, map[string][]byte){"v1.pass": outage, "v1.fail": nightlyBackup} {
		dir := filepath.Join(t.TempDir(), "20260801-120000-"+name)
		data, err := os.ReadFile(filepath.Join("testdata", name+".result.json"))
		if err == nil {
			err = os.Mkdir(dir, 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, FileResult), data, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := ReadResult(dir)
		if err != nil {
			t.Fatal(err)
		}
		d, _ := make()
		d.Ran = Ran{}
		d.Report.Incidents[0].Outages, d.Report.Incidents[0].InCharge = nil, "" // it had no word of its own for these
		want := New(d)
		want.Schema, want.Lab.Processes = schemaV1, nil
		for i := range want.Lab.Images { // nor for what they are for
			want.Lab.Images[i].For = want.Lab.Images[i].Name
		}
		slices.SortFunc(want.Lab.Images, func(a, b Image) int { return strings.Compare(a.Name, b.Name) })
		// nor for these
		for _, time := range []*measure.RecoveryTime{want.Metrics.RecoveryTime, want.Incidents[0].RecoveryTime} {
			time.Cause, time.Sum = "", measure.Interval{}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if err := WriteIndex(filepath.Dir(dir)); err != nil {
			t.Fatal(err)
		}
		index, err := os.ReadFile(filepath.Join(filepath.Dir(dir), "index.html"))
		if err != nil || !strings.Contains(string(index), ">"+want.Scenario.Name+"</a>") ||
			!strings.Contains(string(index), "recovery time: ") {
			t.Errorf("%s is not in the index: %v", name, err)
		}
		for from, to := range map[string]string{
			`"status": "completed"`: `"status": "done"`,
			`"verdict": "`:          `"verdict": "x`,
		} {
			bad := strings.Replace(string(data), from, to, 1)
			if err := os.WriteFile(filepath.Join(dir, FileResult), []byte(bad), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := ReadResult(dir); err == nil || bad == string(data) {
				t.Errorf("%s is read with %s", name, to)
			}
		}
	}
}

// Schema of the parts that are not measured: null, never 0 and never left out.
func TestNull(t *testing.T) {
	data, err := json.Marshal(New(Drill{Status: Completed}))
	if err != nil {
		t.Fatal(err)
	}
	var r struct{ Metrics map[string]any }
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"recovery_time", "recovery_point", "write_latency", "stale_config", "capacity", "clients", "sessions",
		"decisions", "conservation",
	} {
		if v, there := r.Metrics[name]; !there || v != nil {
			t.Errorf("%s is %v (there: %v), want null", name, v, there)
		}
	}
	for _, list := range []string{`"reasons":[]`, `"faults":[]`, `"incidents":[]`, `"findings":[]`, `"images":[]`} {
		if !strings.Contains(string(data), list) {
			t.Errorf("%s is missing", list)
		}
	}
}

var (
	outside  = regexp.MustCompile(`(?i)<script|<iframe|<link|<img|\ssrc=|url\(|@import|https?:|\son[a-z]+=|javascript:`)
	links    = regexp.MustCompile(`href="([^"]*)"`)
	absolute = regexp.MustCompile(`(^|[\s"'=>(])/(home|root|tmp|var|usr|work|Users|private|etc)\b`)
)

// Nothing of the machine is in the evidence, and the pages fetch nothing.
func TestEvidenceIsSelfContained(t *testing.T) {
	out := t.TempDir()
	write(t, out, outage)
	write(t, out, nightlyBackup)
	write(t, out, func() (Drill, map[string][]byte) { // the worst words the harness could get from outside
		d, files := nightlyBackup()
		d.Scenario.Name = `<script>alert(1)</script>`
		d.Report.Reasons[0] = `a "<img src=x onerror=alert(1)>" & more`
		d.History.Marks = append(d.History.Marks, d.History.Marks...)
		d.Err = &fs.PathError{Op: "open", Path: filepath.Join(out, "ops.jsonl.gz"), Err: fs.ErrPermission}
		return d, files
	})
	if err := WriteIndex(out); err != nil {
		t.Fatal(err)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	err = filepath.WalkDir(out, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		seen++
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text := string(data)
		if strings.Contains(text, out) || strings.Contains(text, host) || absolute.MatchString(text) {
			t.Errorf("%s names a place of this machine: %s", entry.Name(), absolute.FindString(text))
		}
		switch filepath.Ext(path) {
		case ".html":
			for _, tag := range outside.FindAllString(strings.ReplaceAll(text, "&lt;img src=x onerror=alert(1)", ""),
				-1) {
				t.Errorf("%s reaches outside: %s", path, tag)
			}
			for _, link := range links.FindAllStringSubmatch(text, -1) {
				if _, err := os.Stat(filepath.Join(filepath.Dir(path), link[1])); err != nil {
					t.Errorf("%s links to nothing: %v", entry.Name(), err)
				}
			}
			wellFormed(t, path, text)
		case ".xml":
			wellFormed(t, path, text)
		}
		return nil
	})
	if err != nil || seen < 3*6+2 {
		t.Errorf("looked at %d files: %v", seen, err)
	}
}

// wellFormed reads through a page: every tag is closed in order.
func wellFormed(t *testing.T, path, text string) {
	t.Helper()
	if strings.HasSuffix(path, ".html") { // what HTML lets stand open
		text = regexp.MustCompile(`(?s)<!doctype html>|<style>.*?</style>|<meta [^>]*>|<br>`).ReplaceAllString(text, "")
	}
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Errorf("%s: %v", path, err)
			return
		}
	}
}

// The report names the text of the app's own file, and tells what each reading found, or why there is none.
func TestTheReportNamesTheAppAndTheReadings(t *testing.T) {
	const digest = "5c0ffee5"
	drill := func(app string) func() (Drill, map[string][]byte) {
		return func() (Drill, map[string][]byte) {
			d, files := outage()
			d.Scenario.AppSHA256 = app
			at := history.Interval{Lo: 17 * time.Second, Hi: 17 * time.Second}
			d.History.Reads = []history.FinalRead{
				{
					Read: history.BeforeReturn, Store: history.StoreRedis, Region: "us-west-2", At: at,
					IDs: []string{"ver-00001", "ver-00002"},
				},
				{
					Read: history.AfterReconciliation, Store: history.StoreItems, Region: "us-west-2", At: at,
					Error: "it burns",
				},
			}
			return d, files
		}
	}
	page := func(app string) string {
		dir, _ := write(t, t.TempDir(), drill(app))
		data, err := os.ReadFile(filepath.Join(dir, FileReport))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	own := page(digest)
	for _, want := range []string{
		"app&#39;s SHA-256", digest, "read redis, before return", "2 writes in us-west-2",
		"read items, after reconciliation", "failed: it burns",
	} {
		if !strings.Contains(own, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	if strings.Contains(page(""), "app&#39;s SHA-256") {
		t.Error("the report names the file of an app that has none of its own")
	}
}

func TestWriteStaysInside(t *testing.T) {
	out := t.TempDir()
	d, _ := outage()
	err := Write(filepath.Join(out, "drill"), New(d), d.History, map[string][]byte{"../escaped": []byte("x")})
	if err == nil {
		t.Error("wrote outside of the folder")
	}
	if _, err := os.Stat(filepath.Join(out, "escaped")); err == nil {
		t.Error("wrote outside of the folder")
	}
}

func TestFolderIsUnique(t *testing.T) {
	out, at := t.TempDir(), time.Now()
	var all sync.Map
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			dir, err := Folder(out, "kyc/../zero loss", at)
			if _, twice := all.LoadOrStore(dir, true); err != nil || twice {
				t.Errorf("%s, twice: %v, %v", dir, twice, err)
			}
			if filepath.Dir(dir) != out {
				t.Errorf("%s is not in the folder it was asked for in", dir)
			}
		})
	}
	wait.Wait()
}

func TestIndex(t *testing.T) {
	out := t.TempDir()
	write(t, out, outage)
	write(t, out, nightlyBackup)
	for _, dir := range []string{"20260801-130000-running", "20260801-140000-damaged"} {
		if err := os.Mkdir(filepath.Join(out, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(out, "20260801-140000-damaged", FileResult), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := WriteIndex(out); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(out, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "index.json", data)
	page, err := os.ReadFile(filepath.Join(out, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"2 of 3 drills ended as expected.", `class="verdict fail"`,
		`<span class="word met">as expected</span><small>expected fail: recovery_point, recovery_time: met</small>`,
		`recovery time: &gt; 11.98 s (never recovered) <span class="dim">(objective 5 s)</span>`, `<td>fail</td>`,
		`<span class="word unmet">not as expected</span>`,
		"2026-08-01 12:00:00 UTC",
	} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page says nowhere %s", want)
		}
	}
	if strings.Contains(string(page), `word fail`) {
		t.Error("a verdict has a colour, though the drill ended as expected")
	}
	if got := (Index{AsExpected: 2, Drills: make([]Entry, 2)}).Summary(); got != "All 2 drills ended as expected." {
		t.Errorf("it says %q", got)
	}
	if err := WriteIndex(filepath.Join(out, "nowhere")); err == nil {
		t.Error("listed a folder that is not there")
	}
}
