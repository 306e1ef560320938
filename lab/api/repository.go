package api

// RepositoryHead answers GET /head.
type RepositoryHead struct {
	Head string `json:"head"` // the commit
}
