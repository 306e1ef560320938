package hub

import (
	"errors"
	"fmt"
	"net"
	"reflect"
	"time"
	"unsafe"

	"github.com/Shopify/toxiproxy/v2"
	"golang.org/x/sys/unix"
)

// deafen has the kernel drop what comes to the proxy's listener. A socket filter would do, but needs a privilege; a full queue needs none:
// Toxiproxy is made to stop accepting, the queue of the listener is made as short as can be, and one connection of our own fills it. From
// then on the kernel drops attempts to connect.
func (d *deaf) deafen(p *toxiproxy.Proxy) error {
	l, err := listener(p)
	if err != nil {
		return err
	}
	if d.full[p.Name].listener == l {
		return nil
	}
	if err := l.SetDeadline(time.Unix(1, 0)); err != nil { // accepting fails from now on, and Toxiproxy gives up
		return fmt.Errorf("stop accepting: %w", err)
	}
	d.full[p.Name] = full{listener: l} // from here on there is something to undo, whatever comes of the rest
	raw, err := l.SyscallConn()
	if err != nil {
		return fmt.Errorf("shorten the queue: %w", err)
	}
	if cerr := raw.Control(func(fd uintptr) { err = unix.Listen(int(fd), 0) }); cerr != nil || err != nil {
		return fmt.Errorf("shorten the queue: %w", errors.Join(cerr, err))
	}
	filler, err := net.DialTimeout("tcp", l.Addr().String(), fillWithin)
	var timeout net.Error
	switch {
	case err == nil:
		d.full[p.Name] = full{listener: l, filler: filler}
	case errors.As(err, &timeout) && timeout.Timeout(): // somebody's connection has filled it already
	default:
		return fmt.Errorf("fill the queue: %w", err)
	}
	return nil
}

// fillWithin is how long our own connection may take to be queued; it takes no time at all.
const fillWithin = 200 * time.Millisecond

// listener is the one of a proxy, which Toxiproxy keeps to itself.
func listener(p *toxiproxy.Proxy) (*net.TCPListener, error) {
	p.Lock()
	defer p.Unlock()
	if !p.Enabled {
		return nil, errors.New("it does not listen")
	}
	field := reflect.ValueOf(p).Elem().FieldByName("listener")
	if !field.IsValid() {
		return nil, errors.New("this version of Toxiproxy keeps its listener elsewhere")
	}
	l, ok := (*(*net.Listener)(unsafe.Pointer(field.UnsafeAddr()))).(*net.TCPListener)
	if !ok {
		return nil, errors.New("it does not listen on TCP")
	}
	return l, nil
}
