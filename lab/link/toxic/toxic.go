// Package toxic holds the ways in which a link can be impaired, as data. Toxiproxy takes a misspelt attribute for
// zero; these are typed, and package link reads them back.
package toxic

import (
	"fmt"
	"time"

	"github.com/regionfall/regionfall/lab/probe"
)

// Toxic is one toxic of Toxiproxy in one stream.
type Toxic struct {
	Type       string
	Stream     probe.Stream // Upstream or Downstream
	Attributes map[string]int64
}

// String is the toxic in a few words, such as "latency upstream latency=80 jitter=5".
func (t Toxic) String() string {
	s := t.Type + " " + string(t.Stream)
	for _, name := range []string{"latency", "jitter", "rate", "delay", "bytes", "timeout"} {
		if v, ok := t.Attributes[name]; ok {
			s += fmt.Sprintf(" %s=%d", name, v)
		}
	}
	return s
}

// each makes a toxic for the stream, or one for each of both.
func each(s probe.Stream, kind string, attributes map[string]int64) []Toxic {
	streams := []probe.Stream{s}
	if s == probe.Both {
		streams = []probe.Stream{probe.Upstream, probe.Downstream}
	}
	var all []Toxic
	for _, stream := range streams {
		all = append(all, Toxic{Type: kind, Stream: stream, Attributes: attributes})
	}
	return all
}

// Latency delays what passes by delay, more or less by up to jitter. Whole milliseconds.
func Latency(s probe.Stream, delay, jitter time.Duration) []Toxic {
	return each(s, "latency", map[string]int64{"latency": delay.Milliseconds(), "jitter": jitter.Milliseconds()})
}

// Bandwidth lets rate bytes a second of each connection pass: whole kilobytes (of 1000), as Toxiproxy counts.
func Bandwidth(s probe.Stream, rate int64) []Toxic {
	return each(s, "bandwidth", map[string]int64{"rate": rate / 1000})
}

// Line lets rate bytes a second pass of all connections together.
func Line(s probe.Stream, rate int64) []Toxic {
	return each(s, "line", map[string]int64{"rate": rate / 1000})
}

// LimitData closes a connection after so many bytes.
func LimitData(s probe.Stream, bytes int64) []Toxic {
	return each(s, "limit_data", map[string]int64{"bytes": bytes})
}

// SlowClose keeps a connection for a while that the other end has closed.
func SlowClose(s probe.Stream, delay time.Duration) []Toxic {
	return each(s, "slow_close", map[string]int64{"delay": delay.Milliseconds()})
}

// Swallow lets nothing pass, and leaves the connection open.
func Swallow(s probe.Stream) []Toxic { return each(s, "timeout", map[string]int64{"timeout": 0}) }

// Reset resets a connection at the first bytes that pass.
func Reset(s probe.Stream) []Toxic { return each(s, "reset_peer", map[string]int64{"timeout": 0}) }
