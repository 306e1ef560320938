package api

import (
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"

	"github.com/valyala/fasttemplate"

	"github.com/regionfall/regionfall/lab/topology"
)

// AppEnv is what the placeholders of an app's environment stand for in one node. The addresses are host:port as the
// node reaches them: those of a configuration, or those before anything has happened, when the primaries are in the
// home region, and the object and item stores in the node's own.
type AppEnv struct {
	Region, Node                  string
	Postgres, Redis, S3, DynamoDB string
	User, Database                string // of PostgreSQL, with Secret as password
	AccessKey, Secret             string // of S3 and DynamoDB
	ConfigFile                    string
}

// With is the same with the addresses of a configuration.
func (in AppEnv) With(c topology.Config) AppEnv {
	in.Postgres, in.Redis, in.S3, in.DynamoDB = c.Postgres.Address, c.Redis.Address, c.S3.Address, c.DynamoDB.Address
	return in
}

// A placeholder is a name and no more. Templates of the standard library can do more, but they look methods up by name
// while the program runs: the linker would have to keep the methods of every library, and the program would be 16 MB
// larger.
const (
	opening = "{{"
	closing = "}}"
)

var plainName = regexp.MustCompile(`^\s*\.([A-Za-z]\w*)\s*$`)

// Fill replaces the placeholders of a text by what they stand for in a node.
func (in AppEnv) Fill(text string) (string, error) {
	t, err := fasttemplate.NewTemplate(text, opening, closing)
	if err != nil { // it has no other
		open := text[strings.LastIndex(text, opening):]
		return "", fmt.Errorf("invalid placeholder %.40q: it has no closing %s", open, closing)
	}
	return t.ExecuteFuncStringWithErr(func(w io.Writer, between string) (int, error) {
		value, err := in.value(between)
		if err != nil {
			return 0, err
		}
		return io.WriteString(w, value)
	})
}

// value is what a placeholder stands for, by what is between its braces.
func (in AppEnv) value(between string) (string, error) {
	name := plainName.FindStringSubmatch(between)
	if name == nil {
		return "", fmt.Errorf("invalid placeholder %s%s%s: only plain names are understood: %s",
			opening, between, closing, placeholders())
	}
	field := reflect.ValueOf(in).FieldByName(name[1])
	if !field.IsValid() {
		return "", fmt.Errorf("unknown placeholder %s.%s%s: there are %s", opening, name[1], closing, placeholders())
	}
	return field.String(), nil
}

// placeholders lists all there are.
func placeholders() string {
	var all []string
	for field := range reflect.TypeFor[AppEnv]().Fields() {
		all = append(all, opening+"."+field.Name+closing)
	}
	return strings.Join(all, ", ")
}
