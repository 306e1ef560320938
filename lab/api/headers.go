package api

// Headers of answers of an app, all optional: what is not said is not known.
const (
	HeaderRegion   = "X-Region"            // the region of who answers
	HeaderNode     = "X-Node"              // its node
	HeaderRevision = "X-Config-Revision"   // of the configuration that it has in force; 0: none yet
	HeaderTimeline = "X-Postgres-Timeline" // of the database that it writes to; 0: not known now
	// in the log, after a write or of what was read; also of requests, of what must be there
	HeaderPosition = "X-Postgres-Position"
	HeaderReadPath = "X-Read-Path"       // where it was read, such as local
	HeaderLag      = "X-Replication-Lag" // of what was read from, in milliseconds
	HeaderCache    = "X-Cache"           // hit or miss
)
