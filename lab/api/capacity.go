package api

// Capacity answers GET /capacity, and all that changes it, of a node of the sample app. The counts are since the start,
// of requests that pass the limit.
type Capacity struct {
	Rate     *float64           `json:"rate"` // requests a second in force; null: as many as it can
	Ceilings map[string]float64 `json:"ceilings"`
	Served   int64              `json:"served"`
	Refused  int64              `json:"refused"`
}

// CapacityOrder is the body of PUT /capacity/{name}.
type CapacityOrder struct {
	Rate float64 `json:"rate"` // requests a second
}
