package measure

import (
	"fmt"

	"github.com/regionfall/regionfall/scenarios/history"
)

// FindingManifest fails when a manifest in the surviving region names an object that is not there, or another than the
// one that is.
const FindingManifest = "manifest"

// Manifests is what the manifests of the surviving region name, and what of that is there.
type Manifests struct {
	Region  string `json:"region"`
	Count   int    `json:"count"`   // of manifests
	Named   int    `json:"named"`   // objects
	Absent  int    `json:"absent"`  // of those
	Differs int    `json:"differs"` // of those: their hash is another
	// Examples are the first 20 that are absent or differ, each with its manifest.
	Examples []BrokenName `json:"examples,omitempty"`
	Verdict  Verdict      `json:"verdict"`
}

// BrokenName is an object that is not as a manifest says. An empty Found is one that is not there.
type BrokenName struct {
	Manifest string `json:"manifest"`
	Key      string `json:"key"`
	SHA256   string `json:"sha256,omitempty"`
	Found    string `json:"found,omitempty"`
}

// measureManifests holds the manifests of the surviving region against the objects themselves, as last read before what
// was lost returned. It is nil where the app has none. Where they could not be read, or there are none, nothing is
// known.
func (v *view) measureManifests() *Manifests {
	if !v.spec.Manifests {
		return nil
	}
	m := &Manifests{}
	read := false
	for _, r := range v.Manifests {
		if !v.authoritative(r.Region) {
			continue
		}
		if r.Key == "" { // it ends a reading: the next begins anew
			read = r.Error == "" && r.Count == m.Count
			m.Region = r.Region
			continue
		}
		if read {
			m, read = &Manifests{}, false
		}
		m.Count++
		m.add(r.Key, r.Objects)
	}
	if read && m.Named > 0 {
		m.Verdict = Pass
		if m.Absent+m.Differs > 0 {
			m.Verdict = Fail
		}
	}
	return m
}

// add counts what a manifest names.
func (m *Manifests) add(manifest string, named []history.NamedObject) {
	for _, o := range named {
		m.Named++
		switch {
		case o.Found == "":
			m.Absent++
		case o.SHA256 != "" && o.SHA256 != o.Found:
			m.Differs++
		default:
			continue
		}
		if len(m.Examples) < maxEvidence {
			m.Examples = append(m.Examples, BrokenName{manifest, o.Key, o.SHA256, o.Found})
		}
	}
}

// manifests is the checker of them.
type manifests struct{}

// IDs are those of its findings.
func (manifests) IDs() []string { return []string{FindingManifest} }

// Measure notes what they name.
func (manifests) Measure(v *view, m *Metrics) { m.Manifests = v.measureManifests() }

// Find says whether what they name is there.
func (manifests) Find(_ *view, m Metrics) []Finding {
	is := m.Manifests
	if is == nil {
		return nil
	}
	f := Finding{ID: FindingManifest, Checker: "manifests", Verdict: is.Verdict, Detail: is.sentence()}
	for _, e := range is.Examples {
		f.Evidence = append(f.Evidence, e.Key)
	}
	return []Finding{f}
}

// sentence is what they name, and the first that is not so.
func (m *Manifests) sentence() string {
	if m.Verdict == Inconclusive {
		return "what the manifests name is not known: none was read that names anything"
	}
	text := fmt.Sprintf("%s in %s: %d of the %s named are absent, %d have another content",
		Count(m.Count, "manifest", "manifests"), m.Region, m.Absent, Count(m.Named, "object", "objects"), m.Differs)
	if len(m.Examples) > 0 {
		e := m.Examples[0]
		text += fmt.Sprintf(", such as %s of %s", e.Key, e.Manifest)
	}
	return text
}

// Rows show it.
func (manifests) Rows(s rowSource) []Row {
	m := s.Metrics.Manifests
	if m == nil {
		return nil
	}
	return []Row{{
		ID: FindingManifest, Name: "manifests", Objective: "nothing absent", Judged: true, Verdict: m.Verdict,
		Measured: fmt.Sprintf("%d absent, %d differ, of %d", m.Absent, m.Differs, m.Named),
	}}
}
