package compose

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// text is the app file. What nobody but the user can know is a TODO, which the reader of the file refuses.
func (d *draft) text() string {
	var b strings.Builder
	fmt.Fprintf(&b,
		"# Written by regionfall init app from service %s of %s. The schema describes every key there may be.\n",
		d.service.Name, filepath.Base(d.file))
	b.WriteString(
		"# Where it says TODO, regionfall check says what is missing. It tries the app, and breaks nothing.\n")
	fmt.Fprintf(&b, "name: %s\n\n", quote(d.service.Name))
	d.runs(&b)
	d.found(&b)
	d.environment(&b)
	d.files(&b)
	d.parts(&b)
	d.operations(&b)
	d.where(&b)
	return b.String()
}

// runs says what nodes run.
func (d *draft) runs(b *strings.Builder) {
	image := d.service.Image
	switch {
	case d.service.Build == nil && image == "":
		b.WriteString("# TODO: name the image that its nodes run. The engine must have it.\nimage:\n")
	case d.service.Build == nil:
		fmt.Fprintf(b, "# What its nodes run. The engine must have it: docker pull %[1]s\nimage: %[1]s\n", quote(image))
	default:
		if image == "" {
			image = d.loaded.Name + "-" + d.service.Name
		}
		fmt.Fprintf(b, "# What its nodes run. The engine must have it: docker compose build %s\n", d.service.Name)
		if folder, ok := d.builtFrom(); ok {
			fmt.Fprintf(b, "# Or, in its place, have it built: build: {dockerfile: %s}\n", quote(folder))
		}
		fmt.Fprintf(b, "image: %s\n", quote(image))
	}
	if len(d.processes) == 0 {
		writeList(b, "command", d.command)
	}
}

// builtFrom is the folder of the Dockerfile, from that of the compose file; false where an app file can't say the same.
func (d *draft) builtFrom() (folder string, ok bool) {
	from := d.service.Build
	folder, err := filepath.Rel(d.loaded.WorkingDir, from.Context)
	plain := from.Target == "" && from.DockerfileInline == "" && len(from.Args) == 0 &&
		(from.Dockerfile == "" || from.Dockerfile == "Dockerfile")
	return filepath.ToSlash(folder), err == nil && plain && filepath.IsLocal(folder)
}

// found says how an app is found, and found to be well.
func (d *draft) found(b *strings.Builder) {
	if d.port > 0 {
		fmt.Fprintf(b, "port: %d # it has to listen on all addresses, not on 127.0.0.1 alone\n", d.port)
	} else {
		b.WriteString("port: # TODO: the port that it listens on, on all addresses\n")
	}
	if d.health.path == "" {
		b.WriteString("health: # TODO: a path that answers GET with 2xx while the process lives, such as /healthz\n" +
			"# ready: /readyz # a path that answers GET with 2xx when it can do its work: let it ask the database\n")
		return
	}
	fmt.Fprintf(b, `health: %[1]s # answers GET with 2xx while the process lives
ready: %[1]s # answers GET with 2xx when it can do its work: better one that asks the database
`, quote(d.health.path))
}

// environment says how the app finds its stores.
func (d *draft) environment(b *strings.Builder) {
	led, finds := false, false
	if len(d.env) > 0 {
		b.WriteString("\n# How it finds its stores: the lab fills in {{.Postgres}} and the like, in each node.\nenv:\n")
	}
	for _, name := range d.sortedEnv() {
		fmt.Fprintf(b, "  %s: %s\n", quote(name), strconv.Quote(d.env[name]))
		rest := strings.ReplaceAll(d.env[name], postgres.address("Hosts"), "")
		finds = finds || rest != d.env[name]
		for _, k := range d.kinds {
			led = led || strings.Contains(rest, "{{."+string(k))
		}
	}
	switch {
	case led:
		b.WriteString(`
# After a failover its nodes are started again with the addresses of the other region. If it has a driver that connects
# again by itself, endpoint: the addresses stay, and lead elsewhere. If it watches CONFIG_FILE, file.
repoint: restart
`)
	case finds:
		b.WriteString("\n# It knows the databases of all regions, and finds the new primary by itself.\n" +
			"repoint: none\n")
	default:
		b.WriteString("\n# Nothing in env leads to a store, so that there is nothing to lead elsewhere after a " +
			"failover.\nrepoint: none\n")
	}
}

