package world

import (
	"context"
	"fmt"
	"net/http"
	"reflect"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// Republish publishes a region's configuration with a change, unless it is so already, and says which.
func Republish(ctx context.Context, url string,
	change func(c *topology.Config),
) (next topology.Config, how string, err error) {
	var state api.DeliveryState
	if err := api.Linked(url).Call(ctx, http.MethodGet, "", nil, &state); err != nil {
		return next, "", fmt.Errorf("ask for the configuration: %w", err)
	}
	next, how = state.Document, "was so already"
	change(&next)
	if !reflect.DeepEqual(next, state.Document) {
		how = "rewritten"
		next.Revision++
		if err := api.Linked(url).Call(ctx, http.MethodPut, "", next, &state); err != nil {
			return next, "", fmt.Errorf("publish the configuration: %w", err)
		}
	}
	return next, how, nil
}
