//go:build !linux

package drill

import "time"

func sinceBoot() (time.Duration, bool) { return 0, false }
