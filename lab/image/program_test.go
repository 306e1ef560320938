package image

import (
	"strings"
	"testing"

	"github.com/regionfall/regionfall/lab/build"
)

func TestAProgramIsOneMainPackage(t *testing.T) {
	for program, want := range map[string]string{
		"github.com/regionfall/regionfall":                  "",
		"github.com/regionfall/regionfall/fixtures/ledger":  "a main package",
		"github.com/regionfall/regionfall/fixtures/...":     "name one package",
		"github.com/regionfall/regionfall/fixtures/nowhere": "fixtures/nowhere",
		"-toolexec=touch": "toolexec",
		"../..":           "",
		"github.com/regionfall/regionfall/fixtures/ledger@1.0": "ledger@1.0",
	} {
		path, err := mainPackage(t.Context(), "", nil, program)
		switch {
		case want == "" && (err != nil || path != build.Module):
			t.Errorf("%s: %q, %v", program, path, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v", program, err)
		}
	}
}
