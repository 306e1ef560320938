package image

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/regionfall/regionfall/lab/topology"
)

// Server is the program that serves S3 or DynamoDB, as far as a lab has to know it.
type Server struct {
	Image   string    `json:"image"`   // its key in Set.Images
	Program string    `json:"program"` // with its version, such as "LocalStack 4.14.0"
	From    string    `json:"from"`    // such as "Python packages"
	Can     Abilities `json:"can"`
	Needs   Needs     `json:"-"`
}

// String is the program and where it is from.
func (s Server) String() string { return s.Program + " from " + s.From }

// Abilities are what a store can do and a lab, a fault or a spec may rely on: they ask this and not which program it
// is. The zero value can nothing.
type Abilities struct {
	Durable         bool `json:"durable"`          // what was acknowledged is there after a kill
	Versions        bool `json:"versions"`         // what was overwritten or deleted can be read by its version
	ConditionalPuts bool `json:"conditional_puts"` // of two that each ask for there to be nothing yet, one is refused
	Signatures      bool `json:"signatures"`       // a request signed with a wrong secret is refused

	// These no fault or drill asks for.
	NestedKeys       bool `json:"nested_keys"`       // a key may go on with a slash where another ends
	DistinctVersions bool `json:"distinct_versions"` // a listing of versions repeats none at the end of a page
	// of many that create a bucket at once, all are told that it is there or that they did
	BucketRaces bool `json:"bucket_races"`
}

// Needs are what a program has to be given beyond what every node has.
type Needs struct {
	Root     bool     // it starts as root only, and writes where it likes
	Folder   string   // where it keeps files, be it for as long as it runs
	Loopback []string // host names that it asks for and that must be itself
}

// provider is a way to have both S3 and DynamoDB.
type provider struct {
	name    topology.AWS
	servers map[topology.Service]Server
}

// The abilities of each were tried with suites/conformance, but for those of the registry's image: no registry answered
// where this was written. What is said of it is what LocalStack's Python packages showed for S3, and what its documents
// say for DynamoDB.
var (
	packaged = provider{topology.AWSPackages, map[topology.Service]Server{
		topology.ServiceS3: {
			Image: "s3", Program: "versitygw v1.8.0", From: "a Go module",
			Can:   Abilities{Durable: true, Versions: true, ConditionalPuts: true, Signatures: true},
			Needs: Needs{Folder: topology.DataDir},
		},
		topology.ServiceDynamoDB: moto,
	}}
	python = provider{topology.AWSLocalStack, map[topology.Service]Server{
		topology.ServiceS3: {
			Image: "localstack", Program: "LocalStack 4.14.0", From: "Python packages",
			Can:   stacked,
			Needs: Needs{Folder: "/var/lib/localstack", Loopback: []string{localstackHost}},
		},
		topology.ServiceDynamoDB: moto,
	}}
	registered = provider{topology.AWSLocalStack, map[topology.Service]Server{
		topology.ServiceS3:       whole,
		topology.ServiceDynamoDB: whole,
	}}

	stacked = Abilities{
		Versions: true, ConditionalPuts: true, NestedKeys: true, DistinctVersions: true,
		BucketRaces: true,
	}

	moto = Server{
		Image: "dynamodb", Program: "moto 5.1.1", From: "Debian packages", Can: Abilities{ConditionalPuts: true},
	}
	// LocalStack as the registry has it is believed to start as no other user than root: by its documents and its
	// packages it writes below /var/lib/localstack, /usr/lib/localstack, /opt/code and /root. That has not been tried:
	// no registry answered where this was written. It has no capability all the same. Built from its Python packages it
	// has been run as everybody else is, with a folder of its own.
	whole = Server{
		Image: "aws", Program: "LocalStack 4.14.0", From: "the registry's image", Can: stacked,
		Needs: Needs{Root: true, Loopback: []string{localstackHost}},
	}
)

// localstackHost is what LocalStack calls itself. Its S3 looks that name up when it starts, and where nobody knows it
// waits for the answer.
const localstackHost = "s3.localhost.localstack.cloud"

// images are the keys of the images that it takes.
func (p provider) images() []string {
	names := map[string]bool{}
	for _, s := range p.servers {
		names[s.Image] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// Serving says in half a sentence what serves what.
func (s Set) Serving() string { return serving(s.Servers) }

func serving(servers map[topology.Service]Server) string {
	var parts []string
	for _, service := range []topology.Service{topology.ServiceS3, topology.ServiceDynamoDB} {
		if server, ok := servers[service]; ok {
			parts = append(parts, fmt.Sprintf("%s: %s", service, server))
		}
	}
	return strings.Join(parts, "; ")
}

// Together says whether one node serves both S3 and DynamoDB.
func (s Set) Together() bool {
	return s.Servers[topology.ServiceS3].Image == s.Servers[topology.ServiceDynamoDB].Image
}

// Volatile says whether a node of a service loses what it stores when it is killed. Of what is no store of AWS none
// does.
func (s Set) Volatile(service topology.Service) bool {
	server, ok := s.Servers[service]
	return ok && !server.Can.Durable
}

// Serve is what serves S3 and DynamoDB for a choice that leaves nothing open, without an image: for tests of what is
// made of it. Without a registry LocalStack is that of the Python packages.
func Serve(aws topology.AWS, registry bool) map[topology.Service]Server {
	switch {
	case aws == topology.AWSPackages:
		return packaged.servers
	case registry:
		return registered.servers
	default:
		return python.servers
	}
}
