package history

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	goodOp    = `{"seq":1,"kind":"write","id":"v1","client":0,"due_ns":1,"sent_ns":2,"done_ns":3,"outcome":"ok","attempts":1}`
	goodMark  = `{"type":"mark","at_ns":4,"data":{"at":{"lo_ns":1,"hi_ns":2},"source":"automation.us-west-2","name":"promoted"}}`
	goodFault = `{"type":"fault","at_ns":4,"data":{"name":"lose_region","target":"us-east-1","regions":["us-east-1"],` +
		`"command_ns":1,"effective":{"lo_ns":2,"hi_ns":3},"confirmed":true}}`
	goodRead = `{"type":"final_read","at_ns":4,"data":{"read":"before_return","store":"items","region":"us-west-2",` +
		`"at":{"lo_ns":1,"hi_ns":2},"ids":["v1"]}}`
	goodConfig = `{"type":"config","at_ns":4,"data":{"at":{"lo_ns":1,"hi_ns":2},"node":"app-1.us-west-2","service":"app","region":"us-west-2",` +
		`"revision":1,"values":[{"key":"postgres","source":"region","region":"us-east-1","address":"hub:1"}]}}`
	goodLag   = `{"type":"lag","at_ns":4,"data":{"at":{"lo_ns":1,"hi_ns":2},"store":"items","from":"us-east-1","to":"us-west-2","behind_ns":3}}`
	goodPhase = `{"type":"phase","at_ns":4,"data":{"at_ns":4,"name":"steady_state"}}`
)

