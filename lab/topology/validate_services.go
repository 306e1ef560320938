package topology

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// maxServices is how many parts the app may have beside the one that takes requests.
const maxServices = 8

// appNode are names of nodes that take requests.
var appNode = regexp.MustCompile(`^app-[0-9]+$`)

// taken are names that nodes of other services have.
var taken = []Service{
	ServicePostgres, ServiceRedis, ServiceS3, ServiceDynamoDB, ServiceApp, ServiceReplicator, ServiceResponder,
	ServiceAutomation,
	ServiceBackup, ServiceNameservice, ServiceRepository, ServiceHub, Preparing,
}

func (v *validation) services(t Topology) {
	if n := len(t.Services); n > maxServices {
		v.complain("services", "%d services: at most %d beside the app itself", n, maxServices)
	}
	for i, s := range t.Services {
		field := fmt.Sprintf("services[%d]", i)
		v.name(field, s)
		switch {
		case slices.Contains(taken, Service(s)):
			v.complain(field, "%q is taken: the lab's own service has that name", s)
		case s == SourceRegion || appNode.MatchString(s):
			v.complain(field, "%q is taken: so are the app's own nodes called, or what is for all of a region", s)
		case slices.Contains(t.Services[:i], s):
			v.complain(field, "%q is there twice", s)
		}
	}
	for i, o := range t.Overrides {
		field := fmt.Sprintf("overrides[%d]", i)
		for key, region := range map[string]string{"in": o.In, "to": o.To} {
			if _, ok := t.Region(region); !ok {
				v.unknown(field+"."+key, t.regionNames(), "%.40q is no region of the topology", region)
			}
		}
		if !slices.Contains(t.Services, o.Service) {
			v.unknown(field+".service", t.Services, "%.40q is none of the services: %s", o.Service,
				strings.Join(t.Services, ", "))
		}
		if !slices.Contains(OverrideKeys(), o.Key) {
			v.unknown(field+".key", OverrideKeys(), "%.40q is not known: use %s", o.Key,
				strings.Join(OverrideKeys(), ", "))
		}
		if o.Key == "local_postgres" && !t.Reads.Local() {
			v.complain(field+".key", "local_postgres is not read from: reads is neither %s nor %s", ReadsLocal,
				ReadsSession)
		}
		twice := slices.ContainsFunc(t.Overrides[:i], func(p Override) bool {
			return p.In == o.In &&
				p.Service == o.Service && p.Key == o.Key
		})
		if twice {
			v.complain(field, "%s of %s in %s is there twice", o.Key, o.Service, o.In)
		}
	}
}
