package fault

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/regionfall/regionfall/lab/api"
)

const (
	east = "us-east-1"
	west = "us-west-2"
)

// acceptOrders has a node keep what it is told, by who told it, for its life.
func acceptOrders(n *fakeNode) (orders map[string]any) {
	orders = map[string]any{}
	n.call = func(method, at string, in, out any) error {
		at, _, _ = strings.Cut(at, "?")
		holder, err := url.PathUnescape(path.Base(at))
		if err != nil {
			return err
		}
		switch method {
		case http.MethodPut:
			orders[holder] = in
			return nil
		case http.MethodDelete:
			delete(orders, holder)
			return nil
		}
		switch out := out.(type) {
		case *api.Capacity:
			out.Ceilings = map[string]float64{}
			for h := range orders {
				out.Ceilings[h] = 1
			}
		case *api.DeliveryState:
			out.Published, out.Former, out.Orders = 7, 6, map[string]api.DeliveryOrder{}
			for h := range orders {
				out.Orders[h] = api.DeliveryOrder{}
			}
		case *map[string]api.Rule:
			*out = map[string]api.Rule{}
			for h := range orders {
				(*out)[h] = api.Rule{}
			}
		case *map[string]api.DropOrder:
			*out = map[string]api.DropOrder{}
			for h, to := range orders {
				(*out)[h] = to.(api.DropOrder)
			}
		case *map[string]api.StepFault:
			*out = map[string]api.StepFault{}
			for h, to := range orders {
				(*out)[h] = to.(api.StepFault)
			}
		default:
			return fmt.Errorf("nobody asks for a %T at %s", out, at)
		}
		return nil
	}
	return orders
}
