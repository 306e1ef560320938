package lab

import (
	"github.com/regionfall/regionfall/lab/topology"
)

// Endpoints are where this process reaches a region, each as host:port. Only the Door is touched by faults.
type Endpoints struct {
	Region   string
	Door     string // the app, as clients reach it
	App      string // its first node, past all faults, and so are the others
	Postgres string // for SQL
	Redis    string
	S3       string // for ObjectClient
	DynamoDB string // for ItemClient
}

// Endpoints are those of a region.
func (l *Lab) Endpoints(region string) (Endpoints, error) {
	if _, err := l.Region(region); err != nil {
		return Endpoints{}, err
	}
	e := Endpoints{Region: region}
	var err error
	if e.Door, err = l.Door(region); err != nil {
		return Endpoints{}, err
	}
	for node, address := range map[string]*string{
		topology.Place{Service: topology.ServiceApp, Region: region, Number: 1}.Name(): &e.App,
		topology.ServicePostgres.Host(region):                                          &e.Postgres,
		topology.ServiceRedis.Host(region):                                             &e.Redis,
		topology.ServiceS3.Host(region):                                                &e.S3,
		topology.ServiceDynamoDB.Host(region):                                          &e.DynamoDB,
	} {
		if *address, err = l.Tap(node); err != nil {
			return Endpoints{}, err
		}
	}
	return e, nil
}
