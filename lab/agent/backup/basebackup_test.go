package backup

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"pgregory.net/rapid"
)

const beginMain = "nbase.tar\x00\x00"

// dataDirectory is a small tar such as a server sends.
func dataDirectory(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for name, content := range map[string]string{"backup_label": "START WAL LOCATION", "PG_VERSION": "17\n"} {
		if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(content)), Mode: 0o600}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestArchiveIsKeptHoweverItIsCut(t *testing.T) {
	want := dataDirectory(t)
	rapid.Check(t, func(t *rapid.T) {
		var got bytes.Buffer
		a := archive{tar: &got}
		messages := [][]byte{[]byte(beginMain)}
		for rest := want; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "bytes")
			messages = append(messages, append([]byte{archiveData}, rest[:n]...),
				binary.BigEndian.AppendUint64([]byte{archiveProgress}, uint64(n)))
			rest = rest[n:]
		}
		for _, m := range messages {
			if err := a.take(m); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.end(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want, got.Bytes()) {
			t.Fatalf("%d bytes were kept of %d, or others", got.Len(), len(want))
		}
	})
}

func TestArchiveRefuses(t *testing.T) {
	whole := "d" + string(dataDirectory(t))
	for name, test := range map[string]struct {
		messages []string
		why      string
	}{
		"an empty message":         {[]string{""}, "is empty"},
		"data before the archive":  {[]string{whole}, "before an archive"},
		"another tablespace":       {[]string{"n16385.tar\x00/elsewhere\x00"}, "unexpected archive"},
		"a name without its end":   {[]string{"nbase.tar"}, "want two strings"},
		"a second main archive":    {[]string{beginMain, beginMain}, "arrived twice"},
		"a manifest":               {[]string{beginMain, whole, "m"}, "unexpected message of type 'm'"},
		"progress without a count": {[]string{beginMain, "p"}, "want 8"},
		"no archive at all":        {nil, "no archive"},
		"an archive without data":  {[]string{beginMain}, "torn"},
		"half an archive":          {[]string{beginMain, whole[:1025]}, "torn"},
		"an odd number of bytes":   {[]string{beginMain, whole + "\x00"}, "torn"},
	} {
		t.Run(name, func(t *testing.T) {
			a := archive{tar: io.Discard}
			var err error
			for _, m := range test.messages {
				if err = a.take([]byte(m)); err != nil {
					break
				}
			}
			if err == nil {
				err = a.end()
			}
			if err == nil || !strings.Contains(err.Error(), test.why) {
				t.Errorf("the error is %v, want one with %q", err, test.why)
			}
		})
	}
}

// answer is what a server sends on BASE_BACKUP.
func answer(directory []byte) []pgproto3.BackendMessage {
	row := func(values ...string) pgproto3.BackendMessage {
		r := &pgproto3.DataRow{}
		for _, v := range values {
			if v == "" {
				r.Values = append(r.Values, nil)
			} else {
				r.Values = append(r.Values, []byte(v))
			}
		}
		return r
	}
	result, done := &pgproto3.RowDescription{}, &pgproto3.CommandComplete{CommandTag: []byte("SELECT")}
	return []pgproto3.BackendMessage{
		result, row("0/2000028", "3"), done,
		result, row("", "", ""), done,
		&pgproto3.CopyOutResponse{},
		&pgproto3.CopyData{Data: []byte(beginMain)},
		&pgproto3.CopyData{Data: append([]byte{archiveData}, directory...)},
		&pgproto3.CopyDone{},
		&pgproto3.NoticeResponse{Message: "WAL archiving is not enabled"},
		result, row("0/2000100", "3"), done,
		done, &pgproto3.ReadyForQuery{TxStatus: 'I'},
	}
}

func receiveBackup(messages []pgproto3.BackendMessage) (walRange, []byte, error) {
	var tar bytes.Buffer
	b := baseBackupStream{tar: &tar}
	for _, m := range messages {
		if err := b.take(m); err != nil {
			return walRange{}, nil, err
		}
	}
	wal, err := b.result()
	return wal, tar.Bytes(), err
}

