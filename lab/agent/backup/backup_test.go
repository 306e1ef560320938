package backup

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/regionfall/regionfall/lab/agent/agenttest"
	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
)

// The wall clock is stepped back by five minutes between two backups, of the store that dates them as of the job.
func TestNewestBackupIsTheOneStoredLast(t *testing.T) {
	kept, target := agenttest.NewObjectStore(t, "us-west-2")
	job := &backup{store: store.LinkedObjects(target.S3)}
	first := time.Date(2026, 8, 1, 12, 0, 0, 7, time.UTC)
	ended := []time.Time{first, first.Add(-5 * time.Minute), first.Add(-4 * time.Minute), first.Add(time.Second)}
	for i, at := range ended {
		report := api.BackupReport{Ended: at}
		if err := job.name(t.Context(), &report); err != nil {
			t.Fatal(err)
		}
		kept.WriteAt(report.Key, "us-east-1", at)
		newest, err := NewestBackup(t.Context(), job.store)
		if err != nil || aws.ToString(newest.Key) != report.Key {
			t.Errorf("backup %d was stored as %s, and the newest is %s: %v", i, report.Key, aws.ToString(newest.Key),
				err)
		}
	}
	want := []string{
		"base/20260801T120000.000000007Z.tar.gz", "base/20260801T120000.000000008Z.tar.gz",
		"base/20260801T120000.000000009Z.tar.gz", "base/20260801T120001.000000007Z.tar.gz",
	}
	if got := kept.Keys(); !slices.Equal(got, want) {
		t.Errorf("the keys are %v", got)
	}
	kept.Write("base/by-hand", "us-east-1")
	report := api.BackupReport{Ended: first}
	if err := job.name(t.Context(), &report); err != nil || report.Key != backupKey(first) {
		t.Errorf("after one that nobody can read the key is %s: %v", report.Key, err)
	}
}

func TestBackupRunsOneAtATime(t *testing.T) {
	nowhere := topology.Endpoint{Region: "x", Address: "127.0.0.1:1"}
	service, err := New(api.BackupConfig{
		Region: "east", Postgres: nowhere,
		Source: api.Stores{Region: "east", S3: nowhere, DynamoDB: nowhere},
		Target: api.Stores{Region: "west", S3: nowhere, DynamoDB: nowhere},
	}, runtime.NewMarks("backup.east"))
	if err != nil {
		t.Fatal(err)
	}
	job := service.(*backup)
	mux := http.NewServeMux()
	job.Routes(mux)
	ask := func(ctx context.Context) *httptest.ResponseRecorder {
		answer := httptest.NewRecorder()
		mux.ServeHTTP(answer, httptest.NewRequestWithContext(ctx, http.MethodPost, "/backup", http.NoBody))
		return answer
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	ask(gone) // begun, and its caller has gone; nothing runs it yet
	if answer := ask(t.Context()); answer.Code != http.StatusConflict {
		t.Errorf("a second backup was answered %d", answer.Code)
	}

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- job.Run(ctx) }()
	// The first fails, as there is no database, and after it another may begin.
	var answer *httptest.ResponseRecorder
	err = runtime.Poll(t.Context(), time.Millisecond, func(ctx context.Context) error {
		if answer = ask(ctx); answer.Code == http.StatusConflict {
			return errors.New(answer.Body.String())
		}
		return nil
	})
	if err != nil || answer.Code != http.StatusInternalServerError ||
		!strings.Contains(answer.Body.String(), "connect to postgres") {
		t.Errorf("without a database the answer is %d %s, %v", answer.Code, answer.Body, err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if marks := agenttest.Marks(job.marks); len(marks) != 2 || marks[0].Name != api.MarkFailed ||
		!strings.HasPrefix(marks[0].Detail, "backup: ") {
		t.Errorf("marks are %v, want two failures", marks)
	}
}

func TestBackupMustLeaveItsRegion(t *testing.T) {
	here := topology.Endpoint{Region: "east", Address: "127.0.0.1:1"}
	stores := api.Stores{Region: "east", S3: here, DynamoDB: here}
	if _, err := New(api.BackupConfig{Region: "east", Postgres: here, Source: stores, Target: stores},
		runtime.NewMarks("x")); err == nil {
		t.Error("a backup into its own region was taken on")
	}
}

func TestBackupSizeIsBounded(t *testing.T) {
	b := &boundedBuffer{limit: 4}
	if _, err := b.Write([]byte("1234")); err != nil {
		t.Error(err)
	}
	if _, err := b.Write([]byte("5")); err == nil || b.String() != "1234" {
		t.Errorf("beyond its bound it holds %q, %v", b, err)
	}
}

func TestBackupRetriesAFewTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := errors.New("slow")
		for failures, want := range map[int]error{0: nil, backupAttempts - 1: nil, backupAttempts: slow} {
			tried := 0
			err := retry(t.Context(), func() error {
				if tried++; tried <= failures {
					return slow
				}
				return nil
			})
			if !errors.Is(err, want) || tried != min(failures+1, backupAttempts) {
				t.Errorf("after %d failures it ends with %v, tried %d times", failures, err, tried)
			}
		}
	})
}
