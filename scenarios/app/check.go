package app

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/file"
)

// EnvPlaceholders are those of the environment: the lab fills them in, for each node.
var EnvPlaceholders = []string{
	"Region", "Node",
	"Postgres", "PostgresHost", "PostgresPort", "Redis", "RedisHost", "RedisPort",
	"S3", "S3Host", "S3Port", "DynamoDB", "DynamoDBHost", "DynamoDBPort", severalHosts,
	"User", "Database", "AccessKey", "Secret", "ConfigFile",
}

// storeNames begin the placeholders that are addresses, or the host or the port of one.
var storeNames = []string{"Postgres", "Redis", "S3", "DynamoDB"}

// severalHosts are the databases of all regions, which no failover changes.
const severalHosts = "PostgresHosts"

// check complains about what is well written but can't be.
func (f *Format) check(found *file.Complaints, at string) {
	f.checkRuns(found, at)
	f.checkProcesses(found, at)
	var random []string
	for i, r := range f.Random {
		r.check(found, fmt.Sprintf("%s[%d]", file.Join(at, "random"), i), random)
		random = append(random, r.Name)
	}
	ops, operations := f.Operations, file.Join(at, "operations")
	kept := checkSetup(found, operations+".setup", ops.Setup, random)
	checkWrite(found, operations+".write", ops.Write, len(ops.Setup) > 0, kept, random)
	if r := ops.Read; r != nil {
		path := operations + ".read"
		known := []string{placeID, placePrefix}
		// By a client's own id it is known which write is read.
		if !slices.ContainsFunc(ops.Write, func(w Write) bool { return w.ID != nil }) {
			known = append(known, random...)
		}
		r.Request.check(found, path, slices.Concat(known, kept))
		r.PastApp.check(found, path, known, kept)
		r.checkFinds(found, path)
		r.Decides.check(found, path+".decides")
		acknowledged := statuses{"acknowledged", r.Acknowledged}
		checkApart(found, path, acknowledged, statuses{"absent", r.Absent})
		checkExpired(found, path, len(ops.Setup) > 0, acknowledged, r.Expired)
	}
	f.Extras.check(found, file.Join(at, "extras"))
	f.checkJobs(found, file.Join(at, "jobs"))
	f.Pipeline.check(found, file.Join(at, "pipeline"), slices.Sorted(maps.Keys(f.Jobs)))
	f.Stores.check(found, file.Join(at, "stores"))
}

func (f *Format) checkRuns(found *file.Complaints, at string) {
	build, repoint, env := file.Join(at, "build"), file.Join(at, "repoint"), file.Join(at, "env")
	switch {
	case f.Image == "" && f.Build == nil:
		found.Add(at, "missing: %s, or %s: what do its nodes run?", file.Join(at, "image"), build)
	case f.Image != "" && f.Build != nil:
		found.Add(build, "%s: there is an image already: give one of the two", build)
	}
	if port := file.Join(at, "port"); topology.IsSupervisorPort(f.Port) {
		found.Add(port, "%s: %d is taken in each node, by what runs the app: have it listen on another", port, f.Port)
	}
	if (f.Repoint == RepointRestart || f.Repoint == RepointEndpoint) && !f.isLed() {
		found.Add(repoint, "%s: %s changes nothing, since neither %s nor %s has an address that a failover changes: "+
			"put one in, such as {{.Postgres}}", repoint, f.Repoint, env, file.Join(at, "files"))
	}
	for _, name := range slices.Sorted(maps.Keys(f.Env)) {
		path := file.Join(env, name)
		if name == "" || strings.ContainsAny(name, "= ") {
			found.Add(path, "%s: %s is no name of a variable", env, file.Quote(name))
		}
		if slices.Contains(topology.AppVariables(), name) {
			found.Add(path, "%s: the lab sets that itself", path)
		}
		f.Env[name].check(found, path, EnvPlaceholders)
	}
	f.checkFiles(found, at)
}

// isLed says whether the environment, or a file, has an address that a failover changes.
func (f *Format) isLed() bool {
	all := slices.Collect(maps.Values(f.Env))
	for _, name := range append(f.processNames(), "") {
		for _, content := range f.filesOf(name) {
			all = append(all, content.Template)
		}
	}
	return slices.ContainsFunc(all, func(t Template) bool {
		return slices.ContainsFunc(t.names, func(name string) bool {
			isOf := func(store string) bool { return strings.HasPrefix(name, store) }
			return name != severalHosts && slices.ContainsFunc(storeNames, isOf)
		})
	})
}

var randomName = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)

// longestText is how long a random text may be.
const longestText = 64 << 10

func (r Random) check(found *file.Complaints, path string, before []string) {
	taken := []string{placeID, placePrefix, placeNumber}
	switch {
	case !randomName.MatchString(r.Name):
		found.Add(file.Join(path, "name"), "%s.name: %s is no name: use letters and digits, beginning with a capital",
			path, file.Quote(r.Name))
	case slices.Contains(slices.Concat(taken, before), r.Name):
		found.Add(file.Join(path, "name"), "%s.name: there is a {{.%s}} already", path, r.Name)
	}
	switch {
	case (r.Number == nil) == (r.Text == nil):
		found.Add(path, "%s: give one of number and text, such as number: {from: 0, to: 49}", path)
	case r.Number != nil && r.Number.From > r.Number.To:
		found.Add(file.Join(path, "number"), "%s.number: from %d to %d is nothing", path, r.Number.From, r.Number.To)
	case r.Text != nil:
		at := file.Join(path, "text")
		if r.Text.From > r.Text.To || r.Text.From%groupOf != 0 || r.Text.To%groupOf != 0 || r.Text.To > longestText {
			found.Add(at, "%s: from %d to %d: both must be multiples of %d, the second not below the first and at "+
				"most %d", at, r.Text.From, r.Text.To, groupOf, longestText)
		}
	}
}

