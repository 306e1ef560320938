package lab

import (
	"context"
	"fmt"
	"time"

	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
)

// storeNode is a node of PostgreSQL or Redis.
type storeNode struct{ faultNode }

var (
	_ fault.Database = (*storeNode)(nil)
	_ fault.Shell    = (*storeNode)(nil)
)

// Query runs a statement and gives the first value of the first row as text; of Redis the first word of the reply.
func (n *storeNode) Query(ctx context.Context, statement string) (string, error) {
	tap, err := n.lab.Addresses().Tap(n.place.Name)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if n.place.Service.Traits().Speaks == topology.ProtocolRedis {
		return queryRedis(ctx, tap, statement)
	}
	conn, err := store.Postgres(ctx, tap)
	if err != nil {
		return "", fmt.Errorf("connect to %s: %w", n.place.Name, err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	value, err := store.FirstValue(ctx, conn, statement)
	if err != nil {
		return "", fmt.Errorf("ask %s: %w", n.place.Name, err)
	}
	return value, nil
}

func queryRedis(ctx context.Context, tap, statement string) (string, error) {
	c := store.Redis(tap)
	defer func() { _ = c.Close() }()
	reply, err := c.Do(ctx, statement).Result()
	if list, ok := reply.([]any); ok && len(list) > 0 {
		reply = list[0]
	}
	return fmt.Sprint(reply), err
}

// httpNode is a node that speaks HTTP: an app or an agent.
type httpNode struct{ faultNode }

var (
	_ fault.Agent = (*httpNode)(nil)
	_ fault.Shell = (*httpNode)(nil)
)

// Call calls the node's HTTP over its tap.
func (n *httpNode) Call(ctx context.Context, method, path string, in, out any) error {
	tap, err := n.lab.Addresses().Tap(n.place.Name)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	err = at(tap).Call(ctx, method, path, in, out)
	if app := n.lab.plan.App.Image; err != nil && n.place.Service == topology.ServiceApp && app != "" {
		err = fmt.Errorf("%w (%s need not answer that: only the sample app does, see lab.App)", err, app)
	}
	return asked(n.place.Name, err)
}

// awsNode is a node of S3, DynamoDB or both.
type awsNode struct{ faultNode }

var (
	_ fault.Stores = (*awsNode)(nil)
	_ fault.Shell  = (*awsNode)(nil)
)

// Store speaks to one of the services that the node provides.
func (n *awsNode) Store(s topology.Service) (fault.Store, error) {
	tap, err := n.lab.Addresses().Tap(s.Host(n.place.Region))
	if err != nil {
		return nil, err
	}
	if s == topology.ServiceS3 {
		return store.ProbeObjects(tap, n.place.Region), nil
	}
	return store.ProbeItems(tap, n.place.Region), nil
}
