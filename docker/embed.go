// Package docker carries the build inputs of the lab's images, one folder each, so that they can be built from any
// working directory. The Go programs of the images hub, agent and app are the main packages in those folders; package
// image compiles them. Folder program is for everybody's own programs, of which ledger is one.
package docker

import "embed"

// Files holds the Dockerfile and the scripts of every image, by the image's name, and the script that bootstraps the
// base.
//
//go:embed base postgres redis s3 dynamodb localstack aws hub/Dockerfile agent/Dockerfile app/Dockerfile program/Dockerfile
var Files embed.FS
