package image

import (
	"strings"
	"testing"
)

func TestAProgramIsOneMainPackage(t *testing.T) {
	for program, want := range map[string]string{
		"github.com/regionfall/regionfall/docker/ledger":   "",
		"github.com/regionfall/regionfall/fixtures/ledger": "a main package",
		"github.com/regionfall/regionfall/docker/...":      "name one package",
		"github.com/regionfall/regionfall/docker/nowhere":  "docker/nowhere",
		"-toolexec=touch":     "toolexec",
		"../../docker/ledger": "",
		"github.com/regionfall/regionfall/docker/ledger@1.0": "ledger@1.0",
	} {
		path, err := mainPackage(t.Context(), "", nil, program)
		switch {
		case want == "" && (err != nil || path != module+"/docker/ledger"):
			t.Errorf("%s: %q, %v", program, path, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v", program, err)
		}
	}
}
