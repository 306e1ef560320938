package backup

import (
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/jackc/pgx/v5"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
)

// restoreEvery is how often a database that is being rebuilt is asked whether it is up.
const restoreEvery = 50 * time.Millisecond

// restore hands the newest base backup to the PostgreSQL node of the region, which waits for it, and waits until the
// database built from it takes writes.
type restore struct {
	objects  *s3.Client
	postgres topology.Endpoint
	file     string
	handed   string // what was handed over, for the mark
}

// NewRestore is the step of a failover that has PostgreSQL start from the newest base backup.
func NewRestore(cfg api.AutomationConfig) *restore {
	return &restore{
		objects: store.LinkedObjects(cfg.S3), postgres: cfg.Postgres, file: cfg.RestoreFile,
		handed: "handed over before",
	}
}

// Run hands over a backup unless that was done, and waits for the database.
func (r *restore) Run(ctx context.Context) (string, error) {
	if timeline, err := r.up(ctx); err == nil {
		return fmt.Sprintf("%s; up on timeline %d", r.handed, timeline), nil
	}
	// A file that is there is whole, and the node may have begun to read it: then it must stay the same.
	if _, err := os.Stat(r.file); errors.Is(err, os.ErrNotExist) {
		if err := r.handOver(ctx); err != nil {
			return "", err
		}
	} else if err != nil {
		return "", fmt.Errorf("look for the base backup: %w", err)
	}
	var timeline int
	err := runtime.Poll(ctx, restoreEvery, func(ctx context.Context) (err error) {
		timeline, err = r.up(ctx)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("wait for postgres to come up from the base backup: %w", err)
	}
	return fmt.Sprintf("%s; up on timeline %d", r.handed, timeline), nil
}

// up is nil when the database takes writes. One that does not answer within a moment is asked again rather than waited
// for.
func (r *restore) up(ctx context.Context) (timeline int, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	err = runtime.WithPostgres(ctx, r.postgres, func(conn *pgx.Conn) (err error) {
		timeline, err = runtime.ProveWritable(ctx, conn)
		return err
	})
	return timeline, err
}

func (r *restore) handOver(ctx context.Context) error {
	newest, err := NewestBackup(ctx, r.objects)
	if err != nil {
		return err
	}
	key := aws.ToString(newest.Key)
	object, err := r.objects.GetObject(ctx, &s3.GetObjectInput{
		Bucket: aws.String(topology.BackupsBucket),
		Key:    newest.Key,
	})
	if err != nil {
		return fmt.Errorf("get base backup %s: %w", key, err)
	}
	defer object.Body.Close()
	err = runtime.ReplaceFile(r.file, func(w io.Writer) error {
		tar, err := gzip.NewReader(object.Body)
		if err != nil {
			return fmt.Errorf("read base backup %s: %w", key, err)
		}
		if _, err := io.Copy(w, tar); err != nil { // a torn object fails here, by the checksum at its end
			return fmt.Errorf("read base backup %s: %w", key, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	// For whoever reads the mark, by the wall clock; nothing is measured by it.
	taken := aws.ToTime(newest.LastModified)
	if ended, err := time.Parse(time.RFC3339Nano, object.Metadata[metaEnded]); err == nil {
		taken = ended
	}
	r.handed = fmt.Sprintf("%s, %s old", key, time.Since(taken).Round(time.Millisecond))
	return nil
}

// NewestBackup finds the base backup that was stored last.
func NewestBackup(ctx context.Context, client *s3.Client) (types.Object, error) {
	all, err := listBackups(ctx, client)
	if err != nil {
		return types.Object{}, err
	}
	if len(all) == 0 {
		return types.Object{}, fmt.Errorf("no base backup in bucket %s", topology.BackupsBucket)
	}
	return all[len(all)-1], nil
}

// listBackups are the base backups in a store, oldest first. A bucket that does not exist is empty.
func listBackups(ctx context.Context, client *s3.Client) ([]types.Object, error) {
	var all []types.Object
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{
		Bucket: aws.String(topology.BackupsBucket), Prefix: aws.String(backupPrefix),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if store.HasCode(err, "NoSuchBucket") {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("list base backups: %w", err)
		}
		all = append(all, page.Contents...)
	}
	slices.SortFunc(all, storedBefore)
	return all, nil
}

// storedBefore orders base backups by when they were stored, as their keys have it: stores date to the second, and by a
// clock that may be stepped back.
func storedBefore(a, b types.Object) int {
	return cmp.Compare(aws.ToString(a.Key), aws.ToString(b.Key))
}
