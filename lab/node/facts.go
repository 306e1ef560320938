package node

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/moby/moby/api/types/system"
	"github.com/moby/moby/client"
)

// Facts are what doctor wants to know of the engine and its machine.
type Facts struct {
	OS, Arch  string // as Go names them
	Rootless  bool
	Limits    bool // it can limit how many processes a container has
	CPUs      int
	Memory    int64  // bytes
	Driver    string // how it stores images
	Root      string // where it keeps its data, on its machine
	Clock     time.Duration
	ClockSure time.Duration // the engine's clock is Clock ahead of this machine's, give or take this
}

// Facts asks the engine.
func (e *Engine) Facts(ctx context.Context) (Facts, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	asked := time.Now()
	i, err := e.client.Info(ctx, client.InfoOptions{})
	if err != nil {
		return Facts{}, fmt.Errorf("ask the engine about its machine: %s", oneLine(err))
	}
	took := time.Since(asked)
	engineClock, err := clockOf(i.Info)
	if err != nil {
		return Facts{}, err
	}
	f := Facts{
		OS: e.found.About.OS, Arch: e.found.About.Arch, Limits: i.Info.PidsLimit, CPUs: i.Info.NCPU,
		Memory: i.Info.MemTotal,
		Driver: i.Info.Driver, Root: i.Info.DockerRootDir, Clock: engineClock.Sub(asked.Add(took / 2)),
		ClockSure: took / 2,
	}
	for _, o := range i.Info.SecurityOptions {
		f.Rootless = f.Rootless || strings.Contains(o, "name=rootless")
	}
	return f, nil
}

// clock asks the engine what time it is.
func (e *Engine) clock(ctx context.Context) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	i, err := e.client.Info(ctx, client.InfoOptions{})
	if err != nil {
		return time.Time{}, fmt.Errorf("ask the engine for the time: %s", oneLine(err))
	}
	return clockOf(i.Info)
}

func clockOf(i system.Info) (time.Time, error) {
	is, err := time.Parse(time.RFC3339Nano, i.SystemTime)
	if err != nil {
		return is, fmt.Errorf("read the engine's clock: %w", err)
	}
	return is, nil
}

// Usage is how many bytes the engine's images take, and how many of them no container uses.
func (e *Engine) Usage(ctx context.Context) (all, unused int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	u, err := e.client.DiskUsage(ctx, client.DiskUsageOptions{Images: true})
	if err != nil {
		return 0, 0, fmt.Errorf("ask the engine what its images take: %s", oneLine(err))
	}
	return u.Images.TotalSize, u.Images.Reclaimable, nil
}
