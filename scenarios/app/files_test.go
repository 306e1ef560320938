package app

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/scenarios/file"
)

// withFiles is the shop with files, from line 7 on, instead of its command.
func withFiles(files string) string { return strings.Replace(whole(), "command: [serve]\n", files, 1) }

func TestAnAppHasFiles(t *testing.T) {
	a := parse(t, withFiles(`files:
  /tmp/db.json: '{"source": "postgres://{{.User}}@{{.Postgres}}/", "n": {"m": {}}}'
  /tmp/etc/shop.ini: |
    [shop]
    node = {{.Node}}
processes:
  web: {command: [web], port: 9000, files: {/tmp/web.ini: "mode = web"}}
  worker: {command: [work], files: {/tmp/db.json: "none"}}
  mailer: {command: [mail]}
`))
	db, ini := `{"source": "postgres://{{.User}}@{{.Postgres}}/", "n": {"m": {}}}`, "[shop]\nnode = {{.Node}}\n"
	for process, want := range map[string]map[string]string{
		"":       {"/tmp/db.json": db, "/tmp/etc/shop.ini": ini},
		"web":    {"/tmp/db.json": db, "/tmp/etc/shop.ini": ini, "/tmp/web.ini": "mode = web"},
		"worker": {"/tmp/db.json": "none", "/tmp/etc/shop.ini": ini},
		"mailer": {"/tmp/db.json": db, "/tmp/etc/shop.ini": ini},
	} {
		if diff := cmp.Diff(want, a.Files(process)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", process, diff)
		}
	}
	if got := parse(t, whole()).Files(""); got != nil {
		t.Errorf("an app without files has %v", got)
	}
}

// An address in a file is as good as one in the environment.
func TestAnAppIsLedByItsFiles(t *testing.T) {
	plain := strings.Replace(whole(), `env: {DATABASE_URL: "postgres://{{.User}}:{{.Secret}}@{{.Postgres}}/{{.Database}}"}
command: [serve]
repoint: none`, "repoint: restart\nFILES", 1)
	for files, led := range map[string]bool{
		`files: {/tmp/a: "{{.Postgres}}"}`:      true,
		`files: {/tmp/a: "{{.RedisHost}}"}`:     true,
		`files: {/tmp/a: "{{.PostgresHosts}}"}`: false,
		`files: {/tmp/a: "{{.User}}"}`:          false,
		`processes: {web: {command: [web], port: 9000}, worker: {command: [work], files: {/tmp/a: "{{.S3}}"}}}`: true,
	} {
		_, err := Parse("app.yaml", []byte(strings.Replace(plain, "FILES", files, 1)), nil)
		if (err == nil) != led || err != nil && !strings.Contains(err.Error(),
			"6:10: repoint: restart changes nothing, since neither env nor files has an address that a failover changes") {
			t.Errorf("%s: %v", files, err)
		}
	}
}

func TestMistakesOfFilesAreComplainedAbout(t *testing.T) {
	const worker = "processes:\n  web: {command: [web], port: 9000}\n  worker: {command: [work], files: "
	long := strings.Repeat("x", 900) + "\n    "
	for files, want := range map[string]string{
		"files: {/etc/db.json: x}": `7:23: files: "/etc/db.json" is not in /tmp, which is the only place that an app's ` +
			"nodes can write to: name a file such as /tmp/app.json",
		"files: {db.json: x}":                                  `7:18: files: "db.json" is not in /tmp`,
		"files: {/tmp/../etc/passwd: x}":                       `7:29: files: "/tmp/../etc/passwd" is not in /tmp`,
		"files: {/tmp/etc/: x}":                                `7:20: files: "/tmp/etc/" is a folder: name a file in it`,
		"files: {/tmp//a: x}":                                  `files: "/tmp//a" is a roundabout name: write /tmp/a`,
		"files: {/tmp/a: x, /tmp/a: y}":                        `7:20: key "/tmp/a" is there twice in files, first on line 7`,
		"files: {/tmp/a: x, /tmp/a/b: y}":                      "7:17: files: /tmp/a/b is in it, so that it is a folder and no file",
		`files: {/tmp/a: "{{.Postgress}}"}`:                    `files./tmp/a: unknown placeholder {{.Postgress}}: did you mean "Postgres"?`,
		`files: {/tmp/a: "{{.ID}}"}`:                           "files./tmp/a: unknown placeholder {{.ID}}: known are AccessKey, ",
		`files: {/tmp/a: "{{if .A}}"}`:                         `files./tmp/a: invalid placeholder "{{if .A}}"`,
		"files: {/tmp/a: {b: c}}":                              "files./tmp/a takes one value, not a list or a mapping",
		"files: [/tmp/a]":                                      "files is not a mapping: write names below it, each with its value",
		`files: {/tmp/a: "\x07"}`:                              "files./tmp/a: holds U+0007, which can't be seen",
		"files:\n  /tmp/a: |\n    " + strings.Repeat(long, 18): "files./tmp/a: 16218 characters are too many: at most 16000",
		"files:\n  /tmp/a: |\n    " + strings.Repeat(long, 17) + "\n  /tmp/b: |\n    " + strings.Repeat(long, 17) +
			"\n  /tmp/c: |\n    " + strings.Repeat(long, 17): "7:1: files: they hold",
		worker + "{/etc/a: x}}":                            `9:45: processes.worker.files: "/etc/a" is not in /tmp`,
		worker + "{/tmp/a: \"{{.B}}\"}}":                   "9:45: processes.worker.files./tmp/a: unknown placeholder {{.B}}",
		"files: {/tmp/a/b: x}\n" + worker + "{/tmp/a: y}}": "10:45: processes.worker.files: /tmp/a/b is in it, so that it",
		"files: {/tmp/a: x}\n" + worker + "{/tmp/a/b: y}}": "10:29: processes.worker.files: /tmp/a/b is in it, so that it",
	} {
		_, err := Parse("app.yaml", []byte(withFiles(files+"\n")), nil)
		if err == nil || !strings.Contains(err.Error(), want) || len(file.Problems(err)) != 1 {
			t.Errorf("%s: %v\nwant %s alone", files, err, want)
		}
	}
}
