package image

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// authoritiesFile is what a build that fetches Python packages finds the certificate authorities of this machine in.
const authoritiesFile = "authorities.pem"

// bundles are where systems keep the certificate authorities that they trust, after what the environment names.
var bundles = []string{
	"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
	"/etc/ssl/cert.pem",
}

// authorities are those that this machine trusts, as files of a build context. Without any the build trusts those that
// pip brings along.
func authorities() (map[string][]byte, error) {
	if named := os.Getenv("SSL_CERT_FILE"); named != "" {
		data, err := os.ReadFile(named)
		return map[string][]byte{authoritiesFile: data}, err
	}
	for _, place := range bundles {
		data, err := os.ReadFile(place)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return map[string][]byte{authoritiesFile: data}, err
		}
	}
	return map[string][]byte{authoritiesFile: nil}, nil
}

// pythonIndex is the package index that whoever runs this has pip use, as arguments of a build.
func pythonIndex() map[string]string {
	args := map[string]string{}
	for _, name := range []string{"PIP_INDEX_URL", "PIP_TRUSTED_HOST"} {
		if value := os.Getenv(name); value != "" {
			args[name] = value
		}
	}
	return args
}

// ofPip makes a sentence of what pip printed before its build failed; another failure stays as it is.
func ofPip(err error) error {
	const mismatch, requirement = "DO NOT MATCH THE HASHES", "=="
	var failed *buildError
	if !errors.As(err, &failed) {
		return err
	}
	last := ""
	for i, line := range failed.printed {
		if strings.Contains(line, mismatch) {
			what := "a package"
			for _, l := range failed.printed[i+1:] {
				if name, _, ok := strings.Cut(strings.TrimSpace(l), " "); ok && strings.Contains(name, requirement) {
					what = name
					break
				}
			}
			return fmt.Errorf("the index gave %s with another hash than docker/localstack/requirements.txt has: "+
				"one of the two was changed, and nothing was installed", what)
		}
		for _, mark := range []string{"ERROR: ", "× "} {
			if text, ok := strings.CutPrefix(line, mark); ok {
				last = text
			}
		}
	}
	if last == "" {
		return err
	}
	return fmt.Errorf("fetch LocalStack's Python packages: %s", last)
}
