package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestWhatIsNoFaultOfAnAppIsNotToldAsOne(t *testing.T) {
	failed := new(exec.ExitError)
	if err := exec.Command("sh", "-c", "exit 1").Run(); !errors.As(err, &failed) {
		t.Fatal(err)
	}
	for text, fault := range map[string]bool{
		"./main.go:7:2: undefined: serve":                                                     true,
		"no matching versions for query":                                                      true,
		"The command '/bin/sh -c make' returned a non-zero code: 2":                           true,
		"dial tcp: lookup proxy.example: no such host":                                        false,
		"Get \"https://proxy.example/\": dial tcp 192.0.2.1:443: connect: connection refused": false,
		"read tcp 192.0.2.1:443: i/o timeout":                                                 false,
		"net/http: TLS handshake timeout":                                                     false,
		"tls: failed to verify certificate: x509: certificate signed by unknown authority":    false,
		"write /tmp/a: no space left on device":                                               false,
		"go: cannot find GOROOT directory":                                                    true,
		"reading https://proxy.example/@v/list: 503 Service Unavailable":                      false,
		"Temporary failure resolving 'deb.example'":                                           false,
	} {
		var is *NotBuilt
		err := notBuilt(fmt.Errorf("%w\n    %s", failed, text))
		if errors.As(err, &is) != fault || !errors.Is(err, failed) {
			t.Errorf("%s: %v", text, err)
		}
	}
	var is *NotBuilt
	if errors.As(notBuilt(context.Canceled), &is) || errors.As(notBuilt(exec.ErrNotFound), &is) ||
		notBuilt(nil) != nil {
		t.Error("who is interrupted, or has no go, is told of a mistake")
	}
	if !errors.As(notBuilt(&buildError{printed: []string{"exit 1"}}), &is) {
		t.Error("a Dockerfile whose step fails is no mistake of it")
	}
}

func TestAProgramThatDoesNotCompileIsAFaultOfIts(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module shop.example\n\ngo 1.24\n", "main.go": "package main\n\nfunc main() { serve() }\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path, err := mainPackage(t.Context(), dir, nil, ".")
	if err != nil || path != "shop.example" {
		t.Fatalf("%q, %v", path, err)
	}
	b := &builder{engine: &engine{arch: "arm64"}, cache: t.TempDir(), report: func(Event) {}}
	var is *NotBuilt
	if _, err = b.compileProgram(t.Context(), dir, path, ".", false); !errors.As(err, &is) {
		t.Error(err)
	}
	if _, err = mainPackage(t.Context(), dir, nil, "./nowhere"); !errors.As(err, &is) {
		t.Error(err)
	}
}
