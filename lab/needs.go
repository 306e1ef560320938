package lab

import (
	"github.com/regionfall/regionfall/lab/image"
	"github.com/regionfall/regionfall/lab/node"
	"github.com/regionfall/regionfall/lab/topology"
)

// needs is what a node of a service may do beyond what every node may, with the reason. servers are those of S3 and DynamoDB.
func needs(s topology.Service, servers map[topology.Service]image.Server) node.Needs {
	switch s {
	case topology.ServicePostgres:
		return node.Needs{Scratch: []string{"/run/postgresql"}} // its socket
	case topology.ServiceS3, topology.ServiceDynamoDB:
		// LocalStack as the registry has it is believed to start as no other user than root: by its documents and its packages it writes below
		// /var/lib/localstack, /usr/lib/localstack, /opt/code and /root. That has not been tried: no registry answered where this was written.
		// It has no capability all the same. Built from its Python packages it has been run as everybody else is, with a folder of its own.
		root := servers[s].Needs.Root
		return node.Needs{Root: root, Writable: root}
	default:
		return node.Needs{}
	}
}

// serve gives a node what the program that serves S3 or DynamoDB needs.
func serve(s *node.Spec, server image.Server) {
	s.Loopback = server.Needs.Loopback
	if folder := server.Needs.Folder; folder != "" {
		s.Volumes = map[string]string{folder: s.ID}
	}
}
