package agent

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/regionfall/regionfall/lab/topology"
)

func TestNewestBackupIsTheOneStoredLast(t *testing.T) {
	second := time.Unix(1_700_000_000, 0)
	object := func(key string, at time.Time) types.Object {
		return types.Object{Key: aws.String(key), LastModified: &at}
	}
	old, first, last := object("base/9", second), object("base/1", second.Add(time.Second)), object("base/2", second.Add(time.Second))
	if storedBefore(old, first) >= 0 || storedBefore(first, last) >= 0 || storedBefore(last, old) <= 0 {
		t.Error("base backups are not in the order in which they were stored")
	}
}

func TestBackupRunsOneAtATime(t *testing.T) {
	nowhere := topology.Endpoint{Region: "x", Address: "127.0.0.1:1"}
	service, err := newBackup(BackupConfig{
		Region: "east", Postgres: nowhere,
		Source: Stores{Region: "east", S3: nowhere, DynamoDB: nowhere}, Target: Stores{Region: "west", S3: nowhere, DynamoDB: nowhere},
	}, NewMarks("backup.east"))
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
	err = poll(t.Context(), time.Millisecond, func(ctx context.Context) error {
		if answer = ask(ctx); answer.Code == http.StatusConflict {
			return errors.New(answer.Body.String())
		}
		return nil
	})
	if err != nil || answer.Code != http.StatusInternalServerError || !strings.Contains(answer.Body.String(), "connect to postgres") {
		t.Errorf("without a database the answer is %d %s, %v", answer.Code, answer.Body, err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if marks := marksOf(job.marks); len(marks) != 2 || marks[0].Name != MarkFailed || !strings.HasPrefix(marks[0].Detail, "backup: ") {
		t.Errorf("marks are %v, want two failures", marks)
	}
}

func TestBackupMustLeaveItsRegion(t *testing.T) {
	here := topology.Endpoint{Region: "east", Address: "127.0.0.1:1"}
	stores := Stores{Region: "east", S3: here, DynamoDB: here}
	if _, err := newBackup(BackupConfig{Region: "east", Postgres: here, Source: stores, Target: stores}, NewMarks("x")); err == nil {
		t.Error("a backup into its own region was taken on")
	}
}

func TestBackupSizeIsBounded(t *testing.T) {
	b := &boundedBuffer{most: 4}
	if _, err := b.Write([]byte("1234")); err != nil {
		t.Error(err)
	}
	if _, err := b.Write([]byte("5")); err == nil || b.String() != "1234" {
		t.Errorf("beyond its bound it holds %q, %v", b, err)
	}
}

func TestBackupInsistsAFewTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := errors.New("slow")
		for failures, want := range map[int]error{0: nil, backupAttempts - 1: nil, backupAttempts: slow} {
			tried := 0
			err := insist(t.Context(), func() error {
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
