package replicator

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regionfall/regionfall/lab/store"
	"github.com/regionfall/regionfall/lab/topology"
)

func TestLagIsTheAgeOfWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &lane{}
		if s := l.state(); s.LagMS != nil || s.LastPassMSAgo != nil || s.Reachable {
			t.Errorf("before the first pass: %+v", s)
		}
		began := time.Now()
		l.note(began, copyPass{copied: 3, whole: true, watermark: 17}, nil)
		time.Sleep(time.Second)
		if s := l.state(); *s.LagMS != 0 || *s.LastPassMSAgo != 1000 || !s.Reachable || s.Copied != 3 {
			t.Errorf("after a full pass: %+v", s)
		}
		l.note(time.Now(), copyPass{copied: 1, pending: began}, errors.New("put refused"))
		if s := l.state(); *s.LagMS != 1000 || *s.LastPassMSAgo != 1000 || !s.Reachable || s.Copied != 4 ||
			s.Error != "put refused" {
			t.Errorf("after the target failed: %+v", s)
		}
		time.Sleep(time.Second)
		l.note(time.Now(), copyPass{}, sourceError{errors.New("list refused")})
		if s := l.state(); *s.LagMS != 2000 || s.Reachable || *s.WatermarkNS != 17 {
			t.Errorf("what waited is forgotten because the source is gone: %+v", s)
		}
		l.note(time.Now(), copyPass{whole: true}, nil)
		if s := l.state(); *s.LagMS != 0 || *s.LastPassMSAgo != 0 || !s.Reachable || s.Error != "" {
			t.Errorf("after recovery: %+v", s)
		}
	})
}

func TestOneFailureDoesNotStopTheOthers(t *testing.T) {
	crew, ctx := newCrew(t.Context())
	at := time.Unix(100, 0)
	for i := range 20 {
		crew.do(ctx, at.Add(time.Duration(i)*time.Second), func(context.Context) (result, error) {
			if i == 7 {
				return result{}, errors.New("refused")
			}
			return result{copied: i%2 == 0, since: time.Now().Add(-time.Duration(i) * time.Hour)}, nil
		})
	}
	pass, err := crew.wait()
	if err == nil || pass.copied != 10 || !pass.pending.Equal(at.Add(7*time.Second)) ||
		!pass.late.Equal(at.Add(8*time.Second)) || pass.behind.Round(time.Hour) != 18*time.Hour {
		t.Errorf("got %+v, %v", pass, err)
	}
}

func TestManyFailuresEndThePass(t *testing.T) {
	crew, ctx := newCrew(t.Context())
	ran := make(chan struct{}, 1000)
	for range 1000 {
		crew.do(ctx, time.Unix(100, 0), func(context.Context) (result, error) {
			ran <- struct{}{}
			return result{}, sourceError{errors.New("gone")}
		})
	}
	pass, err := crew.wait()
	if !errors.As(err, new(sourceError)) || pass.copied != 0 || !pass.pending.Equal(time.Unix(100, 0)) {
		t.Errorf("got %+v, %v", pass, err)
	}
	if len(ran) >= 2*store.Calls {
		t.Errorf("%d tried, although the store is gone", len(ran))
	}
}

func TestItemsAreReadFromWhereTheLastPassBrokeOff(t *testing.T) {
	began := time.Unix(1000, 0)
	at := func(s int64) int64 { return s * int64(time.Second) }
	for _, c := range []struct {
		what    string
		newest  int64
		pending time.Time
		want    int64
	}{
		{what: "all copied", newest: at(900), want: at(900)},
		{what: "one not copied", newest: at(900), pending: time.Unix(850, 0), want: at(850) - 1},
		{what: "nothing new", newest: at(700), want: at(800)},
		{what: "an old one not copied", newest: at(900), pending: time.Unix(700, 0), want: at(800)},
		{what: "a clock that is ahead", newest: at(9000), want: at(1000)},
	} {
		copier := itemCopier{watermark: at(800)}
		copier.advance(c.newest, began, c.pending)
		if copier.watermark != c.want {
			t.Errorf("%s: watermark %d, want %d", c.what, copier.watermark, c.want)
		}
	}
}

// How long what waits takes is told by a pass that had much to copy. One that copies a straggler is busy with looking.
func TestTheRateIsThatOfThePassThatCopiedMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &lane{rule: topology.CopyRule{Name: "cold/"}}
		for _, p := range []struct {
			took time.Duration
			pass copyPass
		}{
			{time.Second, copyPass{copied: 100, bytes: 100_000, waits: &waiting{}}},
			{100 * time.Millisecond, copyPass{copied: 1, bytes: 1000, waits: &waiting{50, 50_000}}},
		} {
			began := time.Now()
			time.Sleep(p.took)
			l.note(began, p.pass, nil)
		}
		if s := l.state(); s.BytesPerSecond != 100_000 || *s.DrainMS != 500 {
			t.Errorf("%g bytes a second, and %d ms for what waits", s.BytesPerSecond, *s.DrainMS)
		}
	})
}
