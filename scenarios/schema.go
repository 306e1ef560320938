package scenarios

import (
	"github.com/regionfall/regionfall/scenarios/file"
	"github.com/regionfall/regionfall/scenarios/jsonschema"
)

// SchemaFile is where the schema of scenario files is published, in this repository.
const SchemaFile = "docs/schema/scenario.schema.json"

// Schema describes a scenario file, for editors, as Format has it. What can't be is for Parse to say.
func Schema() *jsonschema.Schema {
	s := file.Schema(Format{})
	s.Draft, s.ID = jsonschema.Draft7, "https://raw.githubusercontent.com/regionfall/regionfall/main/"+SchemaFile
	s.Title = "A scenario of Regionfall"
	s.Description = "One incident or remedy: what to break in which lab, under which load, and what must hold. " +
		"Durations are of the real world, and divided by the timescale where nothing else is said."
	return s
}
