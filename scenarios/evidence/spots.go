package evidence

import (
	"math"
	"strconv"
	"strings"

	"github.com/regionfall/regionfall/scenarios/history"
)

// How many spots there are to the unit of the view box. Many operations are drawn on fewer, still less than a glyph
// apart: a page of a million would have several megabytes that nobody can see.
const (
	finely    = 10
	coarsely  = 2
	manyToSee = 100_000
)

// spots are where operations were drawn, by what they are drawn with.
type spots struct {
	perUnit                        float64
	taken                          map[mark]*raster
	writes, reads, failed, unknown strings.Builder
}

// mark is what is drawn once on a spot.
type mark struct {
	outcome history.Outcome
	kind    history.Kind
}

// spot is a place in the view box, in parts of a unit.
type spot struct{ x, y int }

// raster has a bit for each spot of the timeline that was drawn on, column by column.
type raster struct{ columns map[int][]uint64 }

func newSpots(operations int) *spots {
	s := &spots{perUnit: finely, taken: map[mark]*raster{}}
	if operations > manyToSee {
		s.perUnit = coarsely
	}
	return s
}

func (s *spots) at(x, y float64) spot {
	return spot{int(math.Round(x * s.perUnit)), int(math.Round(y * s.perUnit))}
}

// first says whether nothing like an operation was drawn on that spot before.
func (s *spots) first(op *history.Op, at spot) bool {
	m := mark{op.Outcome, op.Kind}
	r := s.taken[m]
	if r == nil {
		r = &raster{columns: map[int][]uint64{}}
		s.taken[m] = r
	}
	return r.take(at)
}

func (r *raster) take(at spot) bool {
	const bits = 64
	column := r.columns[at.x]
	if need := at.y/bits + 1; need > len(column) {
		column = append(column, make([]uint64, need-len(column))...)
		r.columns[at.x] = column
	}
	bit := uint64(1) << (uint(at.y) % bits)
	free := column[at.y/bits]&bit == 0
	column[at.y/bits] |= bit
	return free
}

// draw adds the glyph of an operation.
func (s *spots) draw(op *history.Op, at spot) {
	path, glyph := &s.unknown, "m-2.2-2.2h4.4v4.4h-4.4z" // a square
	switch {
	case op.Outcome == history.OK && op.Kind == history.Read:
		path, glyph = &s.reads, "h0"
	case op.Outcome == history.OK:
		path, glyph = &s.writes, "h0"
	case op.Outcome == history.Failed:
		path, glyph = &s.failed, "m-2.5-2.5l5 5m0-5l-5 5" // a cross
	}
	var text [32]byte
	out := strconv.AppendFloat(append(text[:0], 'M'), float64(at.x)/s.perUnit, 'f', -1, 64)
	out = strconv.AppendFloat(append(out, ' '), float64(at.y)/s.perUnit, 'f', -1, 64)
	path.Write(out)
	path.WriteString(glyph)
}
