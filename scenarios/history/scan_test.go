package history

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const fullOp = `{"seq":2,"kind":"read","id":"v-1","client":3,"due_ns":123,"sent_ns":124,"done_ns":-5,"outcome":"failed","status":503,` +
	`"region":"us-east-1","node":"app-1.us-east-1","revision":2,"timeline":3,"path":"local","lag_ns":7,"retry":1,"attempts":1,"given":true,"error":"status 503: busy"}`

// decodeOpsStrictly decodes every line by encoding/json.
func decodeOpsStrictly(data []byte) (h History, err error) {
	h.Truncated, err = eachLine(bytes.NewReader(data), func(line []byte) error {
		op, err := decodeOp(line)
		if err == nil {
			h.Ops = append(h.Ops, op)
		}
		return err
	})
	return h, err
}

func decodeEventsStrictly(data []byte) (h History, err error) {
	var order ordering
	h.Truncated, err = eachLine(bytes.NewReader(data), func(line []byte) error { return h.addLine(line, &order) })
	return h, err
}

// What the recorder writes is recognized, whatever it says; what it would not write is left to encoding/json.
func TestScannerRecognizesWhatIsRecorded(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
		"", "us-east-1", `a "quoted" <word> & \ more`,
		"grün", "\xff", "\u2028",
	}))
	small := rapid.OneOf(rapid.IntRange(0, 3), rapid.IntRange(-1000, 1000))
	long := rapid.Int64Range(-999_999_999_999_999_999, 999_999_999_999_999_999)
	s := scanner{texts: newTexts()}
	rapid.Check(t, func(t *rapid.T) {
		op := Op{
			Seq: long.Draw(t, "seq"), Kind: rapid.SampledFrom([]Kind{Write, Read}).Draw(t, "kind"),
			ID: text.Draw(t, "id"), Client: small.Draw(t, "client"),
			Due: time.Duration(long.Draw(t, "due")), Sent: time.Duration(long.Draw(t, "sent")),
			Done:    time.Duration(long.Draw(t, "done")),
			Outcome: rapid.SampledFrom([]Outcome{OK, Failed, Unknown}).Draw(t, "outcome"),
			Status:  small.Draw(t, "status"),
			Region:  text.Draw(t, "region"), Node: text.Draw(t, "node"), Revision: small.Draw(t, "revision"),
			Timeline: small.Draw(t, "timeline"),
			Path:     text.Draw(t, "path"), Lag: time.Duration(long.Draw(t, "lag")), Retry: small.Draw(t, "retry"),
			Attempts: small.Draw(t, "attempts"), Given: rapid.Bool().Draw(t, "given"),
			Error: text.Draw(t, "error"),
		}
		if rapid.Bool().Draw(t, "decided") {
			op.Decided = &Decided{
				Decision: rapid.SampledFrom([]string{Approved, Denied, Pending}).Draw(t, "decision"),
				Of:       text.Draw(t, "of"), By: text.Draw(t, "by"),
			}
		}
		line, err := json.Marshal(op)
		if err != nil {
			t.Fatal(err)
		}
		want, err := decodeOp(line)
		if err != nil {
			t.Fatal(err)
		}
		var got Op
		if !s.op(line, &got) {
			t.Fatalf("not recognized: %s", line)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-json +scanner):\n%s", line, diff)
		}
	})
	for _, line := range []string{
		strings.Replace(fullOp, `"seq":2,`, ``, 1), strings.Replace(fullOp, `"client":3`, `"client": 3`, 1),
		strings.Replace(fullOp, `123`, `0123`, 1),
		strings.Replace(fullOp, `123`, `1e3`, 1), strings.Replace(fullOp, `123`, `1234567890123456789`, 1),
		strings.Replace(fullOp, `"v-1"`, `"v-1`, 1),
		strings.Replace(fullOp, `"v-1"`, `"v`+"\t"+`1"`, 1), strings.Replace(fullOp, `"v-1"`, `"v`+"\xff"+`1"`, 1),
		strings.Replace(fullOp, `"v-1"`, `"v\x1"`, 1),
		strings.Replace(fullOp, `"client":3`, `"client":3000000000`, 1),
		strings.Replace(fullOp, `}`, `,"decided":{"decision":"aproved","of":"c-1"}}`, 1), fullOp + fullOp,
		fullOp[:len(fullOp)-1], "",
		"{",
	} {
		if s.op([]byte(line), new(Op)) {
			t.Errorf("recognized %s", line)
		}
	}
}

