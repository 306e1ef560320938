package topology

// Steps are the steps of the failover automation in their order, as faults name them.
func Steps(s Strategy) []string {
	if s == BackupRestore {
		return []string{"detect", "decide", "fence", "restore", "promote", "repoint", "redirect"}
	}
	return []string{"detect", "decide", "fence", "promote", "repoint", "redirect"}
}
