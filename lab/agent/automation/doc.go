// Package automation is the failover automation of a standby region: it watches home, decides, and has the region take
// over step by step. It does switchovers as well. It is the system under test, and no part of the harness.
package automation
