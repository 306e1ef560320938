package page

import (
	"fmt"
	"io"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
)

// hostile are texts that leave the place they stand in, if that lets them.
var hostile = []string{
	`<script>alert(1)</script>`,
	`</style></title></text></svg></td></table><img src=x onerror=alert(1)>`,
	`" onmouseover="alert(1)" x="`,
	`' onfocus='alert(1)`,
	`javascript:alert(1)`,
	`//elsewhere/`,
	`&lt;b&gt; &amp;quot; <!-- %3Cb%3E ]]>`,
}

type renderer interface{ Render(io.Writer) error }

// Whatever text a page is given, wherever it shows it, its elements and attributes stay the same, and the text is read
// as it was written.
func TestTextStaysText(t *testing.T) {
	const harmless = "HARMLESS"
	for name, made := range map[string]func(filler) renderer{
		"report":               func(f filler) renderer { return filled[Report](f) },
		"index with a failure": func(f filler) renderer { return filled[Index](f) },
		"index": func(f filler) renderer {
			i := filled[Index](f)
			i.Drills[0].Error = ""
			return i
		},
	} {
		for _, on := range []bool{true, false} {
			for _, text := range hostile {
				want, got := outline(t, made(filler{harmless, on})), outline(t, made(filler{text, on}))
				if !strings.Contains(want, harmless) {
					t.Fatalf("the %s shows nothing of what it is given", name)
				}
				if diff := cmp.Diff(strings.ReplaceAll(want, harmless, text), got); diff != "" {
					t.Errorf("%s: %s (-want +got):\n%s", name, text, diff)
				}
			}
		}
	}
}

// A folder may have any name, and the link to it leads nowhere else.
func TestLinksStayBelowTheirFolder(t *testing.T) {
	usual := []string{"20260801-120000-kyc-zero-loss", "a b?c#d", "50%25", "mailto:x", "ü"}
	for _, folder := range append(usual, hostile...) {
		page := outline(t, Index{Drills: []Drill{{Folder: folder, Scenario: "x"}}})
		if link := "href=" + folder + "/report.html\n"; !strings.Contains(page, link) {
			t.Errorf("nothing has %s in\n%s", link, page)
		}
	}
}

// filler gives every text and every switch of a value the same.
type filler struct {
	text string
	on   bool
}

func filled[T any](f filler) T {
	var all T
	f.fill(reflect.ValueOf(&all).Elem(), 0)
	return all
}

func (f filler) fill(v reflect.Value, depth int) {
	const deepest = 8 // some values hold others of their own kind
	if depth > deepest {
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(f.text)
	case reflect.Bool:
		v.SetBool(f.on)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem(), depth+1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		f.fill(v.Index(0), depth+1)
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(v.Field(i), depth+1)
		}
	default: // numbers are no danger
	}
}

// outline is a page as a browser reads it, a line for each element, attribute and text.
func outline(t *testing.T, page renderer) string {
	t.Helper()
	var source, out strings.Builder
	if err := page.Render(&source); err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(strings.NewReader(source.String()))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		switch n.Type {
		case html.ElementNode:
			fmt.Fprintf(&out, "<%s>\n", n.Data)
			for _, a := range n.Attr {
				if a.Key == "href" {
					a.Val = target(t, a.Val)
				}
				fmt.Fprintf(&out, "%s=%s\n", a.Key, a.Val)
			}
		case html.TextNode:
			if text := strings.TrimSpace(n.Data); text != "" {
				out.WriteString(text + "\n")
			}
		default:
			fmt.Fprintf(&out, "%d %s\n", n.Type, n.Data)
		}
	}
	return out.String()
}

// target is the file that a link leads to, below the page's own folder.
func target(t *testing.T, link string) string {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil {
		t.Errorf("the link %q is none: %v", link, err)
		return link
	}
	if *u != (url.URL{Path: u.Path, RawPath: u.RawPath}) || strings.HasPrefix(u.Path, "/") {
		t.Errorf("the link %q leads elsewhere: %+v", link, *u)
	}
	path, below := strings.CutPrefix(u.Path, "./")
	if names := strings.Split(u.EscapedPath(), "/"); below && len(names) != 3 {
		t.Errorf("the link %q leads to a folder of another name", link)
	}
	return path
}
