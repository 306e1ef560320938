package app

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/regionfall/regionfall/scenarios/file"
	"github.com/regionfall/regionfall/scenarios/jsonschema"
)

// Path is a path of the app.
type Path string

// UnmarshalText reads a path such as /healthz.
func (p *Path) UnmarshalText(text []byte) error {
	*p = Path(text)
	if err := file.CheckText(string(text), longestTemplate, ""); err != nil {
		return err
	}
	if !isPath(string(text)) {
		return fmt.Errorf("%s is no path: write one such as /healthz", file.Quote(string(text)))
	}
	return nil
}

func isPath(text string) bool {
	_, err := url.ParseRequestURI(text)
	return err == nil && strings.HasPrefix(text, "/") && !strings.HasPrefix(text, "//") &&
		!strings.ContainsAny(text, "# \n\t")
}

// Form is that of a path.
func (*Path) Form() file.Form {
	return file.Form{Words: "a path", Schema: &jsonschema.Schema{Type: "string"}}
}

// Status is one status of HTTP, or all that begin with the same digit.
type Status struct{ low, high int }

var statusForm = regexp.MustCompile(`^[1-5]([0-9][0-9]|xx)$`)

// UnmarshalText reads a status such as 201, or 2xx.
func (s *Status) UnmarshalText(text []byte) error {
	if !statusForm.Match(text) {
		return fmt.Errorf("%s is no status: write one such as 201, or 2xx for all that begin so",
			file.Quote(string(text)))
	}
	s.low, _ = strconv.Atoi(strings.ReplaceAll(string(text), "x", "0")) // digits, by its form
	s.high, _ = strconv.Atoi(strings.ReplaceAll(string(text), "x", "9"))
	return nil
}

// Form is that of a status.
func (*Status) Form() file.Form {
	return file.Form{Words: "a status such as 201 or 2xx", Schema: &jsonschema.Schema{
		Type: []string{"string", "integer"}, Pattern: statusForm.String(), Examples: []any{"2xx", 201},
	}}
}

func (s Status) has(status int) bool { return s.low <= status && status <= s.high }

func anyHas(all []Status, status int) bool {
	for _, s := range all {
		if s.has(status) {
			return true
		}
	}
	return false
}

// Field is the way to a field of a JSON answer: keys and indices with dots between.
type Field string

var fieldForm = regexp.MustCompile(`^[^.\s]+(\.[^.\s]+)*$`)

// UnmarshalText reads a field such as data.id.
func (f *Field) UnmarshalText(text []byte) error {
	if err := file.CheckText(string(text), longestField, ""); err != nil {
		return err
	}
	if !fieldForm.Match(text) {
		return fmt.Errorf("%s is no field: write its keys with dots between, such as data.id", file.Quote(string(text)))
	}
	*f = Field(text)
	return nil
}

const longestField = 128

// Form is that of a field.
func (*Field) Form() file.Form {
	return file.Form{Words: "a field such as data.id", Schema: &jsonschema.Schema{
		Type: "string", Pattern: fieldForm.String(), MaxLength: longestField,
	}}
}

// Random is a random value.
type Random struct {
	Name   string  `yaml:"name,required" max:"32" example:"Customer" about:"What placeholders call it."`
	Number *Number `yaml:"number" example:"{from: 0, to: 499, digits: 3}" about:"A whole number."`
	Text   *Within `yaml:"text" example:"{from: 100, to: 300}" about:"A text that can't be compressed, in base64, of so many characters, which are multiples of 4."`
}

// Within are the bounds of a random value.
type Within struct {
	From int `yaml:"from" min:"0" max:"1000000" example:"100" about:"The least."`
	To   int `yaml:"to,required" min:"0" max:"1000000" example:"300" about:"The most."`
}

// Number is a random number.
type Number struct {
	Within `yaml:",inline"`
	Digits int `yaml:"digits" max:"9" example:"3" about:"How many digits it has at least."`
}

// groupOf is how many characters of base64 stand for three bytes.
const groupOf = 4

// Draw draws the random values of write number n, from 1.
func (a *App) Draw(seed uint64, n int64) []Drawn {
	if len(a.file.Random) == 0 {
		return nil
	}
	random := rand.New(rand.NewPCG(seed, uint64(n))) //nolint:gosec // not negative
	drawn := make([]Drawn, len(a.file.Random))
	for i, r := range a.file.Random {
		drawn[i] = Drawn{r.Name, r.draw(random)}
	}
	return drawn
}

func (r Random) draw(random *rand.Rand) string {
	if n := r.Number; n != nil {
		text := strconv.Itoa(n.From + random.IntN(n.To-n.From+1))
		return strings.Repeat("0", max(0, n.Digits-len(text))) + text
	}
	least, most := r.Text.From/groupOf, r.Text.To/groupOf
	bytes := make([]byte, 3*(least+random.IntN(most-least+1)))
	for i := range bytes {
		bytes[i] = byte(random.Uint32())
	}
	return base64.StdEncoding.EncodeToString(bytes)
}
