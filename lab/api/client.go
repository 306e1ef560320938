package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// Caller makes one call of a node's HTTP. It sends in as JSON, if there is one, and reads the answer into out, if that
// is not nil. An answer that is no success is a StatusError.
type Caller interface {
	Call(ctx context.Context, method, path string, in, out any) error
}

// StatusError is an answer that is no success.
type StatusError struct {
	Code   int
	Text   string // the status line and the answer
	Answer string // alone
}

func (e StatusError) Error() string { return e.Text }

// Answered says whether an error is an answer with that status.
func Answered(err error, code int) bool {
	var s StatusError
	return errors.As(err, &s) && s.Code == code
}

// maxAnswer is how much of an answer is read.
const maxAnswer = 1 << 20

// HTTP calls whoever answers at an address.
type HTTP struct {
	Base   string // such as http://127.0.0.1:8080
	Client *http.Client
}

// Linked calls over a link. It connects anew for each call, since a link that is cut shows on new connections at once.
func Linked(base string) HTTP { return HTTP{Base: base, Client: LinkClient} }

// LinkClient is what speaks HTTP over links.
var LinkClient = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// Call makes one call.
func (h HTTP) Call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader = http.NoBody
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("write what %s is sent: %w", h.Base+path, err)
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, h.Base+path, body)
	if err != nil {
		return fmt.Errorf("ask %s: %w", h.Base+path, err)
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := h.client().Do(req)
	if err != nil {
		return err // it names the method and the URL
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read answer of %s: %w", h.Base+path, err)
	}
	if resp.StatusCode/100 != 2 {
		return StatusError{Code: resp.StatusCode, Text: fmt.Sprintf("%s %s answered %s: %s", method, h.Base+path,
			resp.Status, bytes.TrimSpace(answer)), Answer: string(answer)}
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("read answer of %s: %w", h.Base+path, err)
	}
	return nil
}

func (h HTTP) client() *http.Client {
	if h.Client == nil {
		return http.DefaultClient
	}
	return h.Client
}

// Automation is a failover automation to talk to.
type Automation struct{ Caller }

// State is what it is at.
func (a Automation) State(ctx context.Context) (s AutomationState, err error) {
	err = a.Call(ctx, http.MethodGet, "/state", nil, &s)
	return s, err
}

// Failover orders it to take over. Ordered again, or when it is under way, it changes nothing.
func (a Automation) Failover(ctx context.Context) (s AutomationState, err error) {
	err = a.Call(ctx, http.MethodPost, "/failover", nil, &s)
	return s, err
}

// Switchover orders a region to take over from the other, which lives. The error is a StatusError of 409 where it can't
// be done, and of 503 where it can be ordered a little later.
func (a Automation) Switchover(ctx context.Context, to string) (s AutomationState, err error) {
	err = a.Call(ctx, http.MethodPost, "/switchover", SwitchoverOrder{To: to}, &s)
	return s, err
}

// StepFaults are what its steps were told, by step.
func (a Automation) StepFaults(ctx context.Context) (all map[string]StepFault, err error) {
	err = a.Call(ctx, http.MethodGet, "/faults", nil, &all)
	return all, err
}

// FailStep tells a step to go wrong.
func (a Automation) FailStep(ctx context.Context, step string, how StepFault) error {
	return a.Call(ctx, http.MethodPut, "/faults/"+url.PathEscape(step), how, nil)
}

// RestoreStep takes that back, if it is what the step was told last.
func (a Automation) RestoreStep(ctx context.Context, step, do string) error {
	return a.Call(ctx, http.MethodDelete, "/faults/"+url.PathEscape(step)+"?do="+url.QueryEscape(do), nil, nil)
}

// Replicator is a replicator to talk to. It delivers its region's configuration as well.
type Replicator struct{ Caller }

// Lag is how far behind it is, by source and store.
func (r Replicator) Lag(ctx context.Context) (all []Lag, err error) {
	err = r.Call(ctx, http.MethodGet, "/lag", nil, &all)
	return all, err
}

