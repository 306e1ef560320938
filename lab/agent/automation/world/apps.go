package world

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/regionfall/regionfall/lab/agent/runtime"
	"github.com/regionfall/regionfall/lab/api"
)

const (
	// ReadyEvery is how often app nodes that are awaited are asked.
	ReadyEvery = 20 * time.Millisecond
	// AnswerLimit is how long an app node may take to answer one question.
	AnswerLimit = time.Second

	mostRead = 1 << 16 // bytes of an answer
	mostTold = 1 << 10 // of those, in an error
)

// NotReady returns the app nodes, by their URLs, that are not ready with that revision or a later one. The error says
// what they lack.
func NotReady(ctx context.Context, nodes []string, revision int) (missing []string, err error) {
	errs := make([]error, len(nodes))
	var all sync.WaitGroup
	for i, url := range nodes {
		all.Go(runtime.With("ask a node of the app whether it is ready",
			func() { errs[i] = checkReady(ctx, url, revision) }))
	}
	all.Wait()
	for i, err := range errs {
		if err != nil {
			missing = append(missing, nodes[i])
		}
	}
	return missing, errors.Join(errs...)
}

// checkReady is nil when an app node is ready with that revision or a later one. One that does not name its revision is
// taken at its word that it is ready.
func checkReady(ctx context.Context, url string, revision int) error {
	ctx, cancel := context.WithTimeout(ctx, AnswerLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return fmt.Errorf("ask the app: %w", err)
	}
	response, err := api.LinkClient.Do(request)
	if err != nil {
		return err // it names the method and the URL
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, mostRead))
	if err != nil {
		return fmt.Errorf("read answer of the app: %w", err)
	}
	if response.StatusCode/100 != 2 { // as for health checks
		said := string(bytes.TrimSpace(body))
		if lacking, is := api.ReadAppNotReady(said); is { // of a supervisor
			said = lacking.Why
		}
		return fmt.Errorf("the app answered %s: %s", response.Status, said[:min(len(said), mostTold)])
	}
	named := response.Header.Get(api.HeaderRevision)
	if named == "" {
		return nil
	}
	has, err := strconv.Atoi(named)
	if err != nil {
		return fmt.Errorf("read the revision that the app has: %w", err)
	}
	if has < revision {
		return fmt.Errorf("the app is ready with revision %d", has)
	}
	return nil
}
