package workload

import (
	"cmp"
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/history"
)

// Protocol is what operations are on the wire. Its methods are called from many goroutines at once.
type Protocol interface {
	// Make makes the message of an operation: of equal operations, equal ones. It is nil for a kind that there is not.
	Make(op Operation) Message
	// Setup makes what a client (from 0) sends before its first operation, in its order, and again whenever what that
	// gave has expired; nil for nothing.
	Setup(prefix string, client int) []Message
}

// Message is an operation as it is sent, as often as it is tried.
type Message interface {
	// Send sends it once to an address (host:port), over the connection that the attempt holds, and reads the whole
	// answer.
	Send(ctx context.Context, address string, carried Carried, over *Attempt) Answer
}

// Direct is a message that goes to a store of a region, and not to its app.
type Direct interface {
	Message
	To() app.Target
	// String is what is sent, for people.
	String() string
}

// Followed is a message that is not all of its operation. Each is sent over a connection of its own.
type Followed interface {
	Message
	// Next is what is sent once this is acknowledged; nil: nothing more.
	Next() Message
	// Turn says which of the operation's messages it is, for people.
	Turn() string
}

// Login is who clients are to PostgreSQL.
type Login struct{ User, Password, Database string }

// Operation is what a message is made of.
type Operation struct {
	Kind   history.Kind
	ID     string // that the client chose for a write, or that a read is about
	Prefix string // of the ids of all writes of the load
	Number int64  // of a write, from 1
	Seed   uint64 // of the load's random values
}

// written is the number of the write that the operation is about, where clients chose its id.
func (o Operation) written() (number int64, known bool) {
	text, ours := strings.CutPrefix(o.ID, o.Prefix)
	number, err := strconv.ParseInt(text, 10, 64)
	return number, ours && o.Prefix != "" && err == nil
}

// Carried is what a client has from earlier answers.
type Carried struct {
	Kept     []app.Kept // of its setup, and of the operation's earlier messages
	ID       string     // that an earlier answer to the operation gave; empty: it has the client's
	Position string     // how far the database had come, for reads; empty: it does not say
	setup    int        // which of its setups Kept is of
}

// Result is what an answer says of an operation.
type Result int

// The results.
const (
	Unclear      Result = iota // it may have been done, or not
	Acknowledged               // it is done
	Refused                    // it was not done, and will not be
	Absent                     // what was asked for is not there
)

// Answer is what came of one attempt. The zero value says nothing.
type Answer struct {
	Result Result
	Why    string // it is not acknowledged, in the same words for whatever has the same fate
	Err    error  // there is no answer, or only a part of one
	Status int    // 0: the protocol has none
	// ID is the id that the service gave to what was written; empty: it has the client's.
	ID string
	// Kept is what the answer gives of which the message says that it is kept.
	Kept []app.Kept
	// Words are the answer for people, where the wire does not read well.
	Words string
	// Decided is what the answer says was decided; nil: nothing.
	Decided *history.Decided
	// Unsent says that only what goes before the operation was sent: the client was not let in.
	Unsent bool
	// Expired says that what the client's setup gave holds no more.
	Expired bool
	Extras
}

// Extras are what a service may say besides. What it does not say is not known.
type Extras struct {
	Region   string // that answered
	Node     string // that answered
	Revision int    // of its configuration
	Timeline int    // of PostgreSQL
	Position string // how far the database had come
	Path     string // where a read was answered from
	// Lag is how far behind that was. PostgreSQL dates transactions by the wall clock and subtracts: after a step of
	// that it is wrong until the next transaction is replayed. It is told beside what was found, and nothing is judged
	// by it.
	Lag time.Duration
}

// besides is what an answer says of who gave it together with the answers before it, to the same operation: what it
// leaves out is as they said, and the database is the oldest of theirs, since a part of the operation went there.
func (e Extras) besides(before Extras) Extras {
	e.Region, e.Node = cmp.Or(e.Region, before.Region), cmp.Or(e.Node, before.Node)
	e.Revision = cmp.Or(e.Revision, before.Revision)
	if e.Timeline == 0 || before.Timeline > 0 && before.Timeline < e.Timeline {
		e.Timeline = before.Timeline
	}
	return e
}
