package backup

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab/agent/replicator"
	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
)

const (
	// backupLimit bounds one run of the job.
	backupLimit = 2 * time.Minute
	// backupAttempts and backupRetry are for what the job asks of the stores.
	backupAttempts = 3
	backupRetry    = 300 * time.Millisecond
	// maxBackupSize bounds a base backup after compression, as it is held in memory until it is stored. The lab's are
	// some 10 MB.
	maxBackupSize = 512 << 20

	backupPrefix     = "base/"
	backupSuffix     = ".tar.gz"
	backupTimeLayout = "20060102T150405.000000000Z" // of fixed width: keys sort by time
)

// The metadata of a base backup.
const (
	metaStartLSN = "start-lsn"
	metaStopLSN  = "stop-lsn"
	metaTimeline = "timeline"
	metaBegan    = "began"
	metaEnded    = "ended" // when its last byte arrived: what was committed later is not in it
	metaRegion   = "region"
)

// backup is the nightly job of the home region: what it brought to the target is all that is left when the region is
// lost.
type backup struct {
	cfg   api.BackupConfig
	marks *runtime.Marks
	store *s3.Client
	runs  chan backupRun // holds the one that is to run

	mu   sync.Mutex
	busy bool
}

type backupRun struct{ done chan<- backupResult }

type backupResult struct {
	report api.BackupReport
	err    error
}

// New makes the agent that takes backups when it is asked to.
func New(cfg api.BackupConfig, m *runtime.Marks) (runtime.Service, error) {
	var errs []error
	for _, needed := range []struct{ name, value string }{
		{"postgres", cfg.Postgres.Address},
		{"source.s3", cfg.Source.S3.Address},
		{"source.dynamodb", cfg.Source.DynamoDB.Address},
		{"target.s3", cfg.Target.S3.Address},
		{"target.dynamodb", cfg.Target.DynamoDB.Address},
	} {
		if needed.value == "" {
			errs = append(errs, fmt.Errorf("%s is missing", needed.name))
		}
	}
	if cfg.Source.Region == cfg.Target.Region {
		errs = append(errs, fmt.Errorf("a backup of %s must not stay there", cfg.Source.Region))
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("make backup job: %w", errors.Join(errs...))
	}
	return &backup{cfg: cfg, marks: m, store: store.LinkedObjects(cfg.Target.S3), runs: make(chan backupRun, 1)}, nil
}

// Routes adds POST /backup, which answers 200 with a BackupReport when the backup is there, 409 while another one runs
// and 500 when it failed, and GET /backups, which answers what is stored. A backup is finished also when the caller has
// gone.
func (b *backup) Routes(mux *http.ServeMux) {
	mux.HandleFunc("POST /backup", b.serveBackup)
	mux.HandleFunc("GET /backups", b.serveBackups)
}

func (b *backup) serveBackup(w http.ResponseWriter, r *http.Request) {
	if !b.begin() {
		http.Error(w, "a backup is running", http.StatusConflict)
		return
	}
	done := make(chan backupResult, 1)
	b.runs <- backupRun{done: done} // it has room: nobody else began
	select {
	case result := <-done:
		if result.err != nil {
			http.Error(w, result.err.Error(), http.StatusInternalServerError)
			return
		}
		runtime.WriteJSON(w, result.report)
	case <-r.Context().Done():
	}
}

func (b *backup) serveBackups(w http.ResponseWriter, r *http.Request) {
	all, err := listBackups(r.Context(), b.store)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	stored := make([]api.StoredBackup, len(all))
	for i, o := range all {
		stored[i] = api.StoredBackup{
			Key: aws.ToString(o.Key), Bytes: aws.ToInt64(o.Size),
			Stored: aws.ToTime(o.LastModified),
		}
	}
	runtime.WriteJSON(w, stored)
}

// Run takes the backups that are asked for, until ctx ends.
func (b *backup) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case run := <-b.runs:
			report, err := b.take(ctx)
			b.end()
			if err != nil {
				b.marks.Leave(api.MarkFailed, "backup: "+runtime.OneLine(err))
			} else {
				b.marks.Leave(api.MarkBackup, fmt.Sprintf("%s, %d bytes, %d objects and %d items copied",
					report.Key, report.Bytes, report.Objects, report.Items))
			}
			run.done <- backupResult{report: report, err: err}
		}
	}
}

func (b *backup) begin() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	was := b.busy
	b.busy = true
	return !was
}

func (b *backup) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.busy = false
}

