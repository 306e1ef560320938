package measure

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/regionfall/regionfall/scenarios/history"
)

// Marks say what a list would.
func TestMarksAreAList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := throw(t)
		var m marks
		var list []bool
		often := 1 + d.IntN(100)
		for range 1 + d.IntN(3) {
			for range d.IntN(200) {
				is := d.IntN(often) == 0
				m.add(is)
				list = append(list, is)
			}
			n := d.IntN(len(list) + 1)
			m.cut(n)
			list = list[:n]
		}
		if m.n != len(list) {
			t.Fatalf("%d marks, want %d", m.n, len(list))
		}
		for i := range len(list) + 1 {
			j := i + d.IntN(len(list)+1-i)
			if i < len(list) && m.at(i) != list[i] {
				t.Errorf("mark %d is %v", i, !list[i])
			}
			count := 0
			for _, is := range list[i:j] {
				if is {
					count++
				}
			}
			next := j
			if at := slices.Index(list[i:j], true); at >= 0 {
				next = i + at
			}
			last := j - 1
			for last >= i && !list[last] {
				last--
			}
			if got := m.in(i, j); got != count || m.next(i, j) != next || m.last(i, j) != last {
				t.Errorf("of %d to %d of %v: %d, first %d, last %d; want %d, %d, %d", i, j, list, got, m.next(i, j),
					m.last(i, j), count, next, last)
			}
		}
		if got := m.next(0, len(list)+100); slices.Contains(list, true) != (got < len(list)) {
			t.Errorf("beyond the end: %d of %d", got, len(list))
		}
		if got := m.last(-5, 0); got != -6 {
			t.Errorf("before the beginning: %d", got)
		}
	})
}

// A single bad one is excused where no other one is among as many as the share asks for.
func TestASingleBadOneIsExcused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := throw(t)
		n, share := 50+d.IntN(250), []float64{0.9, 0.95, 0.99}[d.IntN(3)]
		var m marks
		var bad []int
		for i := range n {
			is := d.IntN(40) == 0
			if m.add(is); is {
				bad = append(bad, i)
			}
		}
		i := d.IntN(n - 10)
		j := i + 1 + d.IntN(10)
		k, _ := slices.BinarySearch(bad, i)
		after, _ := slices.BinarySearch(bad, j)
		want := after == k
		if after-k == 1 {
			from, to := math.MinInt32, math.MaxInt32
			if k > 0 {
				from = bad[k-1]
			}
			if after < len(bad) {
				to = bad[after]
			}
			long := int(math.Round(1 / (1 - share)))
			at := bad[k]
			want = at-from >= long || to-at >= long
		}
		s := newStream("", 0)
		if got := s.shareHolds(share, j-i, after-k, 0, &m, i, j); got != want {
			t.Errorf("%v of %d to %d, of which bad are %v: %v", share, i, j, bad, got)
		}
	})
}

// Numbers of ids are those of a map.
func TestIDsAreNumbered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := throw(t)
		many := 1 + d.IntN(3000)
		var ops []history.Op
		for range d.IntN(4000) {
			ops = append(ops, history.Op{
				Kind: []history.Kind{history.Write, history.Read}[d.IntN(2)], ID: fmt.Sprint(d.IntN(many)),
				Outcome: history.Outcome(d.IntN(3)),
			})
		}
		numbers, written, acks := map[string]int{}, map[string]bool{}, 0
		got := idsOf(ops)
		for i := range ops {
			n, known := numbers[ops[i].ID]
			if !known {
				n = len(numbers)
				numbers[ops[i].ID] = n
			}
			written[ops[i].ID] = written[ops[i].ID] || ops[i].Kind == history.Write
			if isAcknowledged(ops[i]) {
				acks++
			}
			if int(got.of[i]) != n || got.name(n) != ops[i].ID {
				t.Fatalf("%s has number %d, want %d", ops[i].ID, got.of[i], n)
			}
		}
		if got.count() != len(numbers) || got.acks != acks {
			t.Errorf("%d ids and %d acknowledgements, want %d and %d", got.count(), got.acks, len(numbers), acks)
		}
		for id := range many {
			n, is := got.find(fmt.Sprint(id))
			if is != written[fmt.Sprint(id)] || is && n != numbers[fmt.Sprint(id)] {
				t.Errorf("%d is found as %d, %v", id, n, is)
			}
		}
	})
}

// All that has anything in common with a stretch of time is found.
func TestSlowTimesAreFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := throw(t)
		v := bareView(history.History{}, Spec{})
		limit := 10 * msec
		for range d.IntN(30) {
			at, took := d.time(0, 2*time.Second), d.time(0, 300*msec)
			v.Controls = append(v.Controls, history.Control{Due: at, Done: at + took})
			v.Machines = append(v.Machines, history.Machine{
				At:   history.Interval{Lo: at, Hi: at + d.time(0, 50*msec)},
				Late: d.time(0, 20*msec),
			})
		}
		slow := v.slowTimes(limit)
		for range 20 {
			from := d.time(0, 2*time.Second)
			to := from + d.time(0, 100*msec)
			var want []time.Duration
			for _, c := range v.Controls {
				if c.Done-c.Due >= limit/2 && c.Due < to && c.Done > from {
					want = append(want, c.Done-c.Due)
				}
			}
			for _, m := range v.Machines {
				if m.Late >= limit/2 && m.At.Lo < to && m.At.Hi > from {
					want = append(want, m.Late)
				}
			}
			slices.Sort(want)
			if got := slices.Sorted(slow.during(from, to)); !slices.Equal(got, want) {
				t.Errorf("from %v to %v: %v, want %v", from, to, got, want)
			}
		}
	})
}
