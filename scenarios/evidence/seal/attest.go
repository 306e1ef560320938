package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"
)

// AttestationSchema is that of an attestation.
const AttestationSchema = "regionfall-attestation/v1"

// Attestation is what people say of a drill whose evidence is sealed: it is in a file of its own, beside the seal and
// not of it.
type Attestation struct {
	Schema string    `json:"schema"`
	Sealed string    `json:"sealed_sha256"` // of FileSums, as it was then, in hex
	At     time.Time `json:"at"`
	Drill  string    `json:"drill"` // the scenario, and when it began
	LedBy  string    `json:"led_by"`
	// ApprovedBy is who approved of the drill before it was run; empty: nobody is named.
	ApprovedBy string   `json:"approved_by,omitempty"`
	Notes      []string `json:"notes,omitempty"`
}

var attestationName = regexp.MustCompile(`^attestation-[1-9][0-9]*\.json$`)

func isAttestation(name string) bool { return attestationName.MatchString(name) }

// Attest adds what somebody says to a sealed folder, and gives the file's path. Each has a file of its own.
func Attest(dir string, a Attestation) (path string, err error) {
	list, err := os.ReadFile(filepath.Join(dir, FileSums))
	if err != nil {
		return "", fmt.Errorf("attest %s: it is not sealed: %w", dir, err)
	}
	a.Schema, a.Sealed = AttestationSchema, digest(list)
	data, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return "", fmt.Errorf("attest %s: %w", dir, err)
	}
	for n := 1; ; n++ {
		path := filepath.Join(dir, fmt.Sprintf("attestation-%d.json", n))
		err := writeWhole(path, append(data, '\n'))
		if err == nil || !errors.Is(err, fs.ErrExist) {
			return path, err
		}
	}
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Attestations are the names of the files in which people say something of a drill.
func Attestations(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if isAttestation(e.Name()) {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// attestations complains about those that are of another seal, or can't be read.
func (f *Findings) attestations(dir string, list []byte) error {
	names, err := Attestations(dir)
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		var a Attestation
		d := json.NewDecoder(bytes.NewReader(data))
		d.DisallowUnknownFields()
		switch err := d.Decode(&a); {
		case err != nil:
			f.Broken = append(f.Broken, fmt.Sprintf("%s can't be read: %v", name, err))
		case a.Schema != AttestationSchema:
			f.Broken = append(f.Broken, fmt.Sprintf("%s is no %s, but %q", name, AttestationSchema, a.Schema))
		case a.Sealed != digest(list):
			f.Broken = append(f.Broken, name+" was said of another seal")
		}
	}
	return err
}
