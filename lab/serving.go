package lab

import (
	"encoding/json"
	"fmt"

	"github.com/regionfall/regionfall/lab/image"
	"github.com/regionfall/regionfall/lab/topology"
)

// Server is the program that serves S3 or DynamoDB in every region. Who relies on something that not every store does,
// asks what it can.
func (l *Lab) Server(s topology.Service) image.Server { return l.servers[s] }

// serversOf reads what the hub's label says of them. A lab without it was brought up by a version that did not say,
// so nothing may be relied on of its stores.
func serversOf(label string) (servers map[topology.Service]image.Server, err error) {
	if label == "" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(label), &servers); err != nil {
		return nil, fmt.Errorf("read what serves S3 and DynamoDB: %w", err)
	}
	return servers, nil
}
