package workload

import (
	"bufio"
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/regionfall/regionfall/scenarios/history"
)

func TestACommandIsSentToRedis(t *testing.T) {
	for name, c := range map[string]struct {
		answer  string
		outcome history.Outcome
		why     string
	}{
		"found":          {"$2\r\nhi\r\n", history.OK, ""},
		"not found":      {"$-1\r\n", history.Failed, history.Absent},
		"none":           {":0\r\n", history.Failed, history.Absent},
		"an empty list":  {"*0\r\n", history.Failed, history.Absent},
		"refused":        {"-LOADING not yet\r\n", history.Failed, "LOADING not yet"},
		"nobody answers": {"", history.Failed, "no answer: "},
	} {
		t.Run(name, func(t *testing.T) {
			sent := ""
			caller := directCaller(t, func(conn net.Conn) {
				r := bufio.NewReader(conn)
				hear := func() (said string) { // a command of two words
					for range 5 {
						line, _ := r.ReadString('\n')
						said += line
					}
					return said
				}
				if hello := hear(); !strings.Contains(hello, "hello") { // which an old server does not know
					t.Errorf("a client begins with %q", hello)
				}
				_, _ = io.WriteString(conn, "-ERR unknown command\r\n")
				sent = hear()
				_, _ = io.WriteString(conn, c.answer)
			})
			r := caller.Read(t.Context(), "v-t-000001")
			if r.Outcome != c.outcome || !strings.HasPrefix(r.Error, c.why) || r.Attempts != 1 {
				t.Errorf("%+v", r)
			}
			if sent != "*2\r\n$3\r\nGET\r\n$16\r\norder:v-t-000001\r\n" ||
				string(r.Wire[0].Sent) != "GET order:v-t-000001" {
				t.Errorf("sent: %q, shown: %q", sent, r.Wire[0].Sent)
			}
		})
	}
}

func TestWhatAnAnswerOfRedisMeans(t *testing.T) {
	const w, r = history.Write, history.Read
	for _, c := range []struct {
		kind    history.Kind
		command string
		answer  any
		want    Result
	}{
		{w, "set k v nx", nil, Refused},
		{w, "SET k v EX 5 XX", nil, Refused},
		{w, "SET k v NX GET", nil, Unclear}, // it may be the value that there was not
		{w, "SET k NX", nil, Unclear},       // which is the value
		{w, "SET k v GET", nil, Unclear},
		{w, "GETSET k v", nil, Unclear},
		{w, "EVAL s 0", nil, Unclear},
		{w, "HSET k f v", int64(0), Acknowledged},
		{w, "RPUSHX k v", int64(0), Refused},
		{w, "rpushx k v", int64(3), Acknowledged},
		{w, "LPUSHX k v", int64(0), Refused},
		{w, "SETNX k v", int64(0), Refused},
		{w, "SETNX k v", int64(1), Acknowledged},
		{w, "MSETNX k v l w", int64(0), Refused},
		{w, "HSETNX k f v", int64(0), Refused},
		{w, "HSETEX k FXX FIELDS 1 f v", int64(0), Refused},
		{w, "LINSERT k BEFORE p v", int64(-1), Refused},
		{w, "SADD k v", int64(0), Acknowledged}, // it is there already
		{w, "ZADD k 1 v", int64(0), Acknowledged},
		{w, "ZADD k 1 XX", int64(0), Acknowledged}, // which is the member
		{w, "ZADD k NX 1 v", int64(0), Refused},
		{w, "ZADD k nx 1 v", int64(1), Acknowledged},
		{w, "ZADD k XX 1 v", int64(0), Unclear}, // it counts what is new, and that is nothing
		{w, "ZADD k GT 1 v", int64(0), Unclear},
		{w, "ZADD k XX CH 1 v", int64(0), Refused},
		{w, "ZADD k XX CH 1 v", int64(1), Acknowledged},
		{w, "ZADD k XX INCR 1 v", nil, Refused},
		{w, "ZADD k INCR 0 v", "0", Acknowledged},
		{w, "XADD k NOMKSTREAM * f v", nil, Refused},
		{r, "GET k", nil, Absent},
		{r, "EXISTS k", int64(0), Absent},
		{r, "LLEN k", int64(3), Acknowledged},
		{r, "lpos k v", int64(0), Acknowledged},
		{r, "ZRANK k v", int64(0), Acknowledged},
		{r, "ZREVRANK k v", int64(0), Acknowledged},
		{r, "ZRANK k v", nil, Absent},
		{r, "LPOS k v COUNT 0", []any{}, Absent},
		{r, "LPOS k v COUNT 0", []any{int64(0)}, Acknowledged},
		{r, "MGET a b", []any{nil, nil}, Absent},
		{r, "MGET a b", []any{nil, "v"}, Acknowledged},
		{r, "HMGET k f", []any{nil}, Absent},
		{r, "SMISMEMBER k a b", []any{int64(0), int64(0)}, Absent},
		{r, "SMISMEMBER k a b", []any{int64(0), int64(1)}, Acknowledged},
	} {
		m := redisMessage{kind: c.kind, words: strings.Fields(c.command)}
		if a := m.understand(c.answer); a.Result != c.want || (a.Why == "") != (c.want == Acknowledged) {
			t.Errorf("%s is answered %v: %+v, want result %d", c.command, c.answer, a, c.want)
		}
	}
}

type redisError string

func (e redisError) Error() string { return string(e) }

func (redisError) RedisError() {}

// deadlines is a connection that notes the deadlines that it is given.
type deadlines struct {
	net.Conn
	given *[]time.Time
}

func (d deadlines) SetDeadline(t time.Time) error {
	*d.given = append(*d.given, t)
	return d.Conn.SetDeadline(t)
}

func (d deadlines) SetReadDeadline(t time.Time) error {
	*d.given = append(*d.given, t)
	return d.Conn.SetReadDeadline(t)
}

func (d deadlines) SetWriteDeadline(t time.Time) error {
	*d.given = append(*d.given, t)
	return d.Conn.SetWriteDeadline(t)
}

func TestACommandMayTakeAsLongAsItsContext(t *testing.T) {
	address := listen(t, func(conn net.Conn) {
		r := bufio.NewReader(conn)
		for _, answer := range []string{"-ERR unknown command\r\n", "+OK\r\n"} {
			for range 5 {
				_, _ = r.ReadString('\n')
			}
			_, _ = io.WriteString(conn, answer)
		}
	})
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	limit, _ := ctx.Deadline()
	var given []time.Time
	m := redisMessage{kind: history.Write, words: []string{"GET", "k"}}
	if a := m.Send(ctx, address, Carried{}, newAttempt(deadlines{conn, &given})); a.Result != Acknowledged {
		t.Fatalf("%+v", a)
	}
	if len(given) == 0 {
		t.Error("it could wait for ever")
	}
	for _, at := range given {
		if !at.IsZero() && !at.Equal(limit) {
			t.Errorf("it is given up after %s", 30*time.Second-limit.Sub(at))
		}
	}
}
