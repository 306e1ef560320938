package scenarios

import (
	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/file"
	"github.com/regionfall/regionfall/scenarios/jsonschema"
)

// SchemaFile and AppSchemaFile are where the schemas of scenario files and of app files are published, in this
// repository.
const (
	SchemaFile    = "docs/schema/scenario.schema.json"
	AppSchemaFile = "docs/schema/app.schema.json"
)

// published is where a file of this repository is, for whoever has none.
const published = "https://raw.githubusercontent.com/regionfall/regionfall/main/"

// Schema describes a scenario file, for editors, as Format has it. What can't be is for Parse to say.
func Schema() *jsonschema.Schema {
	s := file.Schema(Format{})
	s.Draft, s.ID = jsonschema.Draft7, published+SchemaFile
	s.Title = "A scenario of Regionfall"
	s.Description = "One incident or remedy: what to break in which lab, under which load, and what must hold. " +
		"Durations are of the real world, and divided by the timescale where nothing else is said."
	return s
}

// AppSchema describes an app file, for editors, as app.Format has it.
func AppSchema() *jsonschema.Schema {
	s := file.Schema(app.Format{})
	s.Draft, s.ID = jsonschema.Draft7, published+AppSchemaFile
	s.Title = "An app that Regionfall drills"
	s.Description = "How its nodes run, what a write and a read are, which answers acknowledge a write, and where it " +
		"must be found."
	return s
}
