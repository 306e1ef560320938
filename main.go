// Command regionfall breaks a local multi-region lab and measures what was lost.
package main

import (
	"os"

	"github.com/regionfall/regionfall/scenarios/command"
)

func main() { os.Exit(command.Main(os.Args[1:], os.Stdout, os.Stderr)) }
