package probe

import (
	"encoding/json"
	"net/http"
)

// ServeHTTP answers a Question in JSON. One that can't be asked is a 400.
func (l *Lines) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var q Question
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<12))
	d.DisallowUnknownFields()
	if err := d.Decode(&q); err != nil {
		http.Error(w, "read question: "+err.Error(), http.StatusBadRequest)
		return
	}
	a, err := l.Ask(r.Context(), q)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(a) // who asked has gone, or reads it
}
