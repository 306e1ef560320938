package measure

import "github.com/regionfall/regionfall/scenarios/history"

func isAcknowledged(op history.Op) bool { return acknowledged(&op) }
