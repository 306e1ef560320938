// Package docker carries the build inputs of the lab's images, one folder each, so that they can be built from any
// working directory. Folder regionfall is for the nodes that are the lab's own, which run this module's program itself;
// folder program is for everybody's own Go programs.
package docker

import "embed"

// Files holds the Dockerfile and the scripts of every image, by the image's name, and the script that bootstraps the
// base.
//
//go:embed */*
var Files embed.FS
