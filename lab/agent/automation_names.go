package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// witnessLimit bounds one question to the witness.
const witnessLimit = time.Second

// witness says whether the home region is lost as seen from a third place. Without one, a partition between the two regions looks
// to each as if the other had died.
type witness interface {
	// SeesLoss is nil when the witness sees the loss too, and otherwise says what speaks against it.
	SeesLoss(ctx context.Context) error
}

// nameWitness is the name service as witness: its health checks reach the regions by ways of their own.
type nameWitness struct {
	names nameClient
	home  string
}

// SeesLoss asks for the health of the home region. A witness that cannot be reached agrees to nothing: then it may be this region that
// is cut off.
func (w nameWitness) SeesLoss(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, witnessLimit)
	defer cancel()
	record, err := w.names.health(ctx)
	if err != nil {
		return plain("the witness cannot be asked: " + cause(within(witnessLimit, err)))
	}
	for _, t := range record.Targets {
		switch {
		case t.Region != w.home:
		case t.Healthy:
			return fmt.Errorf("the witness sees %s healthy", w.home)
		default:
			return nil
		}
	}
	return fmt.Errorf("the witness does not know %s", w.home)
}

// namesHTTP connects anew for each question, as a link that is cut shows on new connections at once.
var namesHTTP = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// nameClient speaks to the name service.
type nameClient struct{ base string }

func (c nameClient) health(ctx context.Context) (RecordHealth, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/health", http.NoBody)
	if err != nil {
		return RecordHealth{}, fmt.Errorf("ask name service: %w", err)
	}
	return c.do(request)
}

func (c nameClient) makePrimary(ctx context.Context, region string) error {
	order, err := json.Marshal(map[string]string{"region": region})
	if err != nil {
		return fmt.Errorf("order primary: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, c.base+"/primary", bytes.NewReader(order))
	if err != nil {
		return fmt.Errorf("order primary: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	_, err = c.do(request)
	return err
}

func (c nameClient) do(request *http.Request) (RecordHealth, error) {
	response, err := namesHTTP.Do(request)
	if err != nil {
		return RecordHealth{}, err // it names the method and the URL
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return RecordHealth{}, fmt.Errorf("read answer of %s: %w", request.URL, err)
	}
	if response.StatusCode != http.StatusOK {
		return RecordHealth{}, fmt.Errorf("%s %s answered %s: %s", request.Method, request.URL, response.Status, bytes.TrimSpace(body))
	}
	var record RecordHealth
	if err := json.Unmarshal(body, &record); err != nil {
		return RecordHealth{}, fmt.Errorf("read answer of %s: %w", request.URL, err)
	}
	if record.Primary == "" || record.Answer == "" || len(record.Targets) == 0 {
		return RecordHealth{}, errors.New("name service answered without primary, answer and targets")
	}
	return record, nil
}
