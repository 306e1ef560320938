package harness

import (
	"bytes"
	"compress/gzip"
	"slices"
	"testing"
	"testing/fstest"
)

func TestHoldingLooksIntoEveryFile(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write([]byte(`{"password": "the word"}`))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := Holding(fstest.MapFS{
		"result.json": {Data: []byte("{}")}, "logs/a.log": {Data: []byte("it is the word.\n")},
		"ops.jsonl.gz": {Data: packed.Bytes()},
	}, "the word")
	if err != nil || !slices.Equal(got, []string{"logs/a.log", "ops.jsonl.gz"}) {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := Holding(fstest.MapFS{}, "the word"); err == nil {
		t.Error("nothing was looked at, and that is fine?")
	}
	if _, err := Holding(fstest.MapFS{"a.gz": {Data: []byte("not packed")}}, "the word"); err == nil {
		t.Error("a file that can't be looked into was passed over")
	}
}
