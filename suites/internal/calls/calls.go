// Package calls is the table of S3 calls that the lab and the sample apps rely on: each row is a promise with a check
// of it, and with a lie that the check must catch. Where stores differ there are two rows of one call: for those that
// have an ability, and for the others. docs/stores.md is written from the table.
package calls

import (
	"context"
	"net/http"
	"slices"

	"github.com/regionfall/regionfall/lab/image"
)

// Ability is one of image.Abilities, in words.
type Ability string

// The abilities.
const (
	Durable          Ability = "durable"
	Versions         Ability = "versions"
	ConditionalPuts  Ability = "conditional puts"
	Signatures       Ability = "signatures"
	NestedKeys       Ability = "nested keys"
	DistinctVersions Ability = "distinct versions"
	BucketRaces      Ability = "bucket races"
)

// among says whether it is one of a store's. Every store has the empty one.
func (a Ability) among(has image.Abilities) bool {
	switch a {
	case "":
		return true
	case Durable:
		return has.Durable
	case Versions:
		return has.Versions
	case ConditionalPuts:
		return has.ConditionalPuts
	case Signatures:
		return has.Signatures
	case NestedKeys:
		return has.NestedKeys
	case DistinctVersions:
		return has.DistinctVersions
	case BucketRaces:
		return has.BucketRaces
	}
	panic("there is no ability " + a)
}

// Row is one call, or one behaviour.
type Row struct {
	Call    string // such as "PutObject with If-None-Match"
	Promise string // goes on from there: "is refused where the key exists"
	// Needs is what a store has to be able to do for this to be promised, Lacks what it is promised without; mostly
	// neither.
	Needs, Lacks Ability
	keep         func(ctx context.Context, s *Store) error
	// lie is what the check must not believe; forge does the same to an answer to a request without the SDK.
	lie   lie
	forge func(*http.Response)
}

// Table is all rows, in the order of the documentation.
func Table() []Row {
	return slices.Concat(buckets, objects, conditional, listing, versions, multipart, presigned, access, durability)
}

// AppliesTo says whether the row is about a store with these abilities.
func (r Row) AppliesTo(has image.Abilities) bool {
	return r.Needs.among(has) && (r.Lacks == "" || !r.Lacks.among(has))
}

// Check asks a store whether it keeps the promise; the error says what it does instead.
func (r Row) Check(ctx context.Context, s Store) error {
	s.lies, s.forge = nil, nil
	return r.keep(ctx, &s)
}

// CheckLied is Check of a store whose answers are not what it said, or that is not asked what it should be: nil would
// mean that the check tells nothing.
func (r Row) CheckLied(ctx context.Context, s Store) error {
	s.lies, s.forge = r.lie, r.forge
	return r.keep(ctx, &s)
}
