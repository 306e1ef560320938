// Package schema has the JSON Schemas that are published: of what drills leave, and of what people write. Tests keep
// them as the types and the reader have it: go test ./scenarios -update and go test ./scenarios/evidence
// -update-schema.
package schema

import _ "embed" // the files

// Result describes result.json.
//
//go:embed result.schema.json
var Result []byte

// Scenario describes a scenario file.
//
//go:embed scenario.schema.json
var Scenario []byte

// App describes an app file.
//
//go:embed app.schema.json
var App []byte
