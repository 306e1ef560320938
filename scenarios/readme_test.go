package scenarios

import (
	"os"
	"strings"
	"testing"
)

// What the README tells people to write has to be right.
func TestTheREADMEsScenariosCompile(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(readme), "```yaml\n")[1:]
	if len(blocks) < 2 {
		t.Fatalf("the README shows %d scenarios: one of the library's kind and one with an app of its own are wanted",
			len(blocks))
	}
	for _, block := range blocks {
		example, _, ended := strings.Cut(block, "```")
		if !ended {
			t.Fatal("a scenario in the README has no end")
		}
		s, err := Parse("README.md", []byte(example))
		if err == nil {
			_, err = s.Compile()
		}
		if err != nil {
			t.Error(err)
		}
	}
}