// Rules are those that it copies by, by who set them.
func (r Replicator) Rules(ctx context.Context) (all map[string]Rule, err error) {
	err = r.Call(ctx, http.MethodGet, "/rules", nil, &all)
	return all, err
}

// SetRule sets a rule in place of the holder's last.
func (r Replicator) SetRule(ctx context.Context, holder string, rule Rule) error {
	return r.Call(ctx, http.MethodPut, "/rules/"+url.PathEscape(holder), rule, nil)
}

// RemoveRule takes the holder's away.
func (r Replicator) RemoveRule(ctx context.Context, holder string) error {
	return r.Call(ctx, http.MethodDelete, "/rules/"+url.PathEscape(holder), nil, nil)
}

// BeginSchedule has its schedule begin now.
func (r Replicator) BeginSchedule(ctx context.Context) error {
	return r.Call(ctx, http.MethodPost, "/schedule", nil, nil)
}

// RunRule copies all that a rule covers and that is there now, once.
func (r Replicator) RunRule(ctx context.Context, rule string) (run RuleRun, err error) {
	err = r.Call(ctx, http.MethodPost, "/schedule/run?rule="+url.QueryEscape(rule), nil, &run)
	return run, err
}

// Restore brings earlier versions of objects back, in its own region.
func (r Replicator) Restore(ctx context.Context, order RestoreOrder) (done Restored, err error) {
	err = r.Call(ctx, http.MethodPost, "/versions/restore", order, &done)
	return done, err
}

// Delivery is what it has published and delivered.
func (r Replicator) Delivery(ctx context.Context) (s DeliveryState, err error) {
	err = r.Call(ctx, http.MethodGet, "/config", nil, &s)
	return s, err
}

// Publish publishes a document, of a higher revision than the last. The error is a StatusError of 409 where somebody
// else has taken that revision.
func (r Replicator) Publish(ctx context.Context, document any) (s DeliveryState, err error) {
	err = r.Call(ctx, http.MethodPut, "/config", document, &s)
	return s, err
}

// FailDelivery tells the delivery to go wrong.
func (r Replicator) FailDelivery(ctx context.Context, holder string, how DeliveryOrder) error {
	return r.Call(ctx, http.MethodPut, "/config/faults/"+url.PathEscape(holder), how, nil)
}

// RestoreDelivery takes that back.
func (r Replicator) RestoreDelivery(ctx context.Context, holder string) error {
	return r.Call(ctx, http.MethodDelete, "/config/faults/"+url.PathEscape(holder), nil, nil)
}

// Nameservice is the name service to talk to.
type Nameservice struct{ Caller }

// Routing is what it answers, and why.
func (n Nameservice) Routing(ctx context.Context) (r Routing, err error) {
	err = n.Call(ctx, http.MethodGet, "/health", nil, &r)
	return r, err
}

// SetPrimary has it answer a region while that is healthy.
func (n Nameservice) SetPrimary(ctx context.Context, region string) (r Routing, err error) {
	err = n.Call(ctx, http.MethodPut, "/primary", PrimaryOrder{Region: region}, &r)
	return r, err
}

// SetWeights gives regions of a weighted record other weights; those that are not named keep theirs.
func (n Nameservice) SetWeights(ctx context.Context, weights map[string]int) (r Routing, err error) {
	err = n.Call(ctx, http.MethodPut, "/weights", weights, &r)
	return r, err
}

// App is a node of the sample app to talk to. Other apps need not answer that.
type App struct{ Caller }

// Capacity is what it serves at most.
func (a App) Capacity(ctx context.Context) (c Capacity, err error) {
	err = a.Call(ctx, http.MethodGet, "/capacity", nil, &c)
	return c, err
}

// SetCeiling gives it a ceiling by a name.
func (a App) SetCeiling(ctx context.Context, name string, rate float64) error {
	return a.Call(ctx, http.MethodPut, "/capacity/"+url.PathEscape(name), CapacityOrder{Rate: rate}, nil)
}

// RemoveCeiling takes the one of that name away.
func (a App) RemoveCeiling(ctx context.Context, name string) error {
	return a.Call(ctx, http.MethodDelete, "/capacity/"+url.PathEscape(name), nil, nil)
}