func TestDecodeErrorsNameTheLine(t *testing.T) {
	for name, line := range map[string]string{
		"an outcome of another world": strings.Replace(goodOp, `"ok"`, `"fine"`, 1),
		"an outcome as a number":      strings.Replace(goodOp, `"ok"`, `1`, 1),
		"an unknown key":              strings.Replace(goodOp, `"client"`, `"clnt"`, 1),
		"an unknown kind":             strings.Replace(goodOp, `"write"`, `"delete"`, 1),
		"two values":                  goodOp + goodOp,
		"null":                        "null",
		"an empty line":               "",
		"half a line":                 goodOp[:40],
	} {
		_, err := DecodeOps(strings.NewReader(goodOp + "\n" + line + "\n" + goodOp + "\n"))
		if err == nil || !strings.HasPrefix(err.Error(), "line 2: ") {
			t.Errorf("%s: error is %v", name, err)
		}
	}
	for name, line := range map[string]string{
		"an unknown type":       strings.Replace(goodMark, `"mark"`, `"note"`, 1),
		"an unknown key":        strings.Replace(goodFault, `"confirmed"`, `"proven"`, 1),
		"a backward mark":       strings.Replace(goodMark, `"lo_ns":1`, `"lo_ns":9`, 1),
		"a backward fault":      strings.Replace(goodFault, `"lo_ns":2`, `"lo_ns":9`, 1),
		"a backward config":     strings.Replace(goodConfig, `"lo_ns":1`, `"lo_ns":9`, 1),
		"an unknown value":      strings.Replace(goodConfig, `"key"`, `"name"`, 1),
		"a backward lag":        strings.Replace(goodLag, `"lo_ns":1`, `"lo_ns":9`, 1),
		"a lag ahead of time":   strings.Replace(goodLag, `"behind_ns":3`, `"behind_ns":-3`, 1),
		"an unknown read":       strings.Replace(goodRead, `"before_return"`, `"some_day"`, 1),
		"an event without data": `{"type":"phase","at_ns":1}`,
		"data that is null":     `{"type":"phase","at_ns":1,"data":null}`,
	} {
		_, err := DecodeEvents(strings.NewReader(goodPhase + "\n" + line + "\n"))
		if err == nil || !strings.HasPrefix(err.Error(), "line 2: ") {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}

func TestCutOffEndIsAcceptedAndSaid(t *testing.T) {
	h, err := DecodeOps(strings.NewReader(goodOp + "\n" + goodOp[:50]))
	if err != nil || !h.Truncated || len(h.Ops) != 1 {
		t.Errorf("%d operations, truncated %v: %v", len(h.Ops), h.Truncated, err)
	}
	if h, err := DecodeOps(strings.NewReader(goodOp + "\n" + goodOp)); err != nil || h.Truncated || len(h.Ops) != 2 {
		t.Errorf("only the last newline is missing: %d operations, truncated %v: %v", len(h.Ops), h.Truncated, err)
	}
}

// A recording cut at any byte is a readable prefix; one with garbage inside is an error.
func TestRecordingCutAnywhere(t *testing.T) {
	whole := t.TempDir()
	r, err := NewRecorder(whole)
	if err != nil {
		t.Fatal(err)
	}
	record(r, 200)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	ops, events := readFile(t, whole, OpsFile), readFile(t, whole, EventsFile)
	last := 0
	for n := 0; n < len(ops); n += 7 {
		dir := write(t, OpsFile, ops[:n], events)
		h, err := Load(dir)
		if err != nil || !h.Truncated || len(h.Ops) < last {
			t.Fatalf("cut at %d of %d: %d operations after %d, truncated %v: %v", n, len(ops), len(h.Ops), last,
				h.Truncated, err)
		}
		last = len(h.Ops)
	}
	if last < 100 {
		t.Errorf("only %d of 200 operations could be read", last)
	}
	bad := bytes.Clone(ops)
	copy(bad[len(bad)/2:], "garbage garbage garbage")
	if _, err := Load(write(t, OpsFile, bad, events)); err == nil || !strings.Contains(err.Error(), OpsFile+": line") {
		t.Errorf("garbage in the middle: %v", err)
	}
	if _, err := Load(write(t, OpsFile, append(bytes.Clone(ops), "more than a header is long"...),
		events)); err == nil {
		t.Error("garbage at the end was taken")
	}
}

func TestLoadReadsPlainOperations(t *testing.T) {
	dir := write(t, plainOpsFile, []byte(goodOp+"\n"), []byte(goodPhase+"\n"))
	h, err := Load(dir)
	if err != nil || h.Truncated || len(h.Ops) != 1 || h.Ops[0].Outcome != OK {
		t.Errorf("got %+v: %v", h, err)
	}
	if err := os.Remove(filepath.Join(dir, EventsFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), EventsFile) {
		t.Errorf("events are missing: %v", err)
	}
	if _, err := Load(t.TempDir()); err == nil || !strings.Contains(err.Error(), OpsFile) {
		t.Errorf("all is missing: %v", err)
	}
}

func TestOutcomeOutOfRangeIsNotWritten(t *testing.T) {
	if text, err := json.Marshal(Op{Outcome: 7}); err == nil {
		t.Errorf("written as %s", text)
	}
}

func FuzzDecodeOps(f *testing.F) {
	f.Add([]byte(goodOp + "\n"))
	f.Add([]byte(goodOp + "\n" + goodOp[:50]))
	f.Add([]byte("null\n"))
	f.Add([]byte(fullOp + "\n" + strings.Replace(fullOp, "busy", `\u003cbusy\ud800"`, 1) + "\n"))
	f.Add([]byte(strings.Replace(fullOp, "123", "0123", 1) + "\n" + strings.Replace(fullOp, "123", "-0", 1) + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := DecodeOps(bytes.NewReader(data))
		slow, slowErr := decodeOpsStrictly(data)
		if diff := cmp.Diff(slow, h); diff != "" || fmt.Sprint(err) != fmt.Sprint(slowErr) {
			t.Errorf("the scanner and encoding/json do not agree: %v, %v\n%s", err, slowErr, diff)
		}
		if err != nil {
			return
		}
		var again bytes.Buffer
		lines := json.NewEncoder(&again)
		for _, op := range h.Ops {
			if err := lines.Encode(op); err != nil {
				t.Fatalf("decoded, but can't be encoded: %v", err)
			}
		}
		same, err := DecodeOps(&again)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(h.Ops, same.Ops); diff != "" {
			t.Errorf("read again:\n%s", diff)
		}
	})
}

func FuzzDecodeEvents(f *testing.F) {
	f.Add([]byte(strings.Join([]string{goodMark, goodFault, goodFault, goodRead, goodPhase, ""}, "\n")))
	f.Add([]byte(goodPhase + "\n" + goodRead[:30]))
	f.Add([]byte(`{"type":"phase","at_ns":1,"data":null}` + "\n"))
	f.Add([]byte(strings.Replace(goodRead, `["v1"]`, `["v1","v2"],"ids":["v3"]`, 1) + "\n"))
	f.Add([]byte(goodRead + "\n" + strings.Replace(goodRead, `["v1"]`, `["v0","v1","v\n"]`, 1) + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := DecodeEvents(bytes.NewReader(data))
		slow, slowErr := decodeEventsStrictly(data)
		if diff := cmp.Diff(slow, h); diff != "" || (err == nil) != (slowErr == nil) {
			t.Errorf("the scanner and encoding/json do not agree: %v, %v\n%s", err, slowErr, diff)
		}
		if err != nil {
			return
		}
		for _, m := range h.Marks {
			if !m.At.Valid() {
				t.Errorf("mark %+v ends before it begins", m)
			}
		}
		for _, fault := range h.Faults {
			if fault.Effective != nil && !fault.Effective.Valid() {
				t.Errorf("fault %+v ends before it begins", fault)
			}
		}
		lines := bytes.Count(data, []byte("\n")) + 1
		if n := len(h.Marks) + len(h.Faults) + len(h.Reads) + len(h.Phases); n > lines {
			t.Errorf("%d events of %d lines", n, lines)
		}
	})
}

func readFile(t *testing.T, dir, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func write(t *testing.T, opsName string, ops, events []byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range map[string][]byte{opsName: ops, EventsFile: events} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
