package compose

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A file that is mounted into the app is one that an app file can carry; a folder, a volume and what is not there are
// not.
func TestFilesThatAreMountedCanBeCarried(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"shop.toml": "mode = \"plain\"\n", "etc/a.toml": "", "compose.yaml": `services:
  shop:
    image: shop
    volumes:
      - ./shop.toml:/etc/shop/shop.toml:ro
      - {type: bind, source: ./etc, target: /etc/more}
      - {type: bind, source: ./shop.toml, target: "/etc/a\nimage: b"}
      - data:/data
  db: {image: postgres}
volumes: {data: {}}
`,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d, err := Read(t.Context(), Options{File: filepath.Join(dir, "compose.yaml")})
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, r := range d.Remarks {
		if strings.Contains(r.Text, "carr") {
			said = append(said, r.Text)
		}
	}
	want := "shop: shop.toml, which is mounted at /etc/shop/shop.toml, is not carried over: files can carry it to a " +
		"place in /tmp"
	if len(said) != 3 || !strings.HasPrefix(said[1], want) ||
		!strings.HasPrefix(said[0], "shop.volumes is not carried over: nodes start with what the image holds") {
		t.Errorf("%q", said)
	}
	comment := `
# The compose file mounts these into it. files can carry what is text: to /tmp, so that the app has to look there.
# files:
#   /tmp/shop.toml: | # what shop.toml holds, which is at /etc/shop/shop.toml there
#   "/tmp/a\nimage: b": | # what shop.toml holds, which is at "/etc/a\nimage: b" there
`
	if !strings.Contains(d.Text, comment) {
		t.Errorf("nothing of %s in\n%s", comment, d.Text)
	}
}