// files says which files can be carried.
func (d *draft) files(b *strings.Builder) {
	if len(d.mounts) == 0 {
		return
	}
	b.WriteString("\n# The compose file mounts these into it. files can carry what is text: to /tmp, so that the app " +
		"has to look there.\n# files:\n")
	var taken []string
	for _, m := range d.mounts {
		to := m.carried(taken)
		taken = append(taken, to)
		fmt.Fprintf(b, "#   %s: | # what %s holds, which is at %s there\n", quote(to), quote(m.source),
			quote(m.target))
	}
}

// parts says what runs beside what clients are sent to, and before it.
func (d *draft) parts(b *strings.Builder) {
	if len(d.processes) > 0 {
		b.WriteString("\n# Clients are sent to the one that has the app's port; the others run beside it.\n" +
			"processes:\n")
		fmt.Fprintf(b, "  %s:\n", quote(d.service.Name))
		writeList(b, "    command", d.command)
		fmt.Fprintf(b, "    port: %d\n", d.port)
		for _, p := range d.processes {
			fmt.Fprintf(b, "  %s:\n", quote(p.name))
			writeList(b, "    command", p.command)
			b.WriteString("    ready: none # it listens on nothing, and is ready when it goes on running\n")
		}
	}
	if len(d.seeds) > 0 || len(d.before) > 0 {
		b.WriteString("\n# What is done once, before any node starts. SQL files are in the folder of this file, or " +
			"below it.\nprepared:\n")
		paths := make([]string, len(d.seeds))
		for i, s := range d.seeds {
			paths[i] = s.path
		}
		writeList(b, "  sql", paths)
		writeList(b, "  command", d.before)
	}
	if len(d.others) > 0 {
		b.WriteString("\n# These run the same image in the compose file, and are not started here:\n")
		for _, w := range d.others {
			fmt.Fprintf(b, "#   %s: %s\n", w.name, list(w.command))
		}
	}
}

func (d *draft) operations(b *strings.Builder) {
	b.WriteString(`
# TODO: say what clients send. {{.ID}} has to be in a write, or id: says where the answer has the app's own.
# Only the statuses in acknowledged count as done.
operations:
#  setup: # if they have to sign in first
#    post: /login
#    json: {user: admin, password: secret}
#    session: {json: token}
#  write:
#    post: /orders
#    headers: {Authorization: "Bearer {{.Session}}"}
#    json: {title: "{{.ID}}"}
#    acknowledged: [201]
#  read: # if a single one can be read
#    get: /orders/{{.ID}}
`)
}

// examples are of where a write is found, by the store.
var examples = map[kind]string{
	postgres: `#  postgres: select title from orders where title like '{{.Prefix}}%'`,
	redis:    `#  redis: "order:{{.ID}}" # if what is in it must not be lost`,
	objects:  `#  s3: {bucket: ` + itsBucket + `, key: "orders/{{.ID}}"}`,
	items:    `#  dynamodb: {table: ` + itsTable + `, key: id}`,
}

func (d *draft) where(b *strings.Builder) {
	b.WriteString("\n# TODO: say where an acknowledged write must be found: a query that lists ids, or how keys are " +
		"made of them.\n" +
		"stores:\n")
	kinds := d.kinds
	if len(kinds) == 0 {
		kinds = []kind{postgres}
	}
	for _, k := range kinds {
		b.WriteString(examples[k] + "\n")
	}
}

// quote writes a text so that YAML sees no more in it than that.
func quote(text string) string {
	switch strings.ToLower(text) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n":
		return strconv.Quote(text)
	}
	if plainText.MatchString(text) {
		return text
	}
	return strconv.Quote(text)
}

// plainText is what needs no quotes.
var plainText = regexp.MustCompile(`^[A-Za-z_/]([A-Za-z0-9_/.:@-]*[A-Za-z0-9_/.@-])?$`)

// longestList is what is read well on one line.
const longestList = 100

// list is a list on one line.
func list(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = strconv.Quote(w)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// writeList writes a key with a list, unless there is nothing in it. A long one has a line for each word.
func writeList(b *strings.Builder, key string, words []string) {
	switch line := list(words); {
	case len(words) == 0:
	case len(line) < longestList:
		b.WriteString(key + ": " + line + "\n")
	default:
		b.WriteString(key + ":\n")
		indent := strings.Repeat(" ", len(key)-len(strings.TrimLeft(key, " ")))
		for _, word := range words {
			b.WriteString(indent + "  - " + strconv.Quote(word) + "\n")
		}
	}
}
