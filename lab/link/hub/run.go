package hub

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/rs/zerolog"

	"github.com/regionfall/regionfall/lab/topology"
)

// The limits of one exchange with the control API: what it does takes milliseconds, and a few seconds where a far end
// takes no bytes.
const (
	readTimeout  = 15 * time.Second
	writeTimeout = 30 * time.Second
)

// Run is the hub's node from start to end: it carries every link and tap of a lab until ctx ends.
//
// Its control API listens on the outer network alone, and answers the harness alone. The hub is attached to the network
// of every region too, and a node that could reach the API could heal the fault it is meant to suffer.
func Run(ctx context.Context) error {
	host, err := outerAddress()
	if err != nil {
		return fmt.Errorf("find the hub's address on the outer network: %w", err)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(topology.PortToxiproxy)))
	if err != nil {
		return fmt.Errorf("listen for the control API: %w", err)
	}
	gateway, err := defaultGateway()
	if err != nil {
		return fmt.Errorf("find the gateway of the outer network: %w", err)
	}
	zerolog.SetGlobalLevel(zerolog.InfoLevel) // some toxics log with a logger of their own
	logger := zerolog.New(os.Stderr).With().Timestamp().Logger()
	server := &http.Server{
		Handler: New(logger), ReadHeaderTimeout: readTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
	}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	logger.Info().Stringer("address", listener.Addr()).Msg("control API")
	if err := server.Serve(door{listener, gateway, attached, logger}); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the control API: %w", err)
	}
	return nil
}

// outerAddress is the address from which the default route is taken. The regions' networks are internal and have no
// default route, so it is the one on the outer network. Dialling UDP sends nothing; the address is from the block
// reserved for documentation.
func outerAddress() (string, error) {
	conn, err := net.Dial("udp4", "192.0.2.1:9")
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	host, _, err := net.SplitHostPort(conn.LocalAddr().String())
	return host, err
}
