package runtime

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
)

// WriteJSON answers with a document. A write error means that the caller has gone, which is the caller's business.
func WriteJSON(w http.ResponseWriter, document any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(document); err != nil {
		slog.Debug("answer not delivered", "error", err)
	}
}

// ReadJSON reads the document of a request. What it does not know is an error: a misspelt key would silently do less.
func ReadJSON(w http.ResponseWriter, r *http.Request, into any) error {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("read request: %w", err)
	}
	return nil
}
