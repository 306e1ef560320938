package faulttest

import (
	"errors"
	"fmt"
	"sync"

	"github.com/regionfall/regionfall/lab/fault"
)

// disk is the small disk of a database. It knows the scripts that faults run, and does what comes of them.
type disk struct {
	mu             sync.Mutex
	full, readOnly bool
}

func (d *disk) run(script string, defect Defect) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	set := func(flag *bool, to bool) {
		if to && defect != IgnoresInjection || !to && defect != IgnoresHealing {
			*flag = to
		}
	}
	switch script {
	case fault.FillScript:
		set(&d.full, true)
	case fault.EmptyScript:
		set(&d.full, false)
	case fault.ProbeScript:
		if d.full {
			return errors.New("exit code 1: dd: error writing: No space left on device")
		}
	case fault.MountScript:
		set(&d.readOnly, true)
	case fault.UnmountScript:
		set(&d.readOnly, false)
	default:
		return fmt.Errorf("the fake disk does not know the script %q", script)
	}
	return nil
}

// unmount is what the end of the node does.
func (d *disk) unmount() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.readOnly = false
}

// write writes, or says as PostgreSQL does why it can't.
func (d *disk) write() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.full:
		return errors.New("ERROR: could not extend file: No space left on device (SQLSTATE 53100)")
	case d.readOnly:
		return errors.New("ERROR: could not open file: Read-only file system (SQLSTATE 58030)")
	}
	return nil
}

func (d *disk) broken() string {
	if d.write() != nil {
		return "has a disk that takes no writes"
	}
	return ""
}
