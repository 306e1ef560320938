package hub

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// deafen has the kernel drop every packet that comes to the listener on a port: a filter that passes 0 bytes of each. It needs no
// privilege, and open connections have sockets of their own.
func deafen(port int) error {
	fd, err := listener(port)
	if err != nil {
		return err
	}
	drop := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: 0}
	if err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &drop}); err != nil {
		return fmt.Errorf("drop what comes to port %d: %w", port, err)
	}
	return nil
}

// listen undoes deafen. A listener that hears is left alone.
func listen(port int) error {
	fd, err := listener(port)
	if err != nil {
		return err
	}
	err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DETACH_FILTER, 0)
	if err != nil && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("hear what comes to port %d: %w", port, err)
	}
	return nil
}

// listener is the file descriptor of this process that listens on a port. Toxiproxy keeps its listeners to itself.
func listener(port int) (int, error) {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0, fmt.Errorf("look for the listener on port %d: %w", port, err)
	}
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if on, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN); err != nil || on == 0 {
			continue
		}
		address, err := unix.Getsockname(fd)
		if err != nil {
			continue
		}
		switch a := address.(type) {
		case *unix.SockaddrInet4:
			if a.Port == port {
				return fd, nil
			}
		case *unix.SockaddrInet6:
			if a.Port == port {
				return fd, nil
			}
		}
	}
	return 0, fmt.Errorf("nobody listens on port %d", port)
}
