package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/regionfall/regionfall/lab/topology"
)

// Trip makes one round trip to a service over a connection of its own: it is not enough that something accepts, since a proxy whose
// far end is dead accepts too. The service has to answer a question of its protocol.
func Trip(ctx context.Context, s topology.Service, address string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return err
	}
	question, answer := "GET /healthz HTTP/1.0\r\nHost: trip\r\n\r\n", make([]byte, 4)
	switch s {
	case topology.ServicePostgres:
		question, answer = "\x00\x00\x00\x08\x04\xd2\x16\x2f", make([]byte, 1) // SSLRequest: one byte, S or N
	case topology.ServiceRedis:
		question = "PING\r\n"
	}
	if _, err := io.WriteString(conn, question); err != nil {
		return err
	}
	if _, err := io.ReadFull(conn, answer); err != nil {
		return fmt.Errorf("%s at %s took the question and gave no answer: %w", s, address, err)
	}
	return nil
}

// TripReply answers GET /trip?service=SERVICE&address=HOST:PORT on every agent: a round trip made from inside its network, which is how
// the harness sees a link as the region sees it.
type TripReply struct {
	Took  time.Duration `json:"took_ns"`
	Error string        `json:"error,omitempty"`
}

func serveTrip(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	start := time.Now()
	err := Trip(r.Context(), topology.Service(q.Get("service")), q.Get("address"))
	reply := TripReply{Took: time.Since(start)}
	if err != nil {
		reply.Error = err.Error()
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(reply)
}
