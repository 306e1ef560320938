package topology

import "fmt"

// Service is what nodes provide across regions.
type Service string

// The services of a lab. S3 and DynamoDB are looked up separately, also where one node serves both.
const (
	ServicePostgres    Service = "postgres"
	ServiceRedis       Service = "redis"
	ServiceS3          Service = "s3"
	ServiceDynamoDB    Service = "dynamodb"
	ServiceApp         Service = "app"
	ServiceReplicator  Service = "replicator"  // one per region: pulls objects and items from the other regions
	ServiceResponder   Service = "responder"   // one per region: has nothing to do, and is asked how long that takes
	ServiceAutomation  Service = "automation"  // standby region: the failover automation
	ServiceBackup      Service = "backup"      // home region: the backup job (strategy backup-restore)
	ServiceNameservice Service = "nameservice" // global: answers which region serves
	ServiceRepository  Service = "repository"  // global: the Git repository of the configurations
	ServiceHub         Service = "hub"         // the Toxiproxy process that carries all links and taps
)

// Protocol is what the nodes of a service are asked in.
type Protocol string

// The protocols.
const (
	ProtocolSQL   Protocol = "sql"
	ProtocolRedis Protocol = "redis"
	ProtocolAWS   Protocol = "aws"
	ProtocolHTTP  Protocol = "http"
)

// Traits are what is known of a service before a lab is planned.
type Traits struct {
	Name   Service
	Port   int      // where its nodes listen
	Speaks Protocol // what they are asked in
	// EachRegion says that every region has one node of it; Global that it runs in no region, and that there is a path
	// to it from every one; Crosses that there is a path from every region to its node in every other.
	EachRegion, Global, Crosses bool
	// Primary says that one of its nodes takes the writes, at first that of the home region, and the others follow it.
	Primary bool
	// Breakable says that faults may select its nodes.
	Breakable bool
}

// services are all of a lab. Their order is that in which they are listed to people.
var services = []Traits{
	{
		Name: ServicePostgres, Port: PortPostgres, Speaks: ProtocolSQL, EachRegion: true, Crosses: true, Primary: true,
		Breakable: true,
	},
	{
		Name: ServiceRedis, Port: PortRedis, Speaks: ProtocolRedis, EachRegion: true, Crosses: true, Primary: true,
		Breakable: true,
	},
	{Name: ServiceS3, Port: PortAWS, Speaks: ProtocolAWS, EachRegion: true, Crosses: true, Breakable: true},
	{Name: ServiceDynamoDB, Port: PortAWS, Speaks: ProtocolAWS, EachRegion: true, Crosses: true, Breakable: true},
	{Name: ServiceApp, Port: PortApp, Speaks: ProtocolHTTP, Crosses: true, Breakable: true},
	{Name: ServiceReplicator, Port: PortAgent, Speaks: ProtocolHTTP, EachRegion: true, Breakable: true},
	// It is no part of what is tested, and falls silent only with its whole region.
	{Name: ServiceResponder, Port: PortAgent, Speaks: ProtocolHTTP, EachRegion: true},
	{Name: ServiceAutomation, Port: PortAgent, Speaks: ProtocolHTTP, Breakable: true},
	{Name: ServiceBackup, Port: PortAgent, Speaks: ProtocolHTTP, Breakable: true},
	{Name: ServiceNameservice, Port: PortAgent, Speaks: ProtocolHTTP, Global: true, Breakable: true},
	{Name: ServiceRepository, Port: PortAgent, Speaks: ProtocolHTTP, Global: true, Breakable: true},
	{Name: ServiceHub, Port: PortToxiproxy, Speaks: ProtocolHTTP},
}

// Services are those of which something is so, in their order.
func Services(is func(Traits) bool) (names []Service) {
	for _, s := range services {
		if is(s) {
			names = append(names, s.Name)
		}
	}
	return names
}

// Traits are those of the service. One that there is not has none.
func (s Service) Traits() Traits {
	for _, t := range services {
		if t.Name == s {
			return t
		}
	}
	return Traits{Name: s}
}

// Port is where a node of the service listens.
func (s Service) Port() int { return s.Traits().Port }

// Host is the name under which nodes of the same region (and the hub) find the service, such as "postgres.us-east-1".
func (s Service) Host(region string) string { return fmt.Sprintf("%s.%s", s, region) }

// Address is Host with the service's port.
func (s Service) Address(region string) string { return fmt.Sprintf("%s:%d", s.Host(region), s.Port()) }
