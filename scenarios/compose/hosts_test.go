package compose

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// withHosts is a draft of an app that is told of two databases.
func withHosts(t *testing.T, asks, more string) Draft {
	t.Helper()
	path := filepath.Join(t.TempDir(), "compose.yaml")
	text := `services:
  shop:
    image: acme/shop:1
    ports: ["8080:8080"]
    environment:
      DATABASE_URL: postgres://shop:s3cret@east:5432,west:5432/shop?sslmode=disable` + asks + more + `
  east: {image: "postgres:17"}
  west: {image: "postgres:17"}
  cache: {image: "redis:8"}
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := Read(t.Context(), Options{File: path, Service: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAnAppThatKnowsAllDatabasesIsNotRepointed(t *testing.T) {
	const remark = "DATABASE_URL names several hosts, and not that one of them has to take writes"
	for name, c := range map[string]struct {
		asks, more string
		repoint    string
		remarked   bool
	}{
		"it asks for the primary": {"&target_session_attrs=read-write", "", "none", false},
		"it takes any":            {"", "", "none", true},
		"it needs Redis too": {
			"&target_session_attrs=primary", "\n      CACHE: redis://cache:6379", "restart", false,
		},
	} {
		d := withHosts(t, c.asks, c.more)
		if !strings.Contains(d.Text, "\nrepoint: "+c.repoint+"\n") || !strings.Contains(d.Text,
			"postgres://{{.User}}:{{.Secret}}@{{.PostgresHosts}}/{{.Database}}?sslmode=disable"+c.asks) {
			t.Errorf("%s:\n%s", name, d.Text)
		}
		remarked := false
		for _, r := range d.Remarks {
			remarked = remarked || strings.Contains(r.String(), remark)
			if strings.Contains(r.String(), "west") {
				t.Errorf("%s: it is told that %s", name, r)
			}
		}
		if remarked != c.remarked {
			t.Errorf("%s: the remarks are %v", name, d.Remarks)
		}
	}
}
