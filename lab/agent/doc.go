// Package agent holds the programs that run inside a lab: the name service with its health checks, the failover
// automation, the replicators of objects and items, the backup job, and the repository of the configurations. They are
// parts of the system under test: they reach other regions through links only, can be killed, and can be replaced by a
// user's own.
package agent
