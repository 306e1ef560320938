package fault

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/regionfall/regionfall/lab/topology"
)

// Replicated is what reaches a region from the others: a store, or of objects those whose keys begin so.
type Replicated struct {
	Store  string `yaml:"store" about:"The store that is replicated: postgres, objects or items."`
	Region string `yaml:"region" about:"The region that receives."` // the one that receives
	Prefix string `yaml:"prefix" about:"The prefix of the keys that are meant, for objects: one rule of theirs."`
	Table  string `yaml:"table" about:"The table that is meant, for items."`
}

// The stores that replicate.
const (
	storePostgres = "postgres"
	storeObjects  = "objects"
	storeItems    = "items"
)

// What of a store's replication is held back. PostgreSQL receives the log of its primary, and replays it by and by; a
// promotion replays all that was received, so that nothing is lost by a replay that is held back. The other stores
// know no such difference.
const (
	holdReplay  = "replay"
	holdReceipt = "receipt"
)

// validateWhat is a complaint about the parameter what.
func (r Replicated) validateWhat(what string) error {
	switch {
	case what == "":
		return nil
	case what != holdReplay && what != holdReceipt:
		return unknown("what", []string{holdReplay, holdReceipt}, "%q can't be held back: use %s or %s", what,
			holdReplay, holdReceipt)
	case r.Store != storePostgres:
		return invalid("what", "%q can't go with store %s: only %s receives first and replays then", what, r.Store,
			storePostgres)
	}
	return nil
}

// prefixForm is what keys of objects begin with.
var prefixForm = regexp.MustCompile(`^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*/?$`)

// Target names what and whereto.
func (r Replicated) Target() string {
	what := r.Store
	switch {
	case r.Prefix != "":
		what += " " + r.Prefix + "…"
	case r.Table != "":
		what += " of " + r.Table
	}
	return what + " to " + r.Region
}

func (r Replicated) validate(t topology.Topology) error {
	err := regionIn(t, "region", r.Region)
	mode := topology.Continuous
	switch r.Store {
	case storePostgres:
		switch {
		case t.Strategy == topology.BackupRestore:
			err = errors.Join(err,
				invalid("store", "postgres does not replicate in this topology: only backups reach the standby"))
		case err == nil && r.Region == t.Home().Name:
			err = invalid("region", "%s is home, where the primary is: give the region that receives", r.Region)
		}
	case storeObjects:
		mode = t.Objects.Mode
	case storeItems:
		mode = t.Items.Mode
	default:
		err = errors.Join(err, unknown("store", []string{storePostgres, storeObjects, storeItems},
			"%q does not replicate: use %s, %s or %s", r.Store, storePostgres, storeObjects, storeItems))
	}
	if mode != topology.Continuous {
		err = errors.Join(err,
			invalid("store", "%s does not replicate in this topology: only backups reach the standby", r.Store))
	}
	if r.Prefix != "" && !prefixForm.MatchString(r.Prefix) {
		err = errors.Join(err,
			invalid("prefix", "%q is none of an object's key: use letters, digits, _, - and /, such as hot/", r.Prefix))
	}
	if r.Prefix != "" && r.Store != storeObjects {
		err = errors.Join(err, invalid("prefix", "is one of the keys of objects: it can't go with another store"))
	}
	if rules := t.Objects.Rules; r.Store == storeObjects && len(rules) > 0 && !slices.ContainsFunc(rules,
		func(rule topology.CopyRule) bool {
			return rule.When == topology.CopyAlways && rule.After == "" && strings.HasPrefix(r.Prefix, rule.Prefix)
		}) {
		err = errors.Join(err, invalid("prefix", "%q is not below the prefix of a rule that copies at any time",
			r.Prefix))
	}
	if r.Table != "" && (r.Store != storeItems || r.Table != topology.ItemsTable) {
		err = errors.Join(err, invalid("table", "%q does not replicate: store items has one table, %s", r.Table,
			topology.ItemsTable))
	}
	return err
}
