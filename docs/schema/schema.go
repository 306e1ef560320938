// Package schema has the JSON Schema that is published of what drills leave. Those of what people write are beside it,
// for editors; the program makes them anew, by what it reads. Tests keep all of them as the types and the reader have
// it: go test ./scenarios -update and go test ./scenarios/evidence -update-schema.
package schema

import _ "embed" // the file

// Result describes result.json.
//
//go:embed result.schema.json
var Result []byte
