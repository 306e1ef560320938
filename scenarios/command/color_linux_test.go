package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// terminal opens a terminal of our own: what is written to tty is read from the other end.
func terminal(t *testing.T) (other, tty *os.File) {
	t.Helper()
	other, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("this machine has no terminals: %v", err)
	}
	t.Cleanup(func() { _ = other.Close() })
	var number, unlocked int32
	for request, argument := range map[uintptr]*int32{syscall.TIOCGPTN: &number, syscall.TIOCSPTLCK: &unlocked} {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, other.Fd(), request,
			uintptr(unsafe.Pointer(argument))); errno != 0 {
			t.Fatal(errno)
		}
	}
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tty.Close() })
	return other, tty
}

func TestColorIsForTerminalsThatWantIt(t *testing.T) {
	const green = "\x1b[32mpass"
	dir := drilled{}.folder(t)
	if f := regionfall(t, "rejudge", dir); strings.Contains(f.stdout, "\x1b") || !strings.Contains(f.stdout, "pass") {
		t.Errorf("not to a terminal: %q", f.stdout)
	}
	for setting, want := range map[string]bool{"NO_COLOR=": true, "NO_COLOR=1": false} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		other, tty := terminal(t)
		cmd := command(ctx, t, "rejudge", dir)
		cmd.Env = append(cmd.Env, setting)
		cmd.Stdout = tty
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		_ = tty.Close() // the command has it now: reading ends with the command
		text, _ := io.ReadAll(other)
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(string(text), green); got != want || !strings.Contains(string(text), "example") {
			t.Errorf("%s, to a terminal: %q", setting, text)
		}
		if escape := strings.Contains(string(text), "\x1b"); escape != want {
			t.Errorf("%s, to a terminal: %q", setting, text)
		}
	}
}
