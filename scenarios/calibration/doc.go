// Package calibration says how well this harness measures: it plants truths in a service of its own, runs drills
// against it over real sockets, and compares what the judge says with what was planted. All of it is test code, so that
// no program ships with a service that lies and Toxiproxy stays where it belongs. `go test` runs a few drills, `make
// calibrate` some hundreds, from which it writes docs/calibration.md.
package calibration
