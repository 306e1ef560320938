package fault

// For tests from outside.
var (
	Paths  = paths
	Places = places
)