// check complains about placeholders that nothing stands for.
func (t Template) check(found *file.Complaints, path string, known []string) {
	for _, name := range t.names {
		if !slices.Contains(known, name) {
			found.Add(path, "%s: unknown placeholder {{.%s}}: %s", path, name, file.Suggest(name, known))
			return
		}
	}
}

func (r *Request) check(found *file.Complaints, path string, known []string) {
	var given []string
	for _, m := range r.methods() {
		at := file.Join(path, m.key)
		if !found.Has(at) {
			continue
		}
		given = append(given, m.key)
		if !isPath(m.path.fill(Values{}, func(string) string { return "x" })) {
			found.Add(at, "%s: %s is no path: write one such as /orders/{{.ID}}", at, file.Quote(m.path.text))
		}
		m.path.check(found, at, known)
	}
	for _, key := range directKeys {
		if found.Has(file.Join(path, key)) {
			given = append(given, key)
		}
	}
	if len(given) != 1 && !slices.ContainsFunc(r.methods(), func(m method) bool {
		return found.Mentions(file.Join(path, m.key)) && !found.Has(file.Join(path, m.key))
	}) {
		found.Add(path, "%s: give one method with its path, such as post: /orders, or sql, or redis (got %d)", path,
			len(given))
	}
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		at := file.Join(file.Join(path, "headers"), name)
		if !isToken(name) {
			found.Add(at, "%s.headers: %s is no name of a header", path, file.Quote(name))
		}
		if slices.Contains(ofTheBody, http.CanonicalHeaderKey(name)) {
			found.Add(at, "%s: clients set that themselves", at)
		}
		if strings.Contains(r.Headers[name].text, "\n") {
			found.Add(at, "%s: a header is one line", at)
		}
		r.Headers[name].check(found, at, known)
	}
	at := file.Join(path, "basic_auth")
	r.BasicAuth.check(found, at, known)
	if found.Has(at) && !strings.Contains(r.BasicAuth.text, ":") {
		found.Add(at, "%s: write user and password with a colon between", at)
	}
	r.checkBody(found, path, known)
}

// ofTheBody are headers by which a message is told to end.
var ofTheBody = []string{"Content-Length", "Trailer", "Transfer-Encoding"}

func (r *Request) checkBody(found *file.Complaints, path string, known []string) {
	r.Body.check(found, file.Join(path, "body"), known)
	if r.JSON == nil {
		return
	}
	at := file.Join(path, "json")
	if !r.Body.isEmpty() {
		found.Add(at, "%s: there is a body already: give one of the two", at)
	}
	good := checkTree(found, at, r.JSON.Value, known)
	if _, err := template(r.JSON); err != nil && good {
		found.Add(at, "%s: %v", at, err)
	}
}

// checkTree complains about the texts of a tree, and about its keys, each where it stands.
func checkTree(found *file.Complaints, path string, value any, known []string) (good bool) {
	good = true
	switch v := value.(type) {
	case file.Branches:
		for _, b := range v {
			at := file.Join(path, b.Key)
			good = checkText(found, at, b.Key, known) && good
			good = checkTree(found, at, b.Value, known) && good
		}
	case []any:
		for i, item := range v {
			good = checkTree(found, fmt.Sprintf("%s[%d]", path, i), item, known) && good
		}
	case string:
		good = checkText(found, path, v, known)
	}
	return good
}

func checkText(found *file.Complaints, path, text string, known []string) (good bool) {
	t, err := parseTemplate(text)
	if err != nil {
		found.Add(path, "%s: %v", path, err)
		return false
	}
	t.check(found, path, known)
	return true
}

// isToken says whether a text can be the name of a header.
func isToken(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(c rune) bool {
		return c <= ' ' || c > '~' || strings.ContainsRune("\"(),/:;<=>?@[\\]{}", c)
	})
}

func (e Extras) check(found *file.Complaints, at string) {
	for key, header := range map[string]string{
		"region": e.Region, "node": e.Node, "revision": e.Revision, "timeline": e.Timeline, "position": e.Position,
		"path": e.Path, "lag": e.Lag,
	} {
		path := file.Join(at, key)
		if found.Has(path) && !isToken(header) {
			found.Add(path, "%s: %s is no name of a header", path, file.Quote(header))
		}
	}
}

// statuses are those of a key.
type statuses struct {
	key string
	all []Status
}

// checkExpired complains about statuses that say that what a setup gave holds no more, where there is no setup, or
// where they acknowledge. Those of the default are not in the file: then what acknowledges is complained about.
func checkExpired(found *file.Complaints, path string, setup bool, acknowledged statuses, expired []Status) {
	at := path + ".expired"
	switch {
	case !setup && found.Has(at):
		found.Add(at, "%s: there is no setup that could expire: leave it out, or say with operations.setup what comes "+
			"before", at)
	case setup && found.Has(at):
		checkApart(found, path, acknowledged, statuses{"expired", expired})
	case setup:
		checkApart(found, path, statuses{"expired", expired}, acknowledged)
	}
}

// checkApart complains about a status that says two things at once.
func checkApart(found *file.Complaints, path string, a, b statuses) {
	for i, s := range b.all {
		for _, other := range a.all {
			if s.low <= other.high && other.low <= s.high {
				at := fmt.Sprintf("%s.%s[%d]", path, b.key, i)
				found.Add(at, "%s: %s is among %s too: it can't say both", at, s, a.key)
				break
			}
		}
	}
}

// String is the status as the file has it.
func (s Status) String() string {
	if s.low == s.high {
		return fmt.Sprint(s.low)
	}
	return fmt.Sprintf("%dxx", s.low/100)
}
