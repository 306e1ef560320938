package app

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/regionfall/regionfall/scenarios/file"
)

// App is an app file that has been read and found good.
type App struct {
	file    Format
	doc     *file.Document // that it stands in
	at      string         // the path of where it does
	source  []byte
	folder  string
	builtIn string
	sql     []SQL
	setup   []*Operation
	write   []*Operation
	read    *Operation
}

// Files reads a file that an app file names, by its path from that one's folder.
type Files func(path string) ([]byte, error)

// Parse reads an app file. name is what complaints call it, and in reads the files that it names; nil: it may name
// none. The error joins one *file.Problem for everything that is wrong.
func Parse(name string, src []byte, in Files) (*App, error) {
	doc, err := file.Parse(appFile, name, src)
	if err != nil {
		return nil, err
	}
	var f Format
	found := doc.Decode(&f)
	a := f.Compile(found, "", in)
	if err := found.Err(); err != nil {
		return nil, err
	}
	a.source = src
	return a, nil
}

// Compile checks an app that was read at a path of a file, in whose folder are the files that it names, and is that
// app. It is nil where what is wrong leaves none.
func (f *Format) Compile(found *file.Complaints, at string, in Files) *App {
	f.check(found, at)
	sql := f.Prepared.read(found, file.Join(at, "prepared"), in)
	if len(f.Operations.Write) == 0 {
		return nil
	}
	a := &App{file: *f, doc: found.Document, at: at, folder: filepath.Dir(found.Name()), sql: sql}
	a.compile()
	return a
}

// Source is the text of the app's own file; nil for an app that stands in a scenario, or comes with the program.
func (a *App) Source() []byte { return a.source }

// SQL are the SQL files by which the app is prepared, in their order.
func (a *App) SQL() []SQL { return a.sql }

// Folder is the folder of the file that the app stands in; empty for an app that comes with the program.
func (a *App) Folder() string { return a.folder }

// Problem is a complaint about what the app's file has at a path, which is empty for all of it, once it was tried.
func (a *App) Problem(path, format string, args ...any) *file.Problem {
	at := strings.TrimPrefix(a.at+"."+path, ".")
	if path == "" {
		at = a.at
	}
	return a.doc.Problem(at, "%s: %s", cmp.Or(at, "app"), fmt.Sprintf(format, args...))
}

// BuiltIn is the name by which the app comes with the program; empty for an app of somebody else's.
func (a *App) BuiltIn() string { return a.builtIn }

// Name is what the app is called; empty where its file does not say.
func (a *App) Name() string { return a.file.Name }

// File is the app file, as it was read.
func (a *App) File() Format { return a.file }

// Setup is what each client sends before its first operation, in its order, and again when what it gave has expired;
// nil for nothing.
func (a *App) Setup() []*Operation { return a.setup }

// Write is what a write is: requests that follow one another, or one of whatever kind.
func (a *App) Write() []*Operation { return a.write }

// Read is what a read is; nil where nothing can be read.
func (a *App) Read() *Operation { return a.read }

// IsCode says whether something that clients do, or what is read in the end, is Go code, of whoever runs the drill.
func (a *App) IsCode() bool { return a.WriteIsCode() || bool(a.file.Stores.Code) }

// Extras are the headers in which answers say more.
func (a *App) Extras() Extras { return a.file.Extras }

// Stores are where writes must be found.
func (a *App) Stores() Stores { return a.file.Stores }

func (a *App) compile() {
	ops := a.file.Operations
	var kept []string
	for _, s := range ops.Setup {
		o := s.compile()
		o.kept = kept
		for _, c := range o.Keep {
			kept = append(kept, c.Name)
		}
		a.setup = append(a.setup, o)
	}
	a.write = compileWrite(ops.Write, kept)
	if r := ops.Read; r != nil {
		a.read = r.compile()
		a.read.absent, a.read.Says, a.read.Decides = r.Absent, r.Says, r.Decides
		a.read.kept, a.read.expired = kept, r.Expired
	}
}

// Target is whom an operation is sent to.
type Target string

// The targets.
const (
	ToApp      Target = ""
	ToPostgres Target = "postgres"
	ToRedis    Target = "redis"
)

