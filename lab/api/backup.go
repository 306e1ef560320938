package api

import "time"

// BackupReport answers POST /backup.
type BackupReport struct {
	Key      string    `json:"key"`       // of the base backup, in topology.BackupsBucket of the target
	Bytes    int64     `json:"bytes"`     // its size there, compressed
	TarBytes int64     `json:"tar_bytes"` // and not compressed
	StartLSN string    `json:"start_lsn"`
	StopLSN  string    `json:"stop_lsn"`
	Timeline string    `json:"timeline"`
	Began    time.Time `json:"began"`
	Ended    time.Time `json:"ended"`   // when the base backup was taken; the copies follow
	Objects  int       `json:"objects"` // copied, as the target lacked them
	Items    int       `json:"items"`
}

// StoredBackup is an entry of the answer to GET /backups, oldest first.
type StoredBackup struct {
	Key    string    `json:"key"`
	Bytes  int64     `json:"bytes"`
	Stored time.Time `json:"stored"` // to the second, by the wall clock
}
