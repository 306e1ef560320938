package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// linkHTTP connects anew for each question, as a link that is cut shows on new connections at once.
var linkHTTP = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// exchange sends a document as JSON, if there is one, and reads the answer, which is 200 and JSON.
func exchange(ctx context.Context, method, url string, send, into any) error {
	var body io.Reader = http.NoBody
	if send != nil {
		data, err := json.Marshal(send)
		if err != nil {
			return fmt.Errorf("write what %s is sent: %w", url, err)
		}
		body = bytes.NewReader(data)
	}
	request, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return fmt.Errorf("ask %s: %w", url, err)
	}
	if send != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := linkHTTP.Do(request)
	if err != nil {
		return err // it names the method and the URL
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("read answer of %s: %w", url, err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s answered %s: %s", method, url, response.Status, bytes.TrimSpace(answer))
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("read answer of %s: %w", url, err)
	}
	return nil
}
