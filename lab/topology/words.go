package topology

// Values are the words of the strategies.
func (Strategy) Values() []string { return words(Strategies()) }

// Values are the words of the commit modes.
func (Commit) Values() []string { return words(CommitModes()) }

// Values are the words of the replication modes.
func (ReplicationMode) Values() []string { return words(ReplicationModes()) }

// Values are the words of the routing policies.
func (RoutingPolicy) Values() []string { return words(RoutingPolicies()) }

// Values are the words of the modes of reading.
func (ReadsMode) Values() []string { return words(ReadsModes()) }

// Values are the words of what has to be silent until home is lost.
func (LostWhen) Values() []string { return words(LostWhenChoices()) }

// Values are the words of what can serve S3 and DynamoDB.
func (AWS) Values() []string { return words(AWSChoices()) }

func words[T ~string](all []T) []string {
	texts := make([]string, len(all))
	for i, one := range all {
		texts[i] = string(one)
	}
	return texts
}
