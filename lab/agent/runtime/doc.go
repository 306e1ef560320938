// Package runtime is what every agent is made of: its HTTP, its marks and their clock, how it waits, and how it says
// what went wrong.
package runtime
