// Package api is every contract that programs of a lab have with one another on the wire, once: what agents are set up
// with, what they answer and are told, and what the sample apps answer. Both sides of a contract use its types.
package api
