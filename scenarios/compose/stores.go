package compose

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// kind is a service that the lab has, by the placeholder that stands for its address.
type kind string

const (
	postgres kind = "Postgres"
	redis    kind = "Redis"
	objects  kind = "S3"
	items    kind = "DynamoDB"
)

// words is what people call it.
func (k kind) words() string {
	if k == postgres {
		return "PostgreSQL"
	}
	return string(k)
}

// store is a service of the compose file that the lab has too.
type store struct {
	name  string
	kinds []kind
	hosts []string // what others call it
	user  string   // by which others may know it
	pass  string
}

func (s store) is(k kind) bool { return slices.Contains(s.kinds, k) }

// images are the names of images, by what they are. The repository's path is matched, without its registry and its tag.
var images = []struct {
	names *regexp.Regexp
	kinds []kind
}{
	{regexp.MustCompile(`(^|/)(postgres|postgresql|postgis|timescaledb|timescaledb-ha|pgvector|supabase/postgres|` +
		`alloydb\w*|spilo[-\w]*)$`), []kind{postgres}},
	{regexp.MustCompile(`(^|/)(redis|redis-stack|redis-stack-server|valkey|keydb|dragonfly)$`), []kind{redis}},
	{regexp.MustCompile(`(^|/)localstack(-pro)?$`), []kind{objects, items}},
	{regexp.MustCompile(`(^|/)(minio|seaweedfs|versitygw|s3mock|garage|zenko/cloudserver)$`), []kind{objects}},
	{regexp.MustCompile(`(^|/)dynamodb-local$`), []kind{items}},
}

var scylla = regexp.MustCompile(`(^|/)scylla$`)

// others are images that are neither an app nor a store of the lab's.
var others = []struct {
	names *regexp.Regexp
	words string
}{
	{
		regexp.MustCompile(`(^|/)(nginx|traefik|caddy|haproxy|envoy|httpd|kong)(-unprivileged)?$`),
		"it is not needed: clients reach the app without it",
	},
	{
		regexp.MustCompile(`(^|/)(adminer|pgadmin4?|mailhog|mailpit|mailcatcher|prometheus|grafana|jaeger|all-in-one|` +
			`portainer(-ce)?|redis-commander|redisinsight|flower|otel\w*|` +
			`opentelemetry-collector[-\w]*|loki|promtail)$`),
		"it is no part of a drill",
	},
	{
		regexp.MustCompile(`(^|/)(mc|aws-cli)$`),
		"it is not run: the lab has its bucket and its table already (" + itsBucket + " and " + itsTable + ")",
	},
	{
		regexp.MustCompile(
			`(^|/)(rabbitmq|kafka|cp-kafka|redpanda|zookeeper|cp-zookeeper|nats|mysql|mariadb|percona|mongo|` +
				`mongodb|elasticsearch|opensearch|solr|meilisearch|typesense|memcached|clickhouse[-\w]*|` +
				`cassandra|scylla|couchdb|` +
				`influxdb|etcd|consul|vault|neo4j|cockroach|qdrant|weaviate|elasticmq[-\w]*|activemq[-\w]*|` +
				`pgbouncer|pgbouncer-\w+|` +
				`keycloak|temporal|auto-setup|smtp|postfix)$`),
		"the lab has no such service",
	},
}

// repository is the path of an image: without registry, tag and digest.
func repository(image string) string {
	image, _, _ = strings.Cut(image, "@")
	parts := strings.Split(image, "/")
	if len(parts) > 1 && strings.ContainsAny(parts[0], ".:") {
		parts = parts[1:]
	}
	path := strings.Join(parts, "/")
	path, _, _ = strings.Cut(path, ":")
	return path
}

// kindsOf are what a service is to the lab, by its image.
func kindsOf(s types.ServiceConfig) []kind {
	path := repository(s.Image)
	if scylla.MatchString(path) && slices.ContainsFunc(s.Command, func(word string) bool {
		return strings.HasPrefix(word, "--alternator-port")
	}) {
		return []kind{items}
	}
	for _, i := range images {
		if i.names.MatchString(path) {
			return i.kinds
		}
	}
	return nil
}

// otherOf is what is said of a service that is neither an app nor a store.
func otherOf(s types.ServiceConfig) string {
	for _, o := range others {
		if o.names.MatchString(repository(s.Image)) {
			return o.words
		}
	}
	return ""
}

// findStores finds the services that the lab has too.
func (p *project) findStores() {
	for _, name := range p.loaded.ServiceNames() {
		s := p.loaded.Services[name]
		kinds := kindsOf(s)
		if len(kinds) == 0 {
			continue
		}
		of := store{name: name, kinds: kinds, hosts: hostsOf(s)}
		switch {
		case of.is(objects) && of.is(items):
			if of.kinds = offered(valueOf(s, "SERVICES")); len(of.kinds) == 0 {
				p.remark(p.lines.of("services", name),
					"%s serves neither S3 nor DynamoDB, and the lab has no other of AWS's services",
					name)
			}
		case of.is(objects):
			of.user, of.pass = valueOf(s, "MINIO_ROOT_USER"), valueOf(s, "MINIO_ROOT_PASSWORD")
		case of.is(postgres):
			of.user, of.pass = valueOf(s, "POSTGRES_USER"), valueOf(s, "POSTGRES_PASSWORD")
			p.findSeeds(s)
		}
		p.stores = append(p.stores, of)
	}
}

// offered are the kinds that LocalStack is told to serve.
func offered(services string) []kind {
	all := []kind{objects, items}
	if services == "" {
		return all
	}
	return slices.DeleteFunc(all, func(k kind) bool { return !strings.Contains(services, strings.ToLower(string(k))) })
}

// hostsOf are the names by which others reach a service.
func hostsOf(s types.ServiceConfig) []string {
	hosts := []string{s.Name}
	for _, name := range []string{s.ContainerName, s.Hostname} {
		if name != "" {
			hosts = append(hosts, name)
		}
	}
	for _, network := range s.Networks {
		if network != nil {
			hosts = append(hosts, network.Aliases...)
		}
	}
	slices.SortFunc(hosts, func(a, b string) int { // the longest first
		return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b))
	})
	return slices.Compact(hosts)
}

func valueOf(s types.ServiceConfig, name string) string {
	if v := s.Environment[name]; v != nil {
		return *v
	}
	return ""
}