// take makes one backup. The database comes first: whatever object or item a row in it refers to was there before the
// row, and is then among those that are copied after.
func (b *backup) take(ctx context.Context) (api.BackupReport, error) {
	ctx, cancel := context.WithTimeout(ctx, backupLimit)
	defer cancel()
	report := api.BackupReport{Began: time.Now().UTC()}
	content, err := b.takeDatabase(ctx, &report)
	if err != nil {
		return report, err
	}
	if err := retry(ctx, func() error { return b.name(ctx, &report) }); err != nil {
		return report, err
	}
	if err := retry(ctx, func() error { return b.keep(ctx, &report, content) }); err != nil {
		return report, err
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, part := range []struct {
		copied *int
		copy   func(ctx context.Context, from, to api.Stores) (int, error)
	}{
		{&report.Objects, replicator.CopyObjects},
		{&report.Items, replicator.CopyItems},
	} {
		group.Go(func() error {
			defer runtime.LastWords("copy what is to be backed up")
			return retry(ctx, func() error {
				copied, err := part.copy(ctx, b.cfg.Source, b.cfg.Target)
				*part.copied += copied
				return err
			})
		})
	}
	return report, group.Wait()
}

// retry tries a thing that may be repeated a few times: a store that is slow for a moment must not cost the night's
// backup.
func retry(ctx context.Context, try func() error) error {
	for attempt := 1; ; attempt++ {
		err := try()
		if err == nil || attempt == backupAttempts || runtime.Pause(ctx, backupRetry) != nil {
			return err
		}
		slog.Info("backup: once more", "attempt", attempt, "error", err)
	}
}

// takeDatabase takes the base backup, compressed.
func (b *backup) takeDatabase(ctx context.Context, report *api.BackupReport) ([]byte, error) {
	content := &boundedBuffer{limit: maxBackupSize}
	// Speed: the network of the lab is a loopback, its processor is shared with all that is being measured.
	zip, err := gzip.NewWriterLevel(content, gzip.BestSpeed)
	if err != nil {
		return nil, fmt.Errorf("compress base backup: %w", err)
	}
	tar := &countingWriter{to: zip}
	wal, err := takeBaseBackup(ctx, b.cfg.Postgres, tar)
	if err != nil {
		return nil, err
	}
	if err := zip.Close(); err != nil {
		return nil, fmt.Errorf("compress base backup: %w", err)
	}
	report.Ended = time.Now().UTC()
	report.StartLSN, report.StopLSN, report.Timeline = wal.start, wal.stop, wal.timeline
	report.TarBytes, report.Bytes = tar.bytes, int64(content.Len())
	return content.Bytes(), nil
}

// name gives a base backup its key: by when it ended, and after all that are stored. The wall clock may have been
// stepped back since the last one, and an older backup must not be taken for the newest.
func (b *backup) name(ctx context.Context, report *api.BackupReport) error {
	all, err := listBackups(ctx, b.store)
	if err != nil {
		return err
	}
	report.Key = backupKey(report.Ended)
	if len(all) > 0 {
		report.Key = max(report.Key, keyAfter(aws.ToString(all[len(all)-1].Key)))
	}
	return nil
}

func backupKey(at time.Time) string { return backupPrefix + at.Format(backupTimeLayout) + backupSuffix }

// keyAfter is the next key; empty after one that the job has not given.
func keyAfter(key string) string {
	at, err := time.Parse(backupTimeLayout, strings.TrimSuffix(strings.TrimPrefix(key, backupPrefix), backupSuffix))
	if err != nil {
		return ""
	}
	return backupKey(at.Add(1))
}

// keep stores a base backup in the target.
func (b *backup) keep(ctx context.Context, report *api.BackupReport, content []byte) error {
	if err := store.MakeBucket(ctx, b.store, topology.BackupsBucket, b.cfg.Target.Region); err != nil {
		return err
	}
	_, err := b.store.PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(topology.BackupsBucket), Key: aws.String(report.Key), Body: bytes.NewReader(content),
		ContentType: aws.String("application/gzip"),
		Metadata: map[string]string{
			metaStartLSN: report.StartLSN,
			metaStopLSN:  report.StopLSN,
			metaTimeline: report.Timeline,
			metaBegan:    report.Began.Format(time.RFC3339Nano),
			metaEnded:    report.Ended.Format(time.RFC3339Nano),
			metaRegion:   b.cfg.Region,
			"tar-bytes":  strconv.FormatInt(report.TarBytes, 10),
		},
	})
	if err != nil {
		return fmt.Errorf("store base backup in %s: %w", b.cfg.Target.Region, err)
	}
	return nil
}
