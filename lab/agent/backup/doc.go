// Package backup is the nightly job of the home region, and the restore from what it brought to the standby.
package backup
