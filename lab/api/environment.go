package api

import (
	"fmt"
	"io"
	"maps"
	"net"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/valyala/fasttemplate"

	"github.com/regionfall/regionfall/lab/topology"
)

// AppEnv is what the placeholders of an app's environment stand for in one node. The addresses are host:port as the
// node reaches them: those of a configuration, or those before anything has happened, when the primaries are in the
// home region, and the object and item stores in the node's own. Host and port have placeholders of their own besides.
type AppEnv struct {
	Region, Node                  string
	Postgres, Redis, S3, DynamoDB string
	// PostgresHosts are the databases of all regions, the node's own first, as "host:port,host:port". No configuration
	// changes them: whoever is told of all finds the primary by itself.
	PostgresHosts     string
	User, Database    string // of PostgreSQL, with Secret as password
	AccessKey, Secret string // of S3 and DynamoDB
	ConfigFile        string
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

// FillAll replaces the placeholders of texts, by whatever they are called: an error begins with that. It is nil where
// there are none.
func (in AppEnv) FillAll(texts map[string]string) (filled map[string]string, err error) {
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		text, err := in.Fill(texts[name])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if filled == nil {
			filled = map[string]string{}
		}
		filled[name] = text
	}
	return filled, nil
}

// value is what a placeholder stands for, by what is between its braces.
func (in AppEnv) value(between string) (string, error) {
	name := plainName.FindStringSubmatch(between)
	if name == nil {
		return "", fmt.Errorf("invalid placeholder %s%s%s: only plain names are understood: %s",
			opening, between, closing, placeholders())
	}
	if !slices.Contains(Placeholders(), name[1]) {
		return "", fmt.Errorf("unknown placeholder %s.%s%s: there are %s", opening, name[1], closing, placeholders())
	}
	for _, address := range addresses {
		part, is := strings.CutPrefix(name[1], address)
		if !is || part != hostPart && part != portPart {
			continue
		}
		// Before the lab is planned there are no addresses, and what is looked for is whether there is such a
		// placeholder.
		host, port, _ := net.SplitHostPort(in.field(address))
		if part == hostPart {
			return host, nil
		}
		return port, nil
	}
	return in.field(name[1]), nil
}

func (in AppEnv) field(name string) string { return reflect.ValueOf(in).FieldByName(name).String() }

// addresses are the fields that are host:port. Either part has a placeholder of its own, such as PostgresHost, for apps
// that want them apart.
var addresses = []string{"Postgres", "Redis", "S3", "DynamoDB"}

const (
	hostPart = "Host"
	portPart = "Port"
)

// Placeholders are the names of all there are.
func Placeholders() []string {
	var all []string
	for field := range reflect.TypeFor[AppEnv]().Fields() {
		all = append(all, field.Name)
		if slices.Contains(addresses, field.Name) {
			all = append(all, field.Name+hostPart, field.Name+portPart)
		}
	}
	return all
}

// placeholders lists all there are, as they are written.
func placeholders() string {
	all := Placeholders()
	for i, name := range all {
		all[i] = opening + "." + name + closing
	}
	return strings.Join(all, ", ")
}
