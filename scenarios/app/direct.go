package app

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/regionfall/regionfall/scenarios/file"
)

// directKeys are those of requests that go past the app.
var directKeys = []string{"sql", "redis"}

// httpKeys are those that only HTTP has.
var httpKeys = []string{
	"headers", "basic_auth", "json", "body", "keep", "acknowledged", "refused", "refused_by", "id", "says", "absent",
	"decides", "expired",
}

func (p PastApp) check(found *file.Complaints, path string, known, kept []string) {
	if at := file.Join(path, "sql"); found.Has(at) && strings.TrimSpace(p.SQL.text) == "" {
		found.Add(at, "%s: it has no statement", at)
	}
	p.SQL.checkPast(found, file.Join(path, "sql"), known, kept)
	for i, word := range p.Redis {
		at := fmt.Sprintf("%s[%d]", file.Join(path, "redis"), i)
		word.checkPast(found, at, known, kept)
		if i == 0 && (word.isEmpty() || len(word.names) > 0) {
			found.Add(at, "%s: %s is no command of Redis", at, file.Quote(word.text))
		}
	}
	if key := slices.IndexFunc(directKeys, func(key string) bool { return found.Has(file.Join(path, key)) }); key >= 0 {
		for _, other := range httpKeys {
			if at := file.Join(path, other); found.Has(at) {
				found.Add(at, "%s: only HTTP has it, and this is %s", at, directKeys[key])
			}
		}
	}
}

// checkPast is check for what a store is sent, of which no client does its setup.
func (t Template) checkPast(found *file.Complaints, path string, known, kept []string) {
	if i := slices.IndexFunc(kept, t.uses); i >= 0 {
		found.Add(path, "%s: {{.%s}} is empty there: it is kept of the app's answers, and this goes past it", path,
			kept[i])
		return
	}
	t.check(found, path, known)
}

var (
	aggregate = regexp.MustCompile(
		`(?is)^\s*select\s+((all|distinct|not)\s+)?(count|sum|min|max|avg|exists|every|bool_\w+|\w+_agg)\s*\(`)
	ofGroups = regexp.MustCompile(`(?is)\b(group\s+by|having|over)\b`)
)

// sumsUp says whether a statement lists one row whatever there is.
func sumsUp(statement string) bool {
	return aggregate.MatchString(statement) && !ofGroups.MatchString(statement)
}

// checkFinds complains about a statement that lists a row whether or not there is anything to be found.
func (p PastApp) checkFinds(found *file.Complaints, path string) {
	if statement := p.SQL.text; sumsUp(statement) {
		at := file.Join(path, "sql")
		found.Add(at, "%s: %s lists a row also where there is no such thing, so that it always finds it: select what "+
			"is there, such as select 1 from orders where id = '{{.ID}}'", at, file.Quote(statement))
	}
}

// compile is the operation, which is the request where nothing goes past the app.
func (p PastApp) compile(request Request) *Operation {
	o := request.compile()
	switch {
	case !p.SQL.isEmpty():
		o.To, o.statement = ToPostgres, p.SQL
	case len(p.Redis) > 0:
		o.To, o.command = ToRedis, p.Redis
	}
	return o
}

func (w *Write) compile() *Operation { return w.PastApp.compile(w.Request) }

func (r *Read) compile() *Operation { return r.PastApp.compile(r.Request) }

// Direct are the stores that clients speak to themselves, each once.
func (a *App) Direct() []Target {
	var all []Target
	for _, o := range append(slices.Clip(a.write), a.read) {
		if o != nil && o.To != ToApp && !slices.Contains(all, o.To) {
			all = append(all, o.To)
		}
	}
	return all
}

// codeKey is that of a write in Go.
const codeKey = "code"

// checkCode complains about what can't be said of a write in Go.
func (w *Write) checkCode(found *file.Complaints, path string) {
	if at := file.Join(path, codeKey); !bool(w.Code) {
		found.Add(at, "%s: off says nothing: leave it out", at)
	}
	others := slices.Concat(directKeys, httpKeys)
	for _, m := range w.methods() {
		others = append(others, m.key)
	}
	for _, other := range others {
		if at := file.Join(path, other); found.Has(at) {
			found.Add(at, "%s: a write in Go has none", at)
		}
	}
}

// inSQL escapes what stands between the quotes of a text.
func inSQL(text string) string { return strings.ReplaceAll(text, "'", "''") }
