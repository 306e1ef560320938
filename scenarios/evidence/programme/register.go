package programme

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/goccy/go-yaml"
)

// Registered is what people decided about a finding. It is in a reviewed file, and no drill writes it.
type Registered struct {
	ID    string `yaml:"id" json:"id"`
	Owner string `yaml:"owner" json:"owner"`
	Due   Date   `yaml:"due" json:"due"`
	// Accepted is that the risk is borne, until a day.
	Accepted *Acceptance `yaml:"accepted" json:"accepted"`
}

// Acceptance is that somebody bears a risk, and until when.
type Acceptance struct {
	By     string `yaml:"by" json:"by"`
	Until  Date   `yaml:"until" json:"until"`
	Reason string `yaml:"reason" json:"reason"`
}

// Date is a day, such as 2026-12-31.
type Date struct{ time.Time }

// UnmarshalText reads a day.
func (d *Date) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.DateOnly, string(text))
	if err != nil {
		return fmt.Errorf("%q is no date: write 2026-12-31", text)
	}
	d.Time = t
	return nil
}

// MarshalText writes a day; none is empty.
func (d Date) MarshalText() ([]byte, error) {
	if d.IsZero() {
		return nil, nil
	}
	return []byte(d.Format(time.DateOnly)), nil
}

// ReadRegister reads the file in which people say who owns a finding, and until when a risk is accepted: a list under
// findings.
func ReadRegister(path string) ([]Registered, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the register: %w", err)
	}
	var file struct {
		Findings []Registered `yaml:"findings"`
	}
	if err := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict()).Decode(&file); err != nil {
		return nil, fmt.Errorf("read the register %s: %s", path, yaml.FormatError(err, false, true))
	}
	seen := map[string]bool{}
	for _, r := range file.Findings {
		switch {
		case r.ID == "":
			err = errors.Join(err, fmt.Errorf("%s: a finding has no id, such as F-1a2b3c4d", path))
		case seen[r.ID]:
			err = errors.Join(err, fmt.Errorf("%s: %s is there twice", path, r.ID))
		case r.Accepted != nil && (r.Accepted.Until.IsZero() || r.Accepted.By == ""):
			err = errors.Join(err, fmt.Errorf("%s: %s is accepted by nobody, or without an end: give by and until",
				path, r.ID))
		}
		seen[r.ID] = true
	}
	return file.Findings, err
}

// Register adds to findings what people decided about them. Unknown are ids of the register that no drill has found.
func Register(findings []Finding, register []Registered) (unknown []string) {
	for _, r := range register {
		known := false
		for i := range findings {
			if findings[i].ID == r.ID {
				findings[i].Register, known = &r, true
			}
		}
		if !known {
			unknown = append(unknown, r.ID)
		}
	}
	return unknown
}

// Status says how things stand with a finding on a day.
func (f Finding) Status(today time.Time) string {
	r := f.Register
	switch {
	case !f.Open:
		return "closed"
	case r == nil:
		return "open, nobody owns it"
	case r.Accepted != nil && today.After(r.Accepted.Until.AddDate(0, 0, 1)):
		return "open: the acceptance by " + r.Accepted.By + " ended on " + r.Accepted.Until.Format(time.DateOnly)
	case r.Accepted != nil:
		return "accepted by " + r.Accepted.By + " until " + r.Accepted.Until.Format(time.DateOnly)
	case r.Due.IsZero():
		return "open, with " + r.Owner
	case today.After(r.Due.AddDate(0, 0, 1)):
		return "overdue since " + r.Due.Format(time.DateOnly) + ", with " + r.Owner
	default:
		return "open, with " + r.Owner + " until " + r.Due.Format(time.DateOnly)
	}
}
