// Package evidence writes what a drill leaves behind: result.json, which everything else is rendered from, the report
// for people (report.html), the reports for continuous integration (junit.xml, summary.md), the final table of the
// terminal, and the index of a folder of drills. Nothing here measures or judges; and nothing here looks at the machine
// it runs on, so that no path, host name or secret of it can get into the evidence.
package evidence
