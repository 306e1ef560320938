package supervisor

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

const (
	// stopLimit is how long an app may take to end when it is told to, as in most orchestrators.
	stopLimit = 10 * time.Second
	// drainLimit is how long what the app printed last may take to arrive.
	drainLimit = time.Second
)

// process is one run of the app.
type process struct {
	began time.Time
	tail  tail
	alone bool          // everything in the node but this process belongs to the app
	ended chan struct{} // closed when it has ended, and all that it started

	mu     sync.Mutex
	pid    int // 0 when it has ended
	status syscall.WaitStatus
}

// start starts the app. The first process of a node is everybody's parent in the end: it has to bury whom it never
// knew, or they would count for ever.
func start(command, env []string, out, errs io.Writer) (*process, error) {
	p := &process{began: time.Now(), alone: os.Getpid() == 1, ended: make(chan struct{})}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env, cmd.SysProcAttr = env, &syscall.SysProcAttr{Setpgid: true}
	var printed sync.WaitGroup
	var readers []*os.File
	end := func() { // of what it prints
		for _, r := range readers {
			_ = r.SetReadDeadline(time.Now().Add(drainLimit))
		}
		printed.Wait()
	}
	for file, to := range map[*io.Writer]io.Writer{&cmd.Stdout: out, &cmd.Stderr: errs} {
		r, w, err := os.Pipe()
		if err != nil {
			end()
			return nil, fmt.Errorf("make a pipe for its log: %w", err)
		}
		defer func() { _ = w.Close() }()
		*file, readers = w, append(readers, r)
		printed.Go(func() {
			s := &stream{to: to, tail: &p.tail}
			_, _ = io.Copy(s, r)
			s.flush()
			_ = r.Close()
		})
	}
	if err := cmd.Start(); err != nil {
		for _, w := range []io.Writer{cmd.Stdout, cmd.Stderr} {
			_ = w.(*os.File).Close()
		}
		end()
		return nil, err
	}
	p.pid = cmd.Process.Pid
	_ = cmd.Process.Release() // whoever waits for all its children waits for this one too
	go func() {
		defer close(p.ended)
		p.await()
		end()
	}()
	return p, nil
}

// await waits until the app has ended, and ends whatever it leaves behind: an orchestrator removes the whole container.
func (p *process) await() {
	whom := p.pid
	if p.alone {
		whom = -1
	}
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(whom, &status, 0, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if pid == p.pid || err != nil {
			p.mu.Lock()
			whom, p.pid, p.status = -p.pid, 0, status
			p.mu.Unlock()
			break
		}
	}
	if p.alone {
		whom = -1
	}
	_ = syscall.Kill(whom, syscall.SIGKILL)
	for p.alone {
		if _, err := syscall.Wait4(-1, nil, 0, nil); errors.Is(err, syscall.ECHILD) {
			return
		}
	}
}

// signal passes a signal on.
func (p *process) signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pid != 0 {
		_ = syscall.Kill(p.pid, s)
	}
}

// stop has the app end, and waits until it has.
func (p *process) stop(limit time.Duration) {
	p.signal(syscall.SIGTERM)
	due := time.NewTimer(limit)
	defer due.Stop()
	select {
	case <-p.ended:
	case <-due.C:
		p.signal(syscall.SIGKILL)
		<-p.ended
	}
}

// how says how it ended.
func (p *process) how() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.status.Signaled() {
		return fmt.Sprintf("signal %s", p.status.Signal())
	}
	return fmt.Sprintf("exit code %d", p.status.ExitStatus())
}
