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
		value := e.leadToHosts(name, e.values[name])
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
		url, bare := inURL(host), withPort(host)
		inKeywords := regexp.MustCompile(`(^|\s)host\s*=\s*` + regexp.QuoteMeta(host) + `(\s|$)`)
		switch {
		case value == host:
			e.led[s.name] = true
			e.prefixes[prefixOf(name)] = k
			return k.address("Host")
		case k == postgres && inKeywords.MatchString(value):
			e.led[s.name] = true
			return keywords(value)
		case url.MatchString(value):
			e.led[s.name] = true
			return e.url(name, value, url, k)
		case bare.MatchString(value):
			e.led[s.name] = true
			return bare.ReplaceAllString(value, "${1}"+k.address(""))
		}
	}
	return value
}

// hosts are several in one URL: who asks, the hosts with their ports, and the path.
var hosts = regexp.MustCompile(`//([^/@\s]*@)?([\w.-]+(?::\d+)?(?:,[\w.-]+(?::\d+)?)+)(/[^?\s"',]*)?`)

// writesAlone are the words by which a driver is told to look for the host that takes writes.
var writesAlone = regexp.MustCompile(`target_session_attrs=(read-write|primary)|targetServerType=(primary|master)`)

// leadToHosts puts the placeholder of all databases in place of several hosts in one URL, if each is a PostgreSQL.
func (e *environment) leadToHosts(name, value string) string {
	return hosts.ReplaceAllStringFunc(value, func(found string) string {
		parts := hosts.FindStringSubmatch(found)
		for _, address := range strings.Split(parts[2], ",") {
			host, _, _ := strings.Cut(address, ":")
			isIt := func(s store) bool { return s.is(postgres) && slices.Contains(s.hosts, host) }
			i := slices.IndexFunc(e.stores, isIt)
			if i < 0 {
				return found
			}
			e.led[e.stores[i].name] = true
		}
		if !writesAlone.MatchString(value) {
			e.remark(e.lineOf(name), "%s names several hosts, and not that one of them has to take writes: add "+
				"target_session_attrs=read-write, or what its driver calls it", name)
		}
		return postgresURL(parts[1], postgres.address("Hosts"), parts[3])
	})
}

// postgresURL is the part of a URL from its slashes to its path.
func postgresURL(who, address, path string) string {
	if who != "" {
		who = user + ":" + secret + "@"
	}
	if path = strings.TrimRight(path, "/"); path != "" {
		path = "/" + database
	}
	return "//" + who + address + path
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

// hostStops is what comes after a host that goes on no further.
const hostStops = `($|[^\w.-])`

// inURL is a host in a URL: who asks, its port, the path and what ends it.
func inURL(host string) *regexp.Regexp {
	return regexp.MustCompile(`//([^/@\s]*@)?` + regexp.QuoteMeta(host) + `(:\d+)?(/[^?\s"',]*)?` + hostStops)
}

// withPort is a host with its port, and what is before it.
func withPort(host string) *regexp.Regexp {
	return regexp.MustCompile(`(^|[^\w.-])` + regexp.QuoteMeta(host) + `:\d+`)
}

// url is a URL, or several, with the store's address in place of what at finds.
func (e *environment) url(name, value string, at *regexp.Regexp, k kind) string {
	asked := false
	made := at.ReplaceAllStringFunc(value, func(found string) string {
		parts := at.FindStringSubmatch(found)
		who, path, end := parts[1], parts[3], parts[4]
		asked = asked || who != ""
		if k != postgres {
			return "//" + k.address("") + path + end
		}
		return postgresURL(who, k.address(""), path) + end
	})
	if k == redis && asked {
		e.remark(e.lineOf(name), "%s: its password is left out, since the lab's Redis has none", name)
	}
	return made
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
