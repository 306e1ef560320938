// Package world is what a failover and a switchover act on: the databases, caches, configurations and app nodes of
// regions, and the name service. Each function can be called again, and changes nothing then.
package world
