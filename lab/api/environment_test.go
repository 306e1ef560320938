package api

import (
	"strings"
	"testing"
)

const allPlaceholders = "{{.Region}}, {{.Node}}, {{.Postgres}}, {{.PostgresHost}}, {{.PostgresPort}}, " +
	"{{.Redis}}, {{.RedisHost}}, {{.RedisPort}}, {{.S3}}, {{.S3Host}}, {{.S3Port}}, " +
	"{{.DynamoDB}}, {{.DynamoDBHost}}, {{.DynamoDBPort}}, {{.PostgresHosts}}, " +
	"{{.User}}, {{.Database}}, {{.AccessKey}}, {{.Secret}}, {{.ConfigFile}}"

func TestPlaceholders(t *testing.T) {
	in := AppEnv{
		Node: "app-1.us-west-2", Region: "us-west-2", User: "ann", Secret: "{{.User}}",
		PostgresHosts: "postgres.us-west-2:5432,hub:5401",
		Postgres:      "hub:5401", S3: "127.0.0.1:8003", DynamoDB: "dynamodb.us-west-2:4566",
	}
	for text, want := range map[string]string{
		"":                                 "",
		"plain {text} } of }} no interest": "plain {text} } of }} no interest",
		"{{.Node}}":                        "app-1.us-west-2",
		"{{ .Node }} in {{\t.Region\n}}":   "app-1.us-west-2 in us-west-2",
		"{{.User}}{{.User}}}":              "annann}",
		"{{.Secret}}":                      "{{.User}}", // what was filled in is not looked at again
		"{{.Redis}}":                       "",
		"{{.RedisHost}}:{{.RedisPort}}":    ":", // there is none yet
		"{{.PostgresHost}} {{.PostgresPort}} {{.Postgres}}": "hub 5401 hub:5401",
		"pg://{{.User}}@{{.PostgresHosts}}/":                "pg://ann@postgres.us-west-2:5432,hub:5401/",
		"{{.S3Host}} {{.S3Port}}":                           "127.0.0.1 8003",
		"{{.DynamoDBHost}} {{.DynamoDBPort}}":               "dynamodb.us-west-2 4566",
	} {
		if got, err := in.Fill(text); err != nil || got != want {
			t.Errorf("%q becomes %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestWrongPlaceholders(t *testing.T) {
	plain := ": only plain names are understood: " + allPlaceholders
	for text, want := range map[string]string{
		"{{.Postgress}}":                  "unknown placeholder {{.Postgress}}: there are " + allPlaceholders,
		"{{ .node }}":                     "unknown placeholder {{.node}}: there are " + allPlaceholders,
		"{{.UserHost}}":                   "unknown placeholder {{.UserHost}}: there are " + allPlaceholders,
		"{{.S3Hostname}}":                 "unknown placeholder {{.S3Hostname}}: there are " + allPlaceholders,
		"{{.fill}}":                       "unknown placeholder {{.fill}}: there are " + allPlaceholders,
		"{{Node}}":                        "invalid placeholder {{Node}}" + plain,
		"{{}}":                            "invalid placeholder {{}}" + plain,
		"{{.}}":                           "invalid placeholder {{.}}" + plain,
		"{{.Node.Region}}":                "invalid placeholder {{.Node.Region}}" + plain,
		"{{.Node | printf}}":              "invalid placeholder {{.Node | printf}}" + plain,
		"{{- .Node -}}":                   "invalid placeholder {{- .Node -}}" + plain,
		`{{if eq .Region "x"}}y{{end}}`:   `invalid placeholder {{if eq .Region "x"}}` + plain,
		"{{.Node}} {{.Region {{.User}}":   "invalid placeholder {{.Region {{.User}}" + plain,
		"a:secret@{{.Node}}:{{.Database ": `invalid placeholder "{{.Database ": it has no closing }}`,
		"{{{{":                            `invalid placeholder "{{": it has no closing }}`,
		"{{.Node}" + strings.Repeat("x", 100): `invalid placeholder "{{.Node}` + strings.Repeat("x", 32) +
			`": it has no closing }}`,
	} {
		if got, err := (AppEnv{}).Fill(text); err == nil || err.Error() != want {
			t.Errorf("%q becomes %q, %v; want %s", text, got, err, want)
		}
	}
}
