package runner

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/history"
)

// Job orders a job of the app from a node of the region in charge, past all faults, or runs one of the lab.
func (l drillLab) Job(ctx context.Context, name string) error {
	job := l.app.Job(name)
	if job == nil {
		return l.Lab.Job(ctx, name)
	}
	r, err := l.Observe().Routing(ctx)
	if err != nil {
		return fmt.Errorf("order job %s: %w", name, err)
	}
	at, err := l.Addresses().Endpoints(r.Primary)
	if err != nil {
		return fmt.Errorf("order job %s: %w", name, err)
	}
	filled := job.Fill(app.Values{})
	return orderJob(ctx, name, job, filled, at.App)
}

func orderJob(ctx context.Context, name string, job *app.Operation, filled app.Filled, address string) error {
	status, said, err := send(ctx, job.Method, "http://"+address+filled.Path, filled)
	if err != nil {
		return fmt.Errorf("order job %s: %w", name, err)
	}
	if !job.Acknowledges(status) {
		return fmt.Errorf("order job %s: %s %s answered %d: %s", name, job.Method, filled.Path, status, said)
	}
	return nil
}

// objectsOf speaks to the S3 of a region, past all faults.
func (l drillLab) objectsOf(region string) (*s3.Client, error) {
	tap, err := l.Addresses().Tap(topology.ServiceS3.Host(region))
	if err != nil {
		return nil, err
	}
	return store.Objects(tap, region, api.LinkClient), nil
}

// Pipeline lists the objects of the app's pipeline.
func (l drillLab) Pipeline(ctx context.Context, region string) ([]history.PipelineSight, error) {
	client, err := l.objectsOf(region)
	if err != nil {
		return nil, err
	}
	p := l.app.Pipeline()
	var all []history.PipelineSight
	for _, prefix := range outermost(p.Prefixes()) {
		listed, err := store.ListObjects(ctx, client, prefix)
		if err != nil {
			return nil, err
		}
		for _, o := range listed {
			if at, is := p.Place(o.Key); is {
				all = append(all, history.PipelineSight{
					Part: string(at.Part), Stage: at.Stage, Partition: at.Partition, Object: o.Key, Version: o.Version,
				})
			}
		}
	}
	return all, nil
}

// outermost are the prefixes that no other one covers.
func outermost(prefixes []string) []string {
	return slices.DeleteFunc(slices.Clone(prefixes), func(p string) bool {
		return slices.ContainsFunc(prefixes, func(other string) bool {
			return other != p && strings.HasPrefix(p, other)
		})
	})
}

const (
	// mostInPortion is how large an object of a pipeline may be.
	mostInPortion = 64 << 20
	readsAtOnce   = 8
)

// Portions reads the objects of the app's pipeline.
func (l drillLab) Portions(ctx context.Context, region string) ([]history.Portion, error) {
	sights, err := l.Pipeline(ctx, region)
	if err != nil {
		return nil, err
	}
	client, err := l.objectsOf(region)
	if err != nil {
		return nil, err
	}
	sights = slices.DeleteFunc(sights, func(s history.PipelineSight) bool { return s.Part == history.PartDone })
	all := make([]history.Portion, len(sights))
	var g errgroup.Group
	g.SetLimit(readsAtOnce)
	for i, s := range sights {
		g.Go(func() error {
			p := history.Portion{Part: s.Part, Stage: s.Stage, Partition: s.Partition, Object: s.Object}
			data, err := store.ReadObject(ctx, client, s.Object, mostInPortion)
			if err == nil {
				err = fillPortion(&p, data, l.app.Pipeline().Key)
			}
			if err != nil {
				p.Error = err.Error()
			}
			all[i] = p
			return nil
		})
	}
	_ = g.Wait()
	slices.SortFunc(all, func(a, b history.Portion) int { return cmp.Compare(a.Object, b.Object) })
	return all, nil
}

// fillPortion reads the records of an object, one JSON document a line.
func fillPortion(p *history.Portion, data []byte, key app.Field) error {
	var lines [][]byte
	for line := range bytes.Lines(data) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			lines = append(lines, line)
		}
	}
	slices.SortFunc(lines, bytes.Compare)
	sum := sha256.New()
	for _, line := range lines {
		_, _ = sum.Write(append(slices.Clip(line), '\n'))
		id, err := fieldOf(line, key)
		if err != nil {
			return err
		}
		p.Keys = append(p.Keys, id)
	}
	slices.Sort(p.Keys)
	p.Records, p.SHA256 = len(lines), hex.EncodeToString(sum.Sum(nil))
	if p.Part == history.PartExpected {
		p.Keys = nil // its hash says enough
	}
	return nil
}

var errNoKey = errors.New("a record has no such field")

// fieldOf is the text of a field of a record.
func fieldOf(record []byte, field app.Field) (string, error) {
	at := json.RawMessage(record)
	for part := range strings.SplitSeq(string(field), ".") {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(at, &fields); err != nil {
			return "", fmt.Errorf("read a record: %w", err)
		}
		below, is := fields[part]
		if !is {
			return "", fmt.Errorf("%w: %s", errNoKey, field)
		}
		at = below
	}
	var text string
	if err := json.Unmarshal(at, &text); err == nil {
		return text, nil
	}
	return string(at), nil // a number, as it stands
}
