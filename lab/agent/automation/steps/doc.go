// Package steps are the steps of a failover, one file each. api.FailoverSteps has their order and their marks.
package steps
