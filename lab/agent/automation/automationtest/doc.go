// Package automationtest is what the tests of the failover automation need: settings, and stand-ins for its
// surroundings.
package automationtest
