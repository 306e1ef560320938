package history

// ManifestRead is one manifest of the surviving region, and what there is of the objects that it names. One without a
// key says that the manifests were read, and how many there are.
type ManifestRead struct {
	Read    string        `json:"read"` // BeforeReturn
	Region  string        `json:"region"`
	At      Interval      `json:"at"`
	Key     string        `json:"key,omitempty"`
	Objects []NamedObject `json:"objects,omitempty"`
	Count   int           `json:"count,omitempty"` // of the manifests, without a key
	Error   string        `json:"error,omitempty"` // reading them failed: nothing is known
}

// NamedObject is an object that a manifest names, the hash that the manifest says, and that of what is there, both
// SHA-256 in hex. An empty Found is an object that is not there; an empty SHA256, a manifest that says none.
type NamedObject struct {
	Key    string `json:"key"`
	SHA256 string `json:"sha256,omitempty"`
	Found  string `json:"found,omitempty"`
}

// Manifest records what a manifest names.
func (r *Recorder) Manifest(m ManifestRead) {
	r.event(eventManifest, m, func(h *History) { h.Manifests = append(h.Manifests, m) })
}
