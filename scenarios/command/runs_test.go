package command

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// What wants the machine for itself has it; the rest is done as many at a time as there are jobs.
func TestDrillsSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var done []int
		under, most := 0, 0
		sideBySide(5, 2, func(i int) bool { return i == 1 }, func(i int) {
			mu.Lock()
			under++
			most = max(most, under)
			if i == 1 && under > 1 {
				t.Errorf("%d others are under way", under-1)
			}
			mu.Unlock()
			time.Sleep(time.Duration(i+1) * time.Second)
			mu.Lock()
			under--
			done = append(done, i)
			mu.Unlock()
		})
		if most != 2 || !slices.Equal(done, []int{0, 2, 3, 4, 1}) {
			t.Errorf("at most %d at a time, in the order %v", most, done)
		}
	})
}
