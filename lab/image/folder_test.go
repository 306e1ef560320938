package image

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regionfall/regionfall/lab/engine/enginetest"
)

// works is an engine that builds images, by the classic way that every engine has.
type works struct {
	*enginetest.Engine
	says string // of a build, in its own form; empty: that it went well

	mu     sync.Mutex
	images []string
	sent   []map[string]string // by build: what it was sent, by name: a text, or "-> target"
	asked  []map[string]string // by build: its arguments
}

func startWorks(t *testing.T) *works {
	t.Helper()
	w := &works{Engine: enginetest.Start(t)}
	t.Setenv("DOCKER_HOST", w.Address)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	w.Answer("POST /build", w.build)
	w.Answer("GET /images/json", func(out http.ResponseWriter, _ *http.Request) {
		w.mu.Lock()
		defer w.mu.Unlock()
		all := []any{}
		for _, name := range w.images {
			all = append(all, map[string]any{"Id": "sha256:" + name, "RepoTags": []string{name}})
		}
		answer(out, all)
	})
	return w
}

func answer(out http.ResponseWriter, v any) {
	out.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(out).Encode(v)
}

func (w *works) build(out http.ResponseWriter, r *http.Request) {
	sent, args := map[string]string{}, map[string]string{}
	_ = json.Unmarshal([]byte(r.URL.Query().Get("buildargs")), &args)
	for files := tar.NewReader(r.Body); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		dated := err != nil || h.Name == authoritiesFile || !h.ModTime.Before(time.Unix(1, 0))
		if err != nil || h.Uid != 0 || !dated || r.URL.Query().Get("version") == "2" {
			enginetest.Refuse(out, http.StatusBadRequest, fmt.Sprintf("bad archive: %v %+v", err, h))
			return
		}
		text, _ := io.ReadAll(files)
		sent[h.Name] = string(text)
		if h.Typeflag == tar.TypeSymlink {
			sent[h.Name] = "-> " + h.Linkname
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent, w.asked = append(w.sent, sent), append(w.asked, args)
	if w.says != "" {
		_, _ = io.WriteString(out, w.says)
		return
	}
	name := r.URL.Query().Get("t")
	w.images = append(w.images, name)
	w.Answer("GET /images/"+name+"/json", func(out http.ResponseWriter, _ *http.Request) {
		answer(out, map[string]any{"Id": "sha256:" + name})
	})
	_, _ = io.WriteString(out, `{"stream":"Step 1/1 : FROM scratch\n"}`)
}

func folderOf(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		put(t, dir, name, text)
	}
	return dir
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

const fromScratch = "FROM scratch\nCOPY shop /shop\n"

func TestAFolderIsSentButForWhatItIgnores(t *testing.T) {
	w := startWorks(t)
	dir := folderOf(t, map[string]string{
		"shop/Dockerfile": fromScratch, "shop/shop": "program", "shop/lib/a.txt": "a", "shop/lib/keep/b.txt": "b",
		"shop/node_modules/x/y.js": "y", "shop/secret.env": "s", "outside": "not for the image",
		"shop/.dockerignore": "# what is not needed\nnode_modules\n*.env\nDockerfile\nlib\n!lib/keep\n",
	})
	if err := os.Symlink("../outside", filepath.Join(dir, "shop", "out")); err != nil {
		t.Fatal(err)
	}
	var steps []string
	ref, err := BuildFolder(t.Context(), dir, "./shop", Packages,
		func(e Event) { steps = append(steps, e.Image+": "+e.Step) })
	if err != nil {
		t.Fatal(err)
	}
	ignore, err := os.ReadFile(filepath.Join(dir, "shop", ".dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	want := []map[string]string{{
		".dockerignore": string(ignore), "Dockerfile": fromScratch, "shop": "program", "lib/keep/": "",
		"lib/keep/b.txt": "b", "out": "-> ../outside", // the link, and not what is there
	}}
	if diff := cmp.Diff(want, w.sent); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"shop: 1/1 : FROM scratch", "shop: " + ref.Name}, steps); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if ref.ID != "sha256:"+ref.Name || !strings.HasPrefix(ref.Name, "regionfall/folder:") {
		t.Errorf("it is %+v", ref)
	}
}

