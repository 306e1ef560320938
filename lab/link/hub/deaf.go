package hub

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"golang.org/x/sys/unix"
)

// deafen has the kernel drop what comes to the proxy's listener. A socket filter would do, but needs a privilege; a
// full queue needs none: the proxy stops accepting, the queue of the listener is made as short as can be, and one
// connection of the hub's own fills it. From then on the kernel drops attempts to connect.
func (p *proxy) deafen() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.port == nil:
		return failure{http.StatusConflict, fmt.Sprintf("proxy %s at %s does not listen", p.name, p.listen)}
	case p.port.deaf:
		return nil
	}
	if err := p.port.deafen(); err != nil {
		return fmt.Errorf("proxy %s at %s: %w", p.name, p.listen, err)
	}
	return nil
}

// fillWithin is how long the hub's own connection may take to be queued; it takes no time at all.
const fillWithin = 200 * time.Millisecond

func (at *port) deafen() error {
	if err := at.listener.SetDeadline(time.Unix(1, 0)); err != nil { // accepting fails from now on
		return fmt.Errorf("stop accepting: %w", err)
	}
	at.silenced = true // from here on there is something to undo, whatever comes of the rest
	raw, err := at.listener.SyscallConn()
	if err != nil {
		return fmt.Errorf("shorten the queue: %w", err)
	}
	if cerr := raw.Control(func(fd uintptr) { err = unix.Listen(int(fd), 0) }); cerr != nil || err != nil {
		return fmt.Errorf("shorten the queue: %w", errors.Join(cerr, err))
	}
	filler, err := net.DialTimeout("tcp", at.listener.Addr().String(), fillWithin)
	var timeout net.Error
	switch {
	case err == nil:
		at.filler = filler
	case errors.As(err, &timeout) && timeout.Timeout(): // somebody's connection has filled it already
	default:
		return fmt.Errorf("fill the queue: %w", err)
	}
	at.deaf = true
	return nil
}

func (p *proxy) isDeaf() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.port != nil && p.port.deaf
}

// undeafen has a proxy listen anew that is deaf or was to be, which drops whatever is queued, and the open
// connections. One that accepts is left alone.
func (p *proxy) undeafen() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.port == nil || !p.port.silenced {
		return nil
	}
	p.stop()
	return p.start()
}
