package absent

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"
)

func TestANameThatNobodyHasIsDeniedAtOnce(t *testing.T) {
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serve(t.Context(), conn)
	ask := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp4", conn.LocalAddr().String())
	}}
	begun := time.Now()
	_, err = ask.LookupNetIP(t.Context(), "ip", "redis.us-east-1")
	if none := new(net.DNSError); !errors.As(err, &none) || !none.IsNotFound {
		t.Errorf("after %s: %v", time.Since(begun), err)
	}
}
