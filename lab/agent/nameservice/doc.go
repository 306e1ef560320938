// Package nameservice is the name service: it answers DNS by the policy of its record, and looks after the health of
// the regions.
package nameservice
