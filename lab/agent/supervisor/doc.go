// Package supervisor keeps somebody's own app running in its node, as an orchestrator does: it starts the app with what
// the configuration says, starts it again when it exits, and tells why it did.
package supervisor
