// Package configs is how configurations reach the nodes of a region: a Git repository in no region, and in each a
// delivery of what is published there.
package configs
