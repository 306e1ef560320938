package scenarios

import (
	"os"
	"strings"
	"testing"
)

// What the README tells people to write has to be right.
func TestTheREADMEsScenarioCompiles(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(readme), "```yaml\n")
	example, _, ended := strings.Cut(rest, "```")
	if !found || !ended {
		t.Fatal("the README shows no scenario")
	}
	s, err := Parse("README.md", []byte(example))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Compile(); err != nil {
		t.Fatal(err)
	}
}
