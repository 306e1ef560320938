package steps

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/regionfall/regionfall/lab/agent/automation/world"
	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// metrics reads what the app nodes of a region count of the requests of clients, by their histogram
// topology.RequestMetric.
type metrics struct {
	nodes   []string // URLs of GET /metrics
	besides []string // routes that not clients ask, but health checks do
	within  time.Duration
}

// served counts requests since a node has started.
type served struct {
	all   uint64
	well  uint64 // answered with what is no failure of the app: a status below 500, and not 429
	quick uint64 // of those, in so little time as is asked for, or less: up to the next lower bound of a bucket
}

// countsBy has those of each node that could be asked.
type countsBy map[string]served

// since sums up what has come to the counts before. A node that counts less than before has started again. One that did
// not answer before is left out: nobody knows what of its counts is new.
func (c countsBy) since(before countsBy) (sum served) {
	for node, now := range c {
		then, known := before[node]
		if !known {
			continue
		}
		if now.all < then.all || now.well < then.well || now.quick < then.quick {
			then = served{}
		}
		sum.all += now.all - then.all
		sum.well += now.well - then.well
		sum.quick += now.quick - then.quick
	}
	return sum
}

// read asks all nodes. It fails when none answers, or none counts what is asked for: one that was not asked anything
// yet need not.
func (m metrics) read(ctx context.Context) (countsBy, error) {
	counts, errs := make([]served, len(m.nodes)), make([]error, len(m.nodes))
	var each sync.WaitGroup
	for i, url := range m.nodes {
		each.Go(runtime.With("read the metrics of a node of the app",
			func() { counts[i], errs[i] = m.readNode(ctx, url) }))
	}
	each.Wait()
	by, counted := countsBy{}, false
	for i, err := range errs {
		if err == nil || errors.Is(err, errNotCounted) {
			by[m.nodes[i]] = counts[i]
		}
		counted = counted || err == nil
	}
	if !counted {
		return by, fmt.Errorf("ask the app how it serves: %w", errors.Join(errs...))
	}
	return by, nil
}

var errNotCounted = errors.New("its metrics don't say it")

func (m metrics) readNode(ctx context.Context, url string) (s served, err error) {
	ctx, cancel := context.WithTimeout(ctx, world.AnswerLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return s, err
	}
	response, err := api.LinkClient.Do(request)
	if err != nil {
		return s, err // it names the method and the URL
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return s, fmt.Errorf("%w: GET %s answered %s", errNotCounted, url, response.Status)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return s, fmt.Errorf("read answer of %s: %w", url, err)
	}
	family := families[topology.RequestMetric]
	if family.GetType() != dto.MetricType_HISTOGRAM {
		return s, fmt.Errorf("%w: GET %s has no histogram %s", errNotCounted, url, topology.RequestMetric)
	}
	for _, metric := range family.GetMetric() {
		if slices.Contains(m.besides, label(metric, topology.RequestRoute)) {
			continue
		}
		h := metric.GetHistogram()
		s.all += h.GetSampleCount()
		status, err := strconv.Atoi(label(metric, topology.RequestStatus))
		if err != nil {
			return s, fmt.Errorf("%w: %s of %s has no label %s with a number", errNotCounted, topology.RequestMetric,
				url, topology.RequestStatus)
		}
		if status >= http.StatusInternalServerError || status == http.StatusTooManyRequests {
			continue
		}
		s.well += h.GetSampleCount()
		quick := uint64(0)
		for _, bucket := range h.GetBucket() { // cumulative
			if bucket.GetUpperBound() <= m.within.Seconds() {
				quick = max(quick, bucket.GetCumulativeCount())
			}
		}
		s.quick += quick
	}
	return s, nil
}

func label(m *dto.Metric, name string) string {
	for _, pair := range m.GetLabel() {
		if pair.GetName() == name {
			return pair.GetValue()
		}
	}
	return ""
}