func TestBaseBackupAnswer(t *testing.T) {
	want := dataDirectory(t)
	wal, got, err := receiveBackup(answer(want))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(walRange{start: "0/2000028", stop: "0/2000100", timeline: "3"}, wal,
		cmp.AllowUnexported(walRange{})); diff != "" {
		t.Errorf("WAL range (-want +got):\n%s", diff)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("the archive arrived with %d bytes, want %d", len(got), len(want))
	}
}

func TestBaseBackupAnswerIsRefused(t *testing.T) {
	for name, change := range map[string]func(m []pgproto3.BackendMessage) []pgproto3.BackendMessage{
		"cut before the archive is whole": func(m []pgproto3.BackendMessage) []pgproto3.BackendMessage { return m[:8] },
		"cut before the end position": func(m []pgproto3.BackendMessage) []pgproto3.BackendMessage {
			return m[:10]
		},
		"no start position": func(m []pgproto3.BackendMessage) []pgproto3.BackendMessage { return m[3:] },
		"data without a stream": func(m []pgproto3.BackendMessage) []pgproto3.BackendMessage {
			return append(m[:6:6], m[7:]...)
		},
		"a row without a result set": func(m []pgproto3.BackendMessage) []pgproto3.BackendMessage { return m[1:] },
		"a stream for each tablespace, as before PostgreSQL 15": func(
			m []pgproto3.BackendMessage,
		) []pgproto3.BackendMessage {
			return append(m[:10:10], m[6:]...)
		},
		"a tablespace elsewhere": func(m []pgproto3.BackendMessage) []pgproto3.BackendMessage {
			m[4] = &pgproto3.DataRow{Values: [][]byte{[]byte("16385"), []byte("/elsewhere"), nil}}
			return m
		},
		"a message of another protocol": func(m []pgproto3.BackendMessage) []pgproto3.BackendMessage {
			m[6] = &pgproto3.CopyBothResponse{}
			return m
		},
	} {
		t.Run(name, func(t *testing.T) {
			if wal, _, err := receiveBackup(change(answer(dataDirectory(t)))); err == nil {
				t.Errorf("it was taken as %+v", wal)
			}
		})
	}
}

func TestServerErrorEndsTheBaseBackup(t *testing.T) {
	messages := answer(dataDirectory(t))
	messages[9] = &pgproto3.ErrorResponse{Severity: "ERROR", Code: "58P01", Message: "could not read file"}
	_, _, err := receiveBackup(messages)
	if pg := new(pgconn.PgError); !errors.As(err, &pg) || pg.Code != "58P01" {
		t.Errorf("the error is %v, want the server's", err)
	}
}

// FuzzBaseBackup feeds the reader what a server could send, byte by byte: it must not panic, and what it accepts must
// be whole.
func FuzzBaseBackup(f *testing.F) {
	var wire []byte
	for _, m := range answer(append(bytes.Repeat([]byte{1}, tarBlock), make([]byte, 2*tarBlock)...)) {
		var err error
		if wire, err = m.Encode(wire); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(wire)
	f.Add(wire[:len(wire)/2])
	f.Fuzz(func(t *testing.T, wire []byte) {
		frontend := pgproto3.NewFrontend(bytes.NewReader(wire), io.Discard)
		frontend.SetMaxBodyLen(1 << 20)
		var got bytes.Buffer
		b := baseBackupStream{tar: &got}
		for !b.ended {
			m, err := frontend.Receive()
			if err != nil {
				return
			}
			if err := b.take(m); err != nil {
				return
			}
		}
		if wal, err := b.result(); err == nil && (wal.start == "" || got.Len() < 2*tarBlock ||
			got.Len()%tarBlock != 0) {
			t.Errorf("accepted %d bytes from %+v", got.Len(), wal)
		}
	})
}
