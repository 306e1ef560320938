package replicator

import (
	"strconv"
	"time"
)

// The metadata of an object, and the attributes of an item, that decide which of two versions stays. The app writes
// them.
const (
	stampKey  = "stamp"  // when it was written: nanoseconds since 1970, in decimal
	originKey = "origin" // the region it was written in
)

// version orders what regions wrote under the same key: the last writer wins, by its own clock, as S3 replication and
// DynamoDB global tables have it. The zero version is older than any that was written. A wall clock that is stepped
// back has a later write lose against an earlier one of the same key; drills write each key once, and again only with
// the same content.
type version struct {
	stamp  int64
	origin string
}

// newerThan is a strict order, so that two regions that exchange their versions end with the same one and then stop
// copying: the origin decides between equal stamps, and nothing is newer than itself.
func (v version) newerThan(other version) bool {
	if v.stamp != other.stamp {
		return v.stamp > other.stamp
	}
	return v.origin > other.origin
}

// objectVersion reads an object's version. One that nobody stamped counts as written in the region that has it when its
// store says it was; its copies are stamped so.
func objectVersion(metadata map[string]string, modified time.Time, region string) version {
	stamp, err := strconv.ParseInt(metadata[stampKey], 10, 64)
	if err != nil {
		return version{stamp: modified.UnixNano(), origin: region}
	}
	return version{stamp: stamp, origin: metadata[originKey]}
}
