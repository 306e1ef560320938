package fault

import (
	"context"
	"time"
)

// What a fault may be able to do besides, found by type assertion.
type (
	// Slow is a fault that takes its time, by what was asked of it, until it is seen to be in force or healed.
	Slow interface {
		Slow() time.Duration
	}
	// Driven is a fault that somebody must go on driving: it can't last when the process that injected it has ended.
	Driven interface {
		Driven()
	}
	// Verifier is a fault that knows more than its probe: Verify asks, once the probe has turned, whether all of it
	// came true.
	Verifier interface {
		Verify(ctx context.Context) (string, error)
	}
	// Vouched is a fault that is vouched for when Inject returns: the engine, the hub, or the agent with the order has
	// said that it carried it out. already says whether the fault is in force by then, or on its way, as a lag is.
	Vouched interface {
		Vouched() (already bool)
	}
	// Lapser is a fault that says itself whether it has lapsed: whether it is gone though nobody has healed it. It is
	// for those whose probe would say too much, because they may be over and have done what they were to do, or would
	// disturb, because it writes or offers load. The error says that nobody can tell.
	Lapser interface {
		Lapsed(ctx context.Context) (bool, error)
	}
)

// Keeper is a Lab that keeps a note of what is injected, so that it can be healed when the process that did it has
// died. The guard says when the fault begins and when it is over.
type Keeper interface {
	Injecting() error
	Healed() error
}
