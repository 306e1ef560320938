package faulttest

import (
	"errors"
	"strings"
	"sync"
)

// disk is the small disk of a database. It knows the scripts that faults run by their commands.
type disk struct {
	mu             sync.Mutex
	full, readOnly bool
}

func (d *disk) run(script string, defect Defect) {
	d.mu.Lock()
	defer d.mu.Unlock()
	set := func(flag *bool, to bool) {
		if to && defect != IgnoresInjection || !to && defect != IgnoresHealing {
			*flag = to
		}
	}
	switch {
	case strings.Contains(script, "dd if=/dev/zero"):
		set(&d.full, true)
	case strings.Contains(script, "umount"):
		set(&d.readOnly, false)
	case strings.Contains(script, "mount --bind -o ro"):
		set(&d.readOnly, true)
	case strings.HasPrefix(script, "rm -f"):
		set(&d.full, false)
	}
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
