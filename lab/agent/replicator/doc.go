// Package replicator copies objects and items from other regions into its own, as S3 Cross-Region Replication and
// DynamoDB global tables do. It delivers the region's configuration, too.
package replicator
