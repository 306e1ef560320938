package app

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/regionfall/regionfall/scenarios/file"
	"github.com/regionfall/regionfall/scenarios/jsonschema"
)

const (
	longestImage = 255
	longestPath  = 255
)

// Image is the name of an image.
type Image string

var imageForm = regexp.MustCompile(`^` + imagePart + `(:[0-9]+)?(/` + imagePart + `)*` +
	`(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?(@sha256:[0-9a-f]{64})?$`)

const imagePart = `[a-z0-9]+([._-]+[a-z0-9]+)*`

// UnmarshalText reads a name such as shop:1.4.
func (i *Image) UnmarshalText(text []byte) error {
	if len(text) > longestImage || !imageForm.Match(text) {
		return fmt.Errorf("%s is no name of an image: write one such as shop:1.4", file.Quote(string(text)))
	}
	*i = Image(text)
	return nil
}

// Form is that of the name of an image.
func (*Image) Form() file.Form {
	return file.Form{Words: "the name of an image", Schema: &jsonschema.Schema{
		Type: "string", Pattern: imageForm.String(), MaxLength: longestImage,
	}}
}

// GoProgram is a main package: an import path, with or without a version, or a path from the file's folder on.
type GoProgram string

var programForm = regexp.MustCompile(`^(\./?|(\./)?[A-Za-z0-9][A-Za-z0-9._~/-]*(@[A-Za-z0-9][A-Za-z0-9.+-]*)?)$`)

// UnmarshalText reads a package such as ./cmd/shop.
func (p *GoProgram) UnmarshalText(text []byte) error {
	path, _, _ := strings.Cut(string(text), "@")
	if len(text) > longestPath || !programForm.Match(text) || !filepath.IsLocal(path) {
		return fmt.Errorf("%s is no package of Go: write one such as ./cmd/shop, or shop.example/cmd/shop@v1.4.0",
			file.Quote(string(text)))
	}
	*p = GoProgram(text)
	return nil
}

// Form is that of a main package.
func (*GoProgram) Form() file.Form {
	return file.Form{Words: "a package of Go", Schema: &jsonschema.Schema{
		Type: "string", Pattern: programForm.String(), MaxLength: longestPath,
	}}
}

// Folder is a folder, by its path from the file's.
type Folder string

var folderForm = regexp.MustCompile(`^(\.|(\./)?[A-Za-z0-9_][A-Za-z0-9._/-]*)$`)

// UnmarshalText reads a path such as ./shop.
func (f *Folder) UnmarshalText(text []byte) error {
	if len(text) > longestPath || !folderForm.Match(text) || !filepath.IsLocal(string(text)) {
		return fmt.Errorf("%s is no folder below the file's: write one such as . or ./shop", file.Quote(string(text)))
	}
	*f = Folder(text)
	return nil
}

// Form is that of a folder.
func (*Folder) Form() file.Form {
	return file.Form{Words: "a folder", Schema: &jsonschema.Schema{
		Type: "string", Pattern: folderForm.String(), MaxLength: longestPath,
	}}
}
