package app

import (
	"slices"

	"github.com/regionfall/regionfall/scenarios/file"
)

// compileWrite makes the operations of a write, in their order. kept is what its client has kept before.
func compileWrite(all []Write, kept []string) (write []*Operation) {
	for i := range all {
		w := &all[i]
		o := w.compile()
		o.IsCode, o.Keep, o.Given, o.Says = bool(w.Code), captures(w.Keep), w.ID, w.Says
		o.refused, o.RefusedBy, o.expired = w.Refused, w.RefusedBy, w.Expired
		o.kept = kept
		for _, c := range o.Keep {
			kept = append(slices.Clip(kept), c.Name)
		}
		if w.ID != nil {
			kept = append(slices.Clip(kept), placeID)
		}
		write = append(write, o)
	}
	return write
}

// GivesIDs says whether the app chooses the ids of writes.
func (a *App) GivesIDs() bool {
	return slices.ContainsFunc(a.write, func(o *Operation) bool { return o.Given != nil })
}

// WriteIsCode says whether a write is Go code, and nothing else is said of it.
func (a *App) WriteIsCode() bool { return a.write[0].IsCode }

// checkWrite complains about the requests of a write. Each knows what its client's setup keeps, and those before it.
func checkWrite(found *file.Complaints, path string, all []Write, setup bool, kept, random []string) {
	known := slices.Concat([]string{placeID, placePrefix, placeNumber}, random)
	given, uses := false, false
	for i := range all {
		at, w := itemPath(found, path, i), &all[i]
		if found.Has(file.Join(at, codeKey)) {
			w.checkCode(found, at)
			uses = true
		} else {
			w.check(found, at, setup, known, kept)
		}
		if len(all) > 1 {
			w.checkAmong(found, at, i, given)
		}
		kept = append(slices.Clip(kept), checkKeep(found, at, w.Keep, slices.Concat(kept, random))...)
		given, uses = given || w.ID != nil, uses || w.compile().uses(placeID) || found.Unreadable(at)
	}
	if len(all) > 0 && !given && !uses && !found.Unreadable(path) {
		found.Add(path, "%s: no {{.ID}} is in it, so that nobody can find the write again: put it in, or say with id: "+
			"where the answer has the app's own", path)
	}
}

func (w *Write) check(found *file.Complaints, path string, setup bool, known, kept []string) {
	w.Request.check(found, path, slices.Concat(known, kept))
	w.PastApp.check(found, path, known, kept)
	w.ID.check(found, path+".id")
	if w.ID != nil && w.Says.ID != "" {
		found.Add(path+".says.id", "%s.says.id: the answer gives the id, so that it can be about no other", path)
	}
	acknowledged := statuses{"acknowledged", w.Acknowledged}
	checkApart(found, path, acknowledged, statuses{"refused", w.Refused})
	checkExpired(found, path, setup, acknowledged, w.Expired)
}

// checkAmong complains about what can't be said of one of several requests. given says that one before it gives the id.
func (w *Write) checkAmong(found *file.Complaints, path string, i int, given bool) {
	for _, key := range append([]string{codeKey}, directKeys...) {
		if at := file.Join(path, key); found.Has(at) {
			found.Add(at, "%s: a write of several requests sends all of them to the app: make it the only one", at)
		}
	}
	for _, key := range []string{"refused", "refused_by"} {
		if at := file.Join(path, key); i > 0 && found.Has(at) {
			found.Add(at, "%s: by then a part of the write is there: only the first of its requests can be refused", at)
		}
	}
	if at := file.Join(path, "id"); given && found.Has(at) {
		found.Add(at, "%s: an earlier answer has given it", at)
	}
}
