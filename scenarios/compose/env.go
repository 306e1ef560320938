package compose

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/file"
)

const (
	itsBucket = topology.Bucket
	itsTable  = topology.ItemsTable

	user      = "{{.User}}"
	secret    = "{{.Secret}}"
	database  = "{{.Database}}"
	accessKey = "{{.AccessKey}}"
)

// address is the placeholder of a store's address, or of a part of it: Host or Port.
func (k kind) address(part string) string { return "{{." + string(k) + part + "}}" }

// environment makes templates of what leads an app to its stores.
type environment struct {
	*project
	values map[string]string // as the compose file has them
	lineOf func(name string) int
	// prefixes are what the names of variables with the host of a store begin with, such as DB of DB_HOST.
	prefixes map[string]kind
	led      map[string]bool // the stores that something leads to
	made     map[string]string
}

// templates are the variables of an app file.
func (e *environment) templates() map[string]string {
	e.prefixes, e.led, e.made = map[string]kind{}, map[string]bool{}, map[string]string{}
	names := slices.Sorted(maps.Keys(e.values))
	for _, name := range names {
		if e.isRefused(name) {
			continue
		}
		value := e.values[name]
		for _, s := range e.stores {
			value = e.lead(name, value, s)
		}
		e.made[name] = value
	}
	for _, name := range names {
		if value, is := e.made[name]; is && value == e.values[name] {
			e.part(name)
		}
	}
	return e.made
}

// isRefused says whether an app file can't have a variable.
func (e *environment) isRefused(name string) bool {
	line := e.lineOf(name)
	switch {
	case slices.Contains(topology.AppVariables(), name):
		e.remark(line, "%s is left out: the lab sets it itself", name)
	case strings.ContainsAny(name, "= ") || name == "":
		e.remark(line, "%q is left out: it is no name of a variable", name)
	case strings.Contains(e.values[name], "{{"):
		e.remark(line, "%s is left out: its value holds {{, which begins a placeholder in an app file", name)
	default:
		err := file.CheckText(e.values[name], longestValue, "\n\t")
		if err != nil {
			e.remark(line, "%s is left out: %v", name, err)
		}
		return err != nil
	}
	return true
}

// longestValue is what a line of an app file takes.
const longestValue = 900

// lead puts placeholders in place of what leads to a store.
func (e *environment) lead(name, value string, s store) string {
	for _, host := range s.hosts {
		k := e.kindFor(name, s)
		if k == "" || !strings.Contains(value, host) {
			continue
		}
		quoted := regexp.QuoteMeta(host)
		switch {
		case value == host:
			e.led[s.name] = true
			e.prefixes[prefixOf(name)] = k
			return k.address("Host")
		case k == postgres && regexp.MustCompile(`(^|\s)host\s*=\s*`+quoted+`(\s|$)`).MatchString(value):
			e.led[s.name] = true
			return keywords(value)
		case regexp.MustCompile(`//([^/@\s]*@)?` + quoted + `([:/?,]|$)`).MatchString(value):
			e.led[s.name] = true
			return e.url(name, value, quoted, k)
		}
		bare := regexp.MustCompile(`(^|[^\w.-])` + quoted + `:\d+`)
		if bare.MatchString(value) {
			e.led[s.name] = true
			return bare.ReplaceAllString(value, "${1}"+k.address(""))
		}
	}
	return value
}

// kindFor is which of a store's kinds a variable is about; empty for none. LocalStack serves two at one address, and
// the lab at two.
func (e *environment) kindFor(name string, s store) kind {
	if len(s.kinds) == 0 {
		return ""
	}
	if len(s.kinds) == 1 {
		return s.kinds[0]
	}
	upper := strings.ToUpper(name)
	if strings.Contains(upper, "DYNAMO") || strings.Contains(upper, "DDB") {
		return items
	}
	return objects
}

// url is a URL, or several, with the store's address in place.
func (e *environment) url(name, value, host string, k kind) string {
	line := e.lineOf(name)
	switch k {
	case postgres:
		at := regexp.MustCompile(`//([^/@\s]*@)?` + host + `(:\d+)?(/[^?\s"']*)?`)
		return at.ReplaceAllStringFunc(value, func(found string) string {
			parts := at.FindStringSubmatch(found)
			made := "//"
			if parts[1] != "" {
				made += user + ":" + secret + "@"
			}
			made += k.address("")
			if len(parts[3]) > 1 {
				made += "/" + database
			}
			return made
		})
	case redis:
		at := regexp.MustCompile(`//([^/@\s]*@)?` + host + `(:\d+)?`)
		if strings.Contains(at.FindString(value), "@") {
			e.remark(line, "%s: its password is left out, since the lab's Redis has none", name)
		}
		return at.ReplaceAllString(value, "//"+k.address(""))
	default:
		return regexp.MustCompile(`//([^/@\s]*@)?`+host+`(:\d+)?`).ReplaceAllString(value, "//"+k.address(""))
	}
}

var (
	keyword = regexp.MustCompile(`\b(host|port|user|password|dbname)(\s*=\s*)('[^']*'|\S+)`)
	words   = map[string]string{
		"host": postgres.address("Host"), "port": postgres.address("Port"), "user": user, "password": secret,
		"dbname": database,
	}
)

// keywords is host=db port=5432 and so on, as libpq takes it.
func keywords(value string) string {
	return keyword.ReplaceAllStringFunc(value, func(found string) string {
		parts := keyword.FindStringSubmatch(found)
		return parts[1] + parts[2] + words[parts[1]]
	})
}