func TestAFolderIsBuiltAgainWhenItChanges(t *testing.T) {
	w := startWorks(t)
	dir := folderOf(t, map[string]string{
		"Dockerfile": fromScratch, "shop": "program", ".dockerignore": "*.log\n", "today.log": "one",
	})
	built := func(times int, why string) {
		t.Helper()
		if _, err := BuildFolder(t.Context(), dir, ".", Packages, nil); err != nil {
			t.Fatal(err)
		}
		if len(w.sent) != times {
			t.Errorf("%s: it was built %d times, want %d", why, len(w.sent), times)
		}
	}
	built(1, "the first time")
	if err := os.Chtimes(filepath.Join(dir, "shop"), time.Now(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	built(1, "another time of a file")
	put(t, dir, "today.log", "two")
	built(1, "what is ignored has changed")
	put(t, dir, "shop", "another program")
	built(2, "a file has changed")
	put(t, dir, "more", "")
	built(3, "there is another file")
	put(t, dir, "Dockerfile", fromScratch+"ENV A=1\n")
	built(4, "its Dockerfile has changed")
	if err := os.Chmod(filepath.Join(dir, "shop"), 0o755); err != nil {
		t.Fatal(err)
	}
	built(5, "it may be run now")
}

func TestADockerfileHasTheArgumentsThatItDeclares(t *testing.T) {
	w := startWorks(t)
	t.Setenv("PIP_INDEX_URL", "https://index.test/simple")
	t.Setenv("PIP_TRUSTED_HOST", "index.test")
	base, err := recipe{name: "base"}.tag("amd64", "")
	if err != nil {
		t.Fatal(err)
	}
	w.images = []string{base}
	dir := folderOf(t,
		map[string]string{"Dockerfile": "arg BASE\nFROM ${BASE}\n ARG PIP_INDEX_URL=x\n# ARG PIP_TRUSTED_HOST\n"})
	if _, err := BuildFolder(t.Context(), dir, ".", Packages, nil); err != nil {
		t.Fatal(err)
	}
	want := []map[string]string{{"BASE": base, "PIP_INDEX_URL": "https://index.test/simple"}}
	if diff := cmp.Diff(want, w.asked); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
}

// They are of this machine, and no reason to build anew.
func TestAFolderMayHaveTheAuthoritiesOfThisMachine(t *testing.T) {
	w := startWorks(t)
	ours := filepath.Join(t.TempDir(), "ours.pem")
	t.Setenv("SSL_CERT_FILE", ours)
	const recipe = "FROM scratch\nARG AUTHORITIES\nCOPY ${AUTHORITIES} /\n"
	dir := folderOf(t, map[string]string{"Dockerfile": recipe})
	for _, text := range []string{"one", "another"} {
		put(t, filepath.Dir(ours), "ours.pem", text)
		if _, err := BuildFolder(t.Context(), dir, ".", Packages, nil); err != nil {
			t.Fatal(err)
		}
	}
	want := []map[string]string{{"Dockerfile": recipe, "authorities.pem": "one"}}
	if diff := cmp.Diff(want, w.sent); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]map[string]string{{"AUTHORITIES": "authorities.pem"}}, w.asked); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
}

func TestAFolderThatCannotBeBuiltSaysWhy(t *testing.T) {
	w := startWorks(t)
	w.says = `{"stream":"Step 1/2 : FROM scratch\n"}{"stream":"Step 2/2 : RUN make\n"}` +
		`{"stream":"cc: no such file: shop.c\n"}{"errorDetail":{"message":"returned a non-zero code: 2"}}`
	dir := folderOf(t, map[string]string{
		"good/Dockerfile": fromScratch, "none/shop": "", "bad/Dockerfile": fromScratch, "bad/.dockerignore": "[",
	})
	if err := os.Symlink(t.TempDir(), filepath.Join(dir, "away")); err != nil {
		t.Fatal(err)
	}
	for folder, want := range map[string]string{
		"good": "build an image of good: 2/2 : RUN make\n    cc: no such file: shop.c\n    returned a non-zero " +
			"code: 2",
		"none":    "build an image of none: it has no Dockerfile",
		"nowhere": "no such file",
		"away":    "escapes",
		"../x":    "escapes",
		"bad":     "read its .dockerignore: ",
	} {
		_, err := BuildFolder(t.Context(), dir, folder, Packages, nil)
		if err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), "Step ", ""), want) {
			t.Errorf("%s: %v, want %q", folder, err, want)
		}
	}
	if len(w.sent) != 1 || len(w.images) != 0 {
		t.Errorf("%d folders were sent, images are %v", len(w.sent), w.images)
	}
}
