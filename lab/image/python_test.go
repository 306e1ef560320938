package image

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What pip printed when this was tried: a hash in the list was changed by hand; the index sent half of a file; it had
// none of them.
func TestWhatPipSaysIsASentence(t *testing.T) {
	for name, c := range map[string]struct{ printed, want string }{
		"a hash that was changed": {
			"Step 5/13 : RUN pip\nERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you " +
				"have updated the package versions, please update the hashes.\n" +
				"    cbor2==5.8.0 from https://index/cbor2.whl (from -r /tmp/build/requirements.txt (line " +
				"8)):\nExpected sha256 0a\nGot        0b\nThe command returned a non-zero code: 1",
			"the index gave cbor2==5.8.0 with another hash than docker/localstack/requirements.txt has: one of the " +
				"two was changed, and nothing was installed",
		},
		"no answer": {
			"Step 5/13 : RUN pip\nERROR: Could not find a version that satisfies the requirement boto3==1.42.54 " +
				"(from versions: none)\nERROR: No matching distribution found for boto3==1.42.54\nThe command " +
				"returned a non-zero code: 1",
			"fetch LocalStack's Python packages: No matching distribution found for boto3==1.42.54",
		},
		"half of a file": {
			"Step 5/13 : RUN pip\nCollecting annotated-types==0.7.0\nerror: incomplete-download\n× Download failed " +
				"because not enough bytes were received (6.8 kB/13 kB)\n" +
				"╰─> URL: http://index/annotated_types.whl\nnote: This is an issue with network connectivity, not " +
				"pip.\nThe command returned a non-zero code: 1",
			"fetch LocalStack's Python packages: Download failed because not enough bytes were received (6.8 kB/13 kB)",
		},
		"not pip": {
			"Step 5/13 : RUN apt-get\nE: Unable to locate package python3",
			"build: Step 5/13 : RUN apt-get\n    E: Unable to locate package python3",
		},
	} {
		if got := ofPip(fmt.Errorf("build: %w", &buildError{strings.Split(c.printed, "\n")})).Error(); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestAuthoritiesAreThoseOfThisMachine(t *testing.T) {
	own := filepath.Join(t.TempDir(), "own.pem")
	if err := os.WriteFile(own, []byte("ours"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SSL_CERT_FILE", own)
	if got, err := authorities(); err != nil || string(got[authoritiesFile]) != "ours" {
		t.Errorf("got %q, %v", got, err)
	}
	t.Setenv("SSL_CERT_FILE", own+".gone")
	if _, err := authorities(); err == nil {
		t.Error("a file that is named and not there is passed over")
	}
	t.Setenv("SSL_CERT_FILE", "")
	defer func(known []string) { bundles = known }(bundles)
	bundles = []string{own + ".gone", own}
	if got, err := authorities(); err != nil || string(got[authoritiesFile]) != "ours" {
		t.Errorf("got %q, %v", got, err)
	}
	bundles = bundles[:1]
	if got, err := authorities(); err != nil || len(got) != 1 || len(got[authoritiesFile]) != 0 {
		t.Errorf("got %q, %v", got, err)
	}
}

// Every package has a version and a hash, and the lists name no place to get them from.
func TestThePythonPackagesAreLocked(t *testing.T) {
	locked := regexp.MustCompile(`^[a-z0-9.-]+==[^ ]+( +--hash=sha256:[0-9a-f]{64})+$`)
	for path, wanted := range map[string]string{
		"../../docker/localstack/requirements.txt":          "localstack-core==4.14.0 ",
		"../../fixtures/thirdparty/mlflow/requirements.txt": "mlflow==3.17.2 ",
	} {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(data), "\\\n", "")
		packages := 0
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			packages++
			if !locked.MatchString(line) {
				t.Errorf("%s: not locked: %.80s", path, line)
			}
		}
		if packages < 50 || !strings.Contains(text, wanted) || strings.Contains(text, "://") {
			t.Errorf("%s: %d packages:\n%.200s", path, packages, text)
		}
	}
}