// A final read is decoded as any other event is, only sooner.
func TestFinalReadsAreScanned(t *testing.T) {
	many := strings.Replace(goodRead, `["v1"]`, `["v1","v2","v4","v5","v5"]`, 1)
	longest := strings.Replace(goodRead, `["v1"]`, `["v0","v1","v2","v3","v4","v5"]`, 1)
	for name, c := range map[string]struct {
		line    string
		scanned bool
	}{
		"one":          {goodRead, true},
		"many":         {many, true},
		"more":         {longest, true},
		"wide":         {strings.Replace(goodRead, `v1`, `grün`, 1), true},
		"none":         {strings.Replace(goodRead, `"v1"`, ``, 1), false},
		"escaped":      {strings.Replace(goodRead, `v1`, `\u003cv1`, 1), false},
		"with an end":  {strings.Replace(goodRead, `"v1"]`, `"v1"],"error":"timeout"`, 1), false},
		"twice":        {strings.Replace(goodRead, `["v1"]`, `["v1"],"ids":["v2"]`, 1), false},
		"of no text":   {strings.Replace(goodRead, `"v1"`, `"v1",null`, 1), false},
		"no comma":     {strings.Replace(goodRead, `"v1"`, `"v1""v2"`, 1), false},
		"another kind": {strings.Replace(goodRead, `before_return`, `some_day`, 1), false},
		"a phase":      {strings.Replace(goodRead, `final_read`, `phase`, 1), false},
	} {
		var h History
		if scanned := h.addReading([]byte(c.line), newTexts(), new(ordering)); scanned != c.scanned {
			t.Errorf("%s: scanned is %v", name, scanned)
		}
		lines := []byte(many + "\n" + c.line + "\n" + longest + "\n")
		got, gotErr := DecodeEvents(bytes.NewReader(lines))
		want, wantErr := decodeEventsStrictly(lines)
		if diff := cmp.Diff(want, got); diff != "" || (gotErr == nil) != (wantErr == nil) {
			t.Errorf("%s: %v, want %v\n%s", name, gotErr, wantErr, diff)
		}
	}
}

// Readings of many ids share what they have in common, and still are what was read.
func TestLongReadingsShareTheirIDs(t *testing.T) {
	var ids []string
	for i := range shareFrom + 1000 {
		ids = append(ids, fmt.Sprintf("v-%06d", i))
	}
	without := slices.Delete(slices.Clone(ids), 5000, 5003)
	var lines []byte
	for _, ids := range [][]string{ids, ids, without, without[:shareFrom], ids, {"v-000000"}, ids[1:]} {
		list, err := json.Marshal(ids)
		if err != nil {
			t.Fatal(err)
		}
		line := []byte(strings.Replace(goodRead, `["v1"]`, string(list), 1))
		lines = append(append(lines, line...), '\n')
	}
	got, err := DecodeEvents(bytes.NewReader(lines))
	if err != nil {
		t.Fatal(err)
	}
	want, err := decodeEventsStrictly(lines)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if &got.Reads[0].IDs[0] != &got.Reads[1].IDs[0] || &got.Reads[1].IDs[0] == &got.Reads[2].IDs[0] {
		t.Error("the first two are the same, the third is not")
	}
}

// What a stream gives is what is read, with the same end, however it comes.
func TestReadAhead(t *testing.T) {
	text := strings.Repeat("regionfall\n", 3*maxBlocks*blockSize/10)
	broken := errors.New("broken")
	for name, r := range map[string]io.Reader{
		"whole": strings.NewReader(text), "by halves": iotest.HalfReader(strings.NewReader(text)),
		"end with the data": iotest.DataErrReader(strings.NewReader(text)),
		"empty":             strings.NewReader(""), "broken": io.MultiReader(strings.NewReader(text),
			iotest.ErrReader(broken)),
	} {
		a := prefetch(r)
		got, err := io.ReadAll(a)
		if want := map[string]error{"broken": broken}[name]; !errors.Is(err, want) {
			t.Errorf("%s: it ends with %v, want %v", name, err, want)
		}
		if want := map[string]string{"empty": ""}; name == "empty" && string(got) != want[name] || name != "empty" &&
			string(got) != text {
			t.Errorf("%s: %d bytes are not those of the stream, %d", name, len(got), len(text))
		}
		a.close()
	}
	// Whoever has read enough ends it.
	a := prefetch(iotest.HalfReader(strings.NewReader(text)))
	if _, err := io.ReadFull(a, make([]byte, 100)); err != nil {
		t.Error(err)
	}
	a.close()
}

// What repeats is in memory once.
func TestTextsAreShared(t *testing.T) {
	texts := newTexts()
	var first, second Op
	s := scanner{texts: texts}
	if !s.op([]byte(fullOp), &first) || !s.op([]byte(fullOp), &second) {
		t.Fatal("not recognized")
	}
	if n := testing.AllocsPerRun(100, func() { s.op([]byte(fullOp), &second) }); n > 1 { // the line itself
		t.Errorf("an operation like the one before takes %v allocations", n)
	}
	other, err := decodeOp([]byte(fullOp))
	if err != nil {
		t.Fatal(err)
	}
	texts.share(&other)
	if diff := cmp.Diff(first, other); diff != "" {
		t.Errorf("sharing changes an operation:\n%s", diff)
	}
	for _, n := range []int{1, pieceSize, pieceSize + 1} {
		if id := texts.keep(bytes.Repeat([]byte("x"), n)); len(id) != n {
			t.Errorf("%d characters were kept as %d", n, len(id))
		}
	}
}
