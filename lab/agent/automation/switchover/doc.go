// Package switchover has two living regions change roles, step by step. Its steps can be run again from the first one
// on, by whomever.
package switchover
