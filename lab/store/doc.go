// Package store is how PostgreSQL, Redis, S3 and DynamoDB are spoken to, a file each: for the harness past all faults,
// and for agents over links. Each call is made once: whoever calls decides about the next one.
package store
