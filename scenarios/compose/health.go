package compose

import (
	"regexp"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// check is a request that a health check makes.
type check struct {
	path string
	port int // 0: not said
}

// request is a URL of the service itself.
var request = regexp.MustCompile(`(?:https?://)?(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\]|\$\{?HOSTNAME\}?)` +
	`(?::(\d+))?(/[^\s'"|;)\\]*)?`)

// checkOf is the request of a health check; empty where it makes none.
func checkOf(s types.ServiceConfig) check {
	if s.HealthCheck == nil || s.HealthCheck.Disable {
		return check{}
	}
	at := request.FindStringSubmatch(strings.Join(s.HealthCheck.Test, " "))
	if at == nil || at[1] == "" && at[2] == "" {
		return check{}
	}
	c := check{path: at[2]}
	if c.path == "" {
		c.path = "/"
	}
	c.port = number(at[1])
	return c
}
