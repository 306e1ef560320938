package runner

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/scenarios/app"
)

// maxSaid is how much of an answer is told.
const maxSaid = 1 << 10

// send sends what an app's file says once.
func send(ctx context.Context, method, url string, filled app.Filled) (status int, said string, err error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(filled.Body))
	if err != nil {
		return 0, "", err
	}
	for _, h := range filled.Headers {
		req.Header.Set(h.Name, h.Text)
	}
	resp, err := api.LinkClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxSaid))
	return resp.StatusCode, string(bytes.TrimSpace(body)), err
}
