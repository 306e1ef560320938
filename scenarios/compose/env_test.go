package compose

import (
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/google/go-cmp/cmp"
)

// around is a project with one store of each kind.
func around() *project {
	return &project{file: "compose.yaml", stores: []store{
		{name: "db", kinds: []kind{postgres}, hosts: []string{"db.internal", "db"}},
		{name: "cache", kinds: []kind{redis}, hosts: []string{"cache"}},
		{name: "minio", kinds: []kind{objects}, hosts: []string{"minio"}, user: "root-user", pass: "root-pass"},
		{name: "ddb", kinds: []kind{items}, hosts: []string{"ddb"}},
	}}
}

func TestTemplatesOfVariables(t *testing.T) {
	for text, want := range map[string]string{
		// URLs
		"A=postgres://u:p@db/x":                       "A=postgres://{{.User}}:{{.Secret}}@{{.Postgres}}/{{.Database}}",
		"A=pg://u@db/x?a=b":                           "A=pg://{{.User}}:{{.Secret}}@{{.Postgres}}/{{.Database}}?a=b",
		"URL=jdbc:postgresql://db.internal:5432/shop": "URL=jdbc:postgresql://{{.Postgres}}/{{.Database}}",
		"URL=postgres://u:p@dbx:5432/shop":            "URL=postgres://u:p@dbx:5432/shop",
		"URL=postgres://db:5432":                      "URL=postgres://{{.Postgres}}",
		"CELERY=redis://cache:6379/0":                 "CELERY=redis://{{.Redis}}/0",
		"CELERY=rediss://:pw@cache/0":                 "CELERY=rediss://{{.Redis}}/0",
		"URL=redis://elsewhere:6379/0":                "URL=redis://elsewhere:6379/0",
		"ENDPOINT=http://minio:9000/":                 "ENDPOINT=http://{{.S3}}/",
		"ENDPOINT=minio:9000":                         "ENDPOINT={{.S3}}",
		"AWS_ENDPOINT_URL_DYNAMODB=http://ddb:8000":   "AWS_ENDPOINT_URL_DYNAMODB=http://{{.DynamoDB}}",
		"DSN=host=db user=u password='a b' dbname=x port=5432": "DSN=host={{.PostgresHost}} user={{.User}} " +
			"password={{.Secret}} dbname={{.Database}} port={{.PostgresPort}}",
		"DSN=host=other user=u":                              "DSN=host=other user=u",
		"WAIT=tcp://db:5432 tcp://cache:6379":                "WAIT=tcp://{{.Postgres}} tcp://{{.Redis}}",
		"WAIT_FOR=db:5432,cache:6379":                        "WAIT_FOR={{.Postgres}},{{.Redis}}",
		"URLS=redis://cache:6379,redis://cache-replica:6379": "URLS=redis://{{.Redis}},redis://cache-replica:6379",
		"URLS=redis://cache-replica:6379/1,redis://cache:6379/0": "URLS=redis://cache-replica:6379/1," +
			"redis://{{.Redis}}/0",
		"URLS=redis://cache,redis://cache": "URLS=redis://{{.Redis}},redis://{{.Redis}}",
		"URLS=postgres://u:p@db:5432/x,postgres://u:p@db-replica:5432/x": "URLS=" +
			"postgres://{{.User}}:{{.Secret}}@{{.Postgres}}/{{.Database}},postgres://u:p@db-replica:5432/x",
		// several hosts in one
		"URL=postgres://u:p@db:5432,db.internal:5433/x?target_session_attrs=read-write": "URL=" +
			"postgres://{{.User}}:{{.Secret}}@{{.PostgresHosts}}/{{.Database}}?target_session_attrs=read-write",
		"URL=jdbc:postgresql://db,db.internal/x?targetServerType=primary&user=u": "URL=" +
			"jdbc:postgresql://{{.PostgresHosts}}/{{.Database}}?targetServerType=primary&user=u",
		"URLS=http://minio:9000,http://minio.example:9000": "URLS=http://{{.S3}},http://minio.example:9000",
		// parts
		"DB_HOST=db DB_PORT=5432 DB_USERNAME=u DB_PASSWORD=p DB_DATABASE=x": "DB_HOST={{.PostgresHost}} " +
			"DB_PORT={{.PostgresPort}} DB_USERNAME={{.User}} DB_PASSWORD={{.Secret}} DB_DATABASE={{.Database}}",
		"PGHOST=db PGPORT=5432 PGUSER=u PGPASSWORD=p PGDATABASE=x": "PGHOST={{.PostgresHost}} " +
			"PGPORT={{.PostgresPort}} PGUSER={{.User}} PGPASSWORD={{.Secret}} PGDATABASE={{.Database}}",
		"POSTGRES_SERVER=db POSTGRES_DB=x POSTGRES_USER=u": "POSTGRES_SERVER={{.PostgresHost}} " +
			"POSTGRES_DB={{.Database}} POSTGRES_USER={{.User}}",
		"MAIN_DB_HOST=db MAIN_DB_NAME=x MAIN_DB_PASS=p": "MAIN_DB_HOST={{.PostgresHost}} " +
			"MAIN_DB_NAME={{.Database}} MAIN_DB_PASS={{.Secret}}",
		"DB_NAME=x DB_USER=u":              "DB_NAME={{.Database}} DB_USER={{.User}}", // the host is elsewhere
		"DB_HOST=mysql DB_USER=u":          "DB_HOST=mysql DB_USER=u",
		"REDIS_HOST=cache REDIS_PORT=6379": "REDIS_HOST={{.RedisHost}} REDIS_PORT={{.RedisPort}}",
		"REDIS_PASSWORD=p REDIS_DB=1":      "REDIS_DB=1",
		"APP_NAME=db-tool USER=me":         "APP_NAME=db-tool USER=me",
		"PORT=8080 ADMIN_PASSWORD=x":       "PORT=8080 ADMIN_PASSWORD=x",
		// S3 and DynamoDB
		"AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b": "AWS_ACCESS_KEY_ID={{.AccessKey}} " +
			"AWS_SECRET_ACCESS_KEY={{.Secret}}",
		"MINIO_ACCESS_KEY=a MINIO_SECRET_KEY=b":         "MINIO_ACCESS_KEY={{.AccessKey}} MINIO_SECRET_KEY={{.Secret}}",
		"FILES_LOGIN=root-user FILES_TOKEN=root-pass":   "FILES_LOGIN={{.AccessKey}} FILES_TOKEN={{.Secret}}",
		"SECRET_KEY=django":                             "SECRET_KEY=django",
		"S3_BUCKET=files UPLOADS_BUCKET_NAME=x":         "S3_BUCKET=documents UPLOADS_BUCKET_NAME=documents",
		"ROOT=s3://files/a":                             "ROOT=s3://documents/a",
		"ORDERS_TABLE=o TABLE_NAME=o":                   "ORDERS_TABLE=decisions TABLE_NAME=decisions",
		"S3_HOST=minio S3_PORT=9000 S3_REGION=eu-west1": "S3_HOST={{.S3Host}} S3_PORT={{.S3Port}} S3_REGION=eu-west1",
		// what can't be
		"REGION=eu-1 NODE=a A=1": "A=1",
		"GREETING=hi-{{name}}":   "",
	} {
		e := &environment{project: around(), values: variables(text), lineOf: func(string) int { return 1 }}
		if diff := cmp.Diff(variables(want), e.templates()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

// variables are NAME=VALUE, where a value may hold blanks if no = follows in capitals.
func variables(text string) map[string]string {
	all, last := map[string]string{}, ""
	for word := range strings.FieldsSeq(text) {
		name, value, is := strings.Cut(word, "=")
		if is && name == strings.ToUpper(name) {
			all[name], last = value, name
			continue
		}
		all[last] += " " + word
	}
	return all
}

func TestStoresByTheirImages(t *testing.T) {
	for image, want := range map[string]string{
		"postgres": "PostgreSQL", "postgres:17-alpine": "PostgreSQL", "docker.io/library/postgres:17": "PostgreSQL",
		"bitnami/postgresql": "PostgreSQL", "postgis/postgis:16-3.4": "PostgreSQL",
		"timescale/timescaledb:latest-pg16":                         "PostgreSQL",
		"localhost:5000/postgres@sha256:" + strings.Repeat("0", 64): "PostgreSQL",
		"redis": "Redis", "valkey/valkey:8": "Redis", "redis/redis-stack-server": "Redis",
		"minio/minio": "S3", "quay.io/minio/minio:RELEASE.2025": "S3", "chrislusf/seaweedfs": "S3",
		"versity/versitygw":       "S3",
		"localstack/localstack:4": "S3 and DynamoDB", "amazon/dynamodb-local": "DynamoDB",
		"postgres-exporter": "", "example/redis-commander": "", "minio/mc": "", "mysql:8": "", "scylladb/scylla": "",
		"": "",
	} {
		if got := kindWords(
			kindsOf(types.ServiceConfig{ContainerSpec: types.ContainerSpec{Image: image}})); got != want {
			t.Errorf("%s is %q, want %q", image, got, want)
		}
	}
	alternator := types.ServiceConfig{ContainerSpec: types.ContainerSpec{
		Image: "scylladb/scylla:6", Command: types.ShellCommand{"--alternator-port=8000"},
	}}
	if got := kindWords(kindsOf(alternator)); got != "DynamoDB" {
		t.Errorf("Alternator is %q", got)
	}
}

func TestRequestsOfHealthChecks(t *testing.T) {
	for test, want := range map[string]check{
		"CMD curl -f http://localhost:3000/up":                              {"/up", 3000},
		"CMD-SHELL curl -fsS http://127.0.0.1:8080/health?deep=1 || exit 1": {"/health?deep=1", 8080},
		"CMD-SHELL wget -qO- localhost:8080/livez|grep ok":                  {"/livez", 8080},
		"CMD wget --spider http://[::1]:80":                                 {"/", 80},
		`CMD-SHELL python -c "urlopen('http://localhost:5000/health')"`:     {"/health", 5000},
		"CMD-SHELL curl http://$HOSTNAME:9000/ok":                           {"/ok", 9000},
		"CMD-SHELL curl http://localhost/ok":                                {"/ok", 0},
		"CMD-SHELL pg_isready -h localhost":                                 {},
		"CMD-SHELL nc -z localhost 8080":                                    {},
		"CMD curl https://elsewhere.example/up":                             {},
		"NONE":                                                              {},
	} {
		s := types.ServiceConfig{ContainerSpec: types.ContainerSpec{}}
		s.HealthCheck = &types.HealthCheckConfig{Test: strings.Fields(test)}
		if got := checkOf(s); got != want {
			t.Errorf("%s asks %+v, want %+v", test, got, want)
		}
	}
}

func TestAValueLeadsToAHost(t *testing.T) {
	for value, leads := range map[string]bool{
		"search": true, "http://search": true, "http://search:9200/x": true, "http://me:pw@search/": true,
		"search:9200": true, "a:1,search:9200": true, "me:pw@search/x": true, "tcp(search:9200)": true,
		"http://search.example.com": false, "http://search-2:9200": false, "me@search.example.com": false,
		"research:9200": false, "http://searching": false, "search-2:9200": false, "search: all": false,
	} {
		if leadsTo(value, "search") != leads {
			t.Errorf("that %s leads to search is told as %v", value, !leads)
		}
	}
}
