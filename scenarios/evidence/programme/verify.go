package programme

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/regionfall/regionfall/scenarios/evidence/seal"
)

// Changed is evidence that is not any more what the history says of it.
type Changed struct {
	Evidence string `json:"evidence"`
	What     string `json:"what"`
}

// Check holds the evidence in a folder against what the history says of it. What is not there is said, too.
func Check(history []Entry, out string) (all []Changed, err error) {
	for _, e := range history {
		dir := filepath.Join(out, filepath.Base(e.Evidence))
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			all = append(all, Changed{e.Evidence, "it is not in " + out})
			continue
		}
		digest, err := seal.Digest(dir)
		if err != nil {
			return nil, err
		}
		if digest != e.SHA256 {
			all = append(all, Changed{e.Evidence, "its files are not those of the drill"})
		}
	}
	return all, nil
}
