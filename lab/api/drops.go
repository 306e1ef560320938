package api

import (
	"context"
	"net/http"
	"net/url"
)

// DropOrder is the body of PUT /drops/{name} of an app with a pipeline: of the records that a stage is given of a
// partition, it is to lose a share without saying so. The order is kept until DELETE /drops/{name}, also when a node
// of the app ends.
type DropOrder struct {
	Stage     string  `json:"stage"`
	Partition string  `json:"partition"`
	Share     float64 `json:"share"` // of 1
}

// DropTrial is the body of POST /drops/trial: a stage is to be given so many records of a partition, made up, and
// nothing of what comes of them is kept.
type DropTrial struct {
	Stage     string `json:"stage"`
	Partition string `json:"partition"`
	Records   int    `json:"records"`
}

// DropOutcome answers a trial.
type DropOutcome struct {
	In       int `json:"in"`
	Out      int `json:"out"`
	Rejected int `json:"rejected"`
}

// Drops are the orders that it has, by their names.
func (a App) Drops(ctx context.Context) (all map[string]DropOrder, err error) {
	err = a.Call(ctx, http.MethodGet, "/drops", nil, &all)
	return all, err
}

// Drop gives it an order by a name.
func (a App) Drop(ctx context.Context, name string, order DropOrder) error {
	return a.Call(ctx, http.MethodPut, "/drops/"+url.PathEscape(name), order, nil)
}

// Undrop takes the order of that name away.
func (a App) Undrop(ctx context.Context, name string) error {
	return a.Call(ctx, http.MethodDelete, "/drops/"+url.PathEscape(name), nil, nil)
}

// TryDrops has a stage do its work on records that nobody needs.
func (a App) TryDrops(ctx context.Context, trial DropTrial) (o DropOutcome, err error) {
	err = a.Call(ctx, http.MethodPost, "/drops/trial", trial, &o)
	return o, err
}
