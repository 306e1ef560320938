package app

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios/file"
)

// queue is an app whose clients write to its stores themselves.
const queue = `name: queue
image: queue:1
port: 9000
health: /up
operations:
  write: {redis: [RPUSH, "jobs:{{.Number}}", "{{.ID}}"]}
  read: {sql: "select 1 from jobs where id = '{{.ID}}'"}
stores: {postgres: select id from jobs}
`

func TestAnOperationGoesPastTheApp(t *testing.T) {
	a := parse(t, queue)
	v := Values{ID: "it's", Number: 7}
	if diff := cmp.Diff([]string{"RPUSH", "jobs:7", "it's"}, a.Write()[0].Command(v)); diff != "" {
		t.Errorf("command (-want +got):\n%s", diff)
	}
	if got := a.Read().Statement(v); got != "select 1 from jobs where id = 'it''s'" {
		t.Errorf("statement: %s", got)
	}
	if a.Write()[0].To != ToRedis || a.Read().To != ToPostgres || a.Read().NeedsKept() {
		t.Errorf("they go to %q and %q", a.Write()[0].To, a.Read().To)
	}
	if diff := cmp.Diff([]Target{ToRedis, ToPostgres}, a.Direct()); diff != "" {
		t.Errorf("stores (-want +got):\n%s", diff)
	}
	if to := parse(t, whole()).Direct(); to != nil {
		t.Errorf("of an app that is spoken to by HTTP, clients speak to %v too", to)
	}
}

// A count of groups lists none where there is nothing to count.
func TestAReadMayListWhateverIsThere(t *testing.T) {
	for _, statement := range []string{
		"select count(*) from jobs where id = '{{.ID}}' having count(*) > 0",
		"select max(n) from jobs where id = '{{.ID}}' group by id", "select * from jobs where id = '{{.ID}}'",
		"select count(*) over () from jobs where id = '{{.ID}}'",
	} {
		parse(t, strings.Replace(queue, "select 1 from jobs where id = '{{.ID}}'", statement, 1))
	}
}

// What sums up is no list of ids in a store either, and what counts groups is.
func TestAStoresQueryListsIDs(t *testing.T) {
	for query, listed := range map[string]bool{
		"select id from jobs":                      true,
		"select distinct id from jobs":             true,
		"select max(id) from jobs group by id":     true,
		"select count_of from jobs":                true,
		"select string_agg(id, ',') from jobs":     false,
		"select array_agg(id) from jobs":           false,
		"select distinct count(id) from jobs":      false,
		"select all count(id) from jobs":           false,
		"select bool_or(id is not null) from jobs": false,
		"select not exists (select 1 from jobs)":   false,
		"select * from jobs":                       false,
		"select distinct * from jobs":              false,
	} {
		src := strings.Replace(queue, "select id from jobs", `"`+query+`"`, 1)
		_, err := Parse("app.yaml", []byte(src), nil)
		if listed == (err != nil) || !listed && !strings.Contains(err.Error(), "lists no ids: select the one column") {
			t.Errorf("%s: %v", query, err)
		}
	}
}

func TestMistakesInWhatGoesPastTheApp(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"a method too": {"read: {sql", "read: {get: /jobs, sql", "operations.read: give one method"},
		"a session": {
			"read:", "setup: {post: /in, sql: select 1}\n  read:",
			`unknown key "sql" in operations.setup`,
		},
		"statuses": {
			"{{.ID}}'\"}", "{{.ID}}'\", acknowledged: [200]}",
			"operations.read.acknowledged: only HTTP has it, and this is sql",
		},
		"a count": {"select 1 from", "Select count(*) from", "read.sql: \"Select count(*) from jobs"},
		"whether it exists": {
			"select 1 from jobs where id = '{{.ID}}'",
			"select exists (select 1 from jobs where id = '{{.ID}}')",
			"so that it always finds it: select what is there",
		},
		"a body": {
			"{{.ID}}\"]}", "{{.ID}}\"], body: x}",
			"operations.write.body: only HTTP has it, and this is redis",
		},
		"no id":        {", \"{{.ID}}\"]", "]", "operations.write: no {{.ID}} is in it"},
		"no statement": {"select 1 from jobs where id = '{{.ID}}'", " ", "read.sql: it has no statement"},
		"no command":   {"RPUSH", "\"{{.ID}}\"", "operations.write.redis[0]: \"{{.ID}}\" is no command of Redis"},
		"no word":      {"[RPUSH, \"jobs:{{.Number}}\", \"{{.ID}}\"]", "[]", "operations.write.redis"},
		"no end": {
			"\"{{.ID}}\"]", "\"{{.ID\"]",
			"app.yaml:6:46: operations.write.redis[2]: invalid placeholder",
		},
		"a placeholder": {
			"jobs:{{.Number}}", "jobs:{{.Nubmer}}",
			"operations.write.redis[1]: unknown placeholder {{.Nubmer}}",
		},
		"a placeholder, SQL": {"'{{.ID}}'", "'{{.Id}}'", "operations.read.sql: unknown placeholder {{.Id}}"},
	} {
		src := strings.Replace(queue, c.old, c.new, 1)
		_, err := Parse("app.yaml", []byte(src), nil)
		if src == queue || err == nil || !strings.Contains(err.Error(), c.want) || len(file.Problems(err)) != 1 {
			t.Errorf("%s: %v, want %q alone", name, err, c.want)
		}
	}
}

// Who goes past the app does no setup.
func TestWhatIsKeptOfTheAppsAnswersIsNotKnownPastIt(t *testing.T) {
	src := strings.NewReplacer("operations:", "operations:\n  setup: {post: /stores, keep: {Store: {json: id}}}",
		"jobs:{{.Number}}", "jobs:{{.Store}}", "id = '{{.ID}}'", "id = '{{.ID}}' and '{{.Store}}' <> ''").Replace(queue)
	_, err := Parse("app.yaml", []byte(src), nil)
	for _, want := range []string{
		"app.yaml:7:26: operations.write.redis[1]: {{.Store}} is empty there",
		"app.yaml:8:15: operations.read.sql: {{.Store}} is empty there",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
