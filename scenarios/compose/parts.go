package compose

import (
	"regexp"
	"slices"
	"strings"
)

// A variable may hold a part of what leads to a store: a port, a user, a password, a name. Which it is is told by the
// end of its name; which store it belongs to by the beginning, which the variable with the host has too.
var (
	hostEnd     = regexp.MustCompile(`_?(HOST|HOSTNAME|HOST_NAME|ADDR|ADDRESS|SERVER|ENDPOINT)$`)
	portEnd     = regexp.MustCompile(`_?PORT$`)
	userEnd     = regexp.MustCompile(`_?(USER|USERNAME|USER_NAME)$`)
	passwordEnd = regexp.MustCompile(`_?(PASSWORD|PASSWD|PASS|PWD)$`)
	databaseEnd = regexp.MustCompile(`_?(DATABASE|DBNAME|NAME|DB)$`)
	accessEnd   = regexp.MustCompile(`_?(ACCESS_KEY_ID|ACCESS_KEY|ACCESSKEY|KEY_ID)$`)
	secretEnd   = regexp.MustCompile(`_?(SECRET_ACCESS_KEY|SECRET_KEY|SECRETKEY|ACCESS_SECRET)$`)
	bucketEnd   = regexp.MustCompile(`(^|_)BUCKET(_NAME)?$`)
	tableEnd    = regexp.MustCompile(`(^|_)TABLE(_NAME)?$`)
	bucketURL   = regexp.MustCompile(`^s3a?://[^/]+`)
)

// usual are the beginnings that need no variable with the host beside them.
var usual = map[string]kind{
	"PG": postgres, "POSTGRES": postgres, "POSTGRESQL": postgres, "DB": postgres, "DATABASE": postgres,
	"REDIS": redis, "VALKEY": redis,
}

// prefixOf is what a name begins with, before it says which part it is.
func prefixOf(name string) string {
	upper := strings.ToUpper(name)
	for _, end := range []*regexp.Regexp{hostEnd, portEnd, userEnd, passwordEnd, databaseEnd} {
		if at := end.FindStringIndex(upper); at != nil {
			return strings.TrimSuffix(strings.TrimSuffix(upper[:at[0]], "_DB"), "_DATABASE") // MAIN of MAIN_DB_NAME
		}
	}
	return upper
}

// part puts a placeholder in place of a part of what leads to a store.
func (e *environment) part(name string) {
	value, upper := e.made[name], strings.ToUpper(name)
	if e.has(objects) || e.has(items) {
		if e.cloud(name, upper, value) {
			return
		}
	}
	k := e.kindOfPart(name)
	switch {
	case k == "" || hostEnd.MatchString(upper): // of a host that the lab has not
	case portEnd.MatchString(upper) && value != "":
		e.made[name] = k.address("Port")
	case k == postgres && userEnd.MatchString(upper):
		e.made[name] = user
	case k == postgres && passwordEnd.MatchString(upper):
		e.made[name] = secret
	case k == postgres && databaseEnd.MatchString(upper) && value != "":
		e.made[name] = database
	case k == redis && passwordEnd.MatchString(upper) && value != "":
		delete(e.made, name)
		e.remark(e.lineOf(name), "%s is left out: the lab's Redis has no password", name)
	}
}

// kindOfPart is the store that a variable belongs to by the beginning of its name; empty for none.
func (e *environment) kindOfPart(name string) kind {
	prefix := prefixOf(name)
	if k, is := e.prefixes[prefix]; is {
		return k
	}
	for other, value := range e.made {
		if hostEnd.MatchString(strings.ToUpper(other)) && prefixOf(other) == prefix && value != "" {
			return "" // its host is none of the lab's
		}
	}
	if k := usual[prefix]; k != "" && e.has(k) {
		return k
	}
	return ""
}

// cloud is part for S3 and DynamoDB.
func (e *environment) cloud(name, upper, value string) (done bool) {
	own := strings.Contains(upper, "AWS") || strings.Contains(upper, "S3") || strings.Contains(upper, "MINIO") ||
		strings.Contains(upper, "DYNAMO") || strings.Contains(upper, "STORAGE")
	line := e.lineOf(name)
	switch {
	case value == "":
		return false
	case own && secretEnd.MatchString(upper): // before the other, which it ends with
		e.made[name] = secret
	case own && accessEnd.MatchString(upper):
		e.made[name] = accessKey
	case e.isOf(objects, value, func(s store) string { return s.pass }):
		e.made[name] = secret
	case e.isOf(objects, value, func(s store) string { return s.user }):
		e.made[name] = accessKey
	case e.has(objects) && bucketURL.MatchString(value):
		e.made[name] = bucketURL.ReplaceAllString(value, "s3://"+itsBucket)
		e.remark(line, "%s names the lab's bucket now, %s: nothing copies another one", name, itsBucket)
	case e.has(objects) && bucketEnd.MatchString(upper):
		e.made[name] = itsBucket
		e.remark(line, "%s is the lab's bucket now, %s: nothing copies another one", name, itsBucket)
	case e.has(items) && tableEnd.MatchString(upper):
		e.made[name] = itsTable
		e.remark(line, "%s is the lab's table now, %s: nothing copies another one", name, itsTable)
	default:
		return false
	}
	return true
}

// has says whether the compose file has a store of a kind.
func (p *project) has(k kind) bool {
	return slices.ContainsFunc(p.stores, func(s store) bool { return s.is(k) })
}

// isOf says whether a store of a kind has a value by which it is known.
func (p *project) isOf(k kind, value string, of func(store) string) bool {
	return slices.ContainsFunc(p.stores, func(s store) bool { return s.is(k) && of(s) == value })
}
