package app

import (
	"regexp"
	"strings"

	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios/file"
)

var (
	listing    = regexp.MustCompile(`(?is)^\s*(select|with|table|values)\b`)
	everything = regexp.MustCompile(`(?is)^\s*select\s+((all|distinct)\s+)?\*`)
)

func (s Stores) check(found *file.Complaints, at string) {
	if !found.Has(at) {
		return
	}
	if s == (Stores{}) {
		found.Add(at, "%s: say where a write must be found, such as postgres: select id from orders", at)
	}
	if q := s.Postgres; q != nil {
		path := at + ".postgres"
		q.check(found, path, []string{placePrefix})
		statement := strings.TrimRight(strings.TrimSpace(q.text), ";")
		switch {
		case !listing.MatchString(statement):
			found.Add(path, "%s: %s lists no ids: write a query such as select id from orders", path,
				file.Quote(q.text))
		case everything.MatchString(statement) || sumsUp(statement):
			found.Add(path, "%s: %s lists no ids: select the one column that holds them", path, file.Quote(q.text))
		}
	}
	if s.S3 != nil {
		checkOwn(found, at+".s3.bucket", s.S3.Bucket, topology.Bucket)
		s.S3.Key.checkKey(found, at+".s3.key")
	}
	if s.DynamoDB != nil {
		checkOwn(found, at+".dynamodb.table", s.DynamoDB.Table, topology.ItemsTable)
		if key := at + ".dynamodb.key"; found.Has(key) && s.DynamoDB.Key == "" {
			found.Add(key, "%s: name the attribute that is the id", key)
		}
	}
	if s.Redis != nil {
		s.Redis.checkKey(found, at+".redis")
	}
	if code := file.Join(at, codeKey); found.Has(code) && !bool(s.Code) {
		found.Add(code, "%s: off says nothing: leave it out", code)
	}
}

// checkOwn complains about a place of another name than the lab's own.
func checkOwn(found *file.Complaints, path, name, own string) {
	if found.Has(path) && name != own {
		found.Add(path, "%s: nothing copies %s to other regions: use the lab's own, %s", path, file.Quote(name), own)
	}
}

// checkKey complains about a pattern that no id can be read from.
func (t Template) checkKey(found *file.Complaints, path string) {
	t.check(found, path, []string{placeID})
	if n := len(t.names); n != 1 || !t.uses(placeID) {
		found.Add(path, "%s: %s lists no ids: write {{.ID}} once where keys have it, such as orders/{{.ID}}", path,
			file.Quote(t.text))
	}
}

// Around is what a key has before and after its id.
func (t Template) Around() (before, after string) {
	before, rest, _ := strings.Cut(t.text, opening)
	_, after, _ = strings.Cut(rest, closing)
	return before, after
}

// WithPrefix is the text for a drill whose ids all begin so.
func (t Template) WithPrefix(prefix string) string { return t.fill(Values{Prefix: prefix}, plain) }