// Operation is an operation, ready to be filled in.
type Operation struct {
	To        Target
	Method    string // to the app
	IsCode    bool   // of a write: it is Go code, and nothing else is said of it
	Says      Says
	RefusedBy *FieldIs // nil: no field says so
	Given     *Given   // the id; nil: the answer gives none
	Keep      []Capture
	Decides   *Decides // of a read; nil: answers decide nothing

	statement                     Template   // to PostgreSQL
	command                       []Template // to Redis
	path, query, user, body       Template   // query is from the first ? of the path on
	headers                       []header
	isJSON, isForm                bool
	kept                          []string // what is known by earlier answers, by its names
	acknowledged, refused, absent []Status
	expired                       []Status
}

type header struct {
	name string
	text Template
}

// Acknowledges says whether a status says that the operation is done.
func (o *Operation) Acknowledges(status int) bool { return anyHas(o.acknowledged, status) }

// Refuses says whether a status says that nothing was done, or ever will be.
func (o *Operation) Refuses(status int) bool { return anyHas(o.refused, status) }

// FindsNothing says whether a status says that what was asked for is not there.
func (o *Operation) FindsNothing(status int) bool { return anyHas(o.absent, status) }

// Expires says whether a status says that what setup gave holds no more.
func (o *Operation) Expires(status int) bool { return anyHas(o.expired, status) }

// NeedsKept says whether the operation can't be filled in without what earlier answers gave.
func (o *Operation) NeedsKept() bool { return slices.ContainsFunc(o.kept, o.uses) }

// uses says whether a placeholder is anywhere in the operation.
func (o *Operation) uses(name string) bool {
	is := func(t Template) bool { return t.uses(name) }
	return is(o.statement) || slices.ContainsFunc(o.command, is) || is(o.path) || is(o.query) ||
		is(o.user) || is(o.body) || slices.ContainsFunc(o.headers, func(h header) bool { return is(h.text) })
}

// Statement is what PostgreSQL is sent, with its values in place.
func (o *Operation) Statement(v Values) string { return o.statement.fill(v, inSQL) }

// Command is what Redis is sent, with its values in place.
func (o *Operation) Command(v Values) []string {
	words := make([]string, len(o.command))
	for i, w := range o.command {
		words[i] = w.fill(v, plain)
	}
	return words
}

// Filled is an operation with its values in place.
type Filled struct {
	Path    string
	Headers []Header
	Body    []byte // nil: none
}

// Header is a header of what is sent.
type Header struct{ Name, Text string }

// Fill puts values in place of the placeholders of what is sent to the app.
func (o *Operation) Fill(v Values) Filled {
	f := Filled{
		Path:    o.path.fill(v, url.PathEscape) + o.query.fill(v, url.QueryEscape),
		Headers: make([]Header, 0, len(o.headers)+2),
	}
	if !o.body.isEmpty() {
		escape := plain
		if o.isForm {
			escape = url.QueryEscape
		}
		if o.isJSON {
			escape = inJSON
			f.Headers = append(f.Headers, Header{"Content-Type", "application/json"})
		}
		f.Body = []byte(o.body.fill(v, escape))
	}
	if !o.user.isEmpty() {
		user := base64.StdEncoding.EncodeToString([]byte(o.user.fill(v, plain)))
		f.Headers = append(f.Headers, Header{"Authorization", "Basic " + user})
	}
	for _, h := range o.headers {
		f.Headers = append(f.Headers, Header{h.name, h.text.fill(v, plain)})
	}
	return f
}

func (r *Request) compile() *Operation {
	o := &Operation{user: r.BasicAuth, body: r.Body, acknowledged: r.Acknowledged}
	for _, m := range r.methods() {
		if !m.path.isEmpty() {
			o.Method = strings.ToUpper(m.key)
			o.path, o.query = m.path.cut("?")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		o.headers = append(o.headers, header{name, r.Headers[name]})
		o.isForm = o.isForm || strings.EqualFold(name, "Content-Type") &&
			strings.HasPrefix(strings.ToLower(r.Headers[name].text), formType)
	}
	if r.JSON != nil {
		o.isJSON = true
		o.body, _ = template(r.JSON) // it was looked at
	}
	return o
}

// formType is the type of a body that a form would send.
const formType = "application/x-www-form-urlencoded"

// method is one of the methods of a request, by its key.
type method struct {
	key  string
	path Template
}

func (r *Request) methods() []method {
	return []method{{"get", r.Get}, {"post", r.Post}, {"put", r.Put}, {"patch", r.Patch}, {"delete", r.Delete}}
}

// template is a body of JSON, whose texts may hold placeholders.
func template(t *file.Tree) (Template, error) {
	var b strings.Builder
	jsonText(t.Value, &b)
	return parseTemplate(b.String())
}
