package app

import (
	"fmt"

	"github.com/regionfall/regionfall/scenarios/file"
)

// Decides is where answers have a decision. One that has none of its words is no answer.
type Decides struct {
	JSON     Field    `yaml:"json,required" example:"status" about:"The field of the JSON answer that has the decision."`
	Of       Field    `yaml:"of" otherwise:"the id that is read" example:"customer" about:"The field that has whom it is about."`
	By       Field    `yaml:"by" example:"application" about:"The field that has the id of the write on which the decision rests; empty in an answer that rests on none. A decision may change with a new one."`
	Approved []string `yaml:"approved,unique" default:"approved" min:"1" max:"20" example:"[granted]" about:"The words for approved."`
	Denied   []string `yaml:"denied,unique" default:"denied" min:"1" max:"20" example:"[refused]" about:"The words for denied."`
	Pending  []string `yaml:"pending,unique" default:"pending" max:"20" example:"[open]" about:"The words for neither of them yet."`
}

// check complains about a word that says two things.
func (d *Decides) check(found *file.Complaints, path string) {
	if d == nil {
		return
	}
	of := map[string]string{}
	for _, words := range []struct {
		key string
		all []string
	}{{"approved", d.Approved}, {"denied", d.Denied}, {"pending", d.Pending}} {
		for i, word := range words.all {
			at := fmt.Sprintf("%s.%s[%d]", path, words.key, i)
			if other, is := of[word]; is && other != words.key {
				found.Add(at, "%s: %s is among %s too: it can't say both", at, file.Quote(word), other)
			}
			of[word] = words.key
		}
	}
}
