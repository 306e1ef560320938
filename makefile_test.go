package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// elsewhere are the folders of specs that make conformance does not run, and what does.
var elsewhere = map[string]string{
	"./suites/awscli": "make stores",
	"./suites/bench":  "make bench",
}

// A suite that is in no list proves nothing, and nobody notices.
func TestEverySuiteIsRun(t *testing.T) {
	data, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(strings.ReplaceAll(string(data), "\\\n", ""), "\nSUITES  ?= ")
	list, _, _ := strings.Cut(rest, "\n")
	if !found {
		t.Fatal("the Makefile names no SUITES")
	}
	listed := map[string]bool{}
	for _, s := range strings.Fields(list) {
		listed[s] = true
	}
	files, err := filepath.Glob("suites/*/*_test.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v: %v", files, err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		suite := "./" + filepath.Dir(f)
		if strings.Contains(string(data), "RunSpecs(") && !listed[suite] && elsewhere[suite] == "" {
			t.Errorf("%s is not among SUITES in the Makefile: make conformance does not run it", suite)
		}
	}
}
