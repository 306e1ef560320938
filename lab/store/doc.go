// Package store is how PostgreSQL, Redis, S3 and DynamoDB are spoken to, a file each: for the harness past all faults, and for agents over links. Each
// call is made once: whoever calls decides about the next one.
package store

import (
	"net"
	"net/http"
	"time"
)

// A cut link must be noticed while it matters, not after TCP has given up.
const (
	dialWithin   = 500 * time.Millisecond
	headerWithin = 2 * time.Second
)

// LinkClient speaks HTTP to a store over a link, at most so many calls at once on connections that are kept.
func LinkClient(calls int) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext:           (&net.Dialer{Timeout: dialWithin}).DialContext,
		ResponseHeaderTimeout: headerWithin,
		MaxIdleConnsPerHost:   calls,
		IdleConnTimeout:       10 * time.Second,
	}}
}
