package runtime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"
)

func TestCauseIsShort(t *testing.T) {
	dial := func(err error) error {
		return &url.Error{
			Op: "Get", URL: "http://hub:20013/healthz",
			Err: &net.OpError{Op: "dial", Net: "tcp", Err: err},
		}
	}
	for want, err := range map[string]error{
		"connection refused":       dial(&net.OpError{Err: syscall.ECONNREFUSED}),
		"connection reset by peer": Unreachable{Err: fmt.Errorf("connect: %w", syscall.ECONNRESET)},
		"no route to host":         errors.Join(dial(syscall.EHOSTUNREACH), errors.New("and more")),
		"no such host":             dial(&net.DNSError{Err: "no such host", Name: "hub"}),
		"no answer":                dial(context.DeadlineExceeded),
		"no answer in 200ms":       Within(200*time.Millisecond, dial(context.DeadlineExceeded)),
		"connection closed":        fmt.Errorf("receive message: %w", io.ErrUnexpectedEOF),
		"503 Service Unavailable": fmt.Errorf("http://hub answered %w",
			Plain("503 Service Unavailable")),
		"the database system is starting up": fmt.Errorf("connect: %w",
			&pgconn.PgError{Code: "57P03", Message: "the database system is starting up"}),
		"it did not finish":                      fmt.Errorf("promote: %w", errors.New("it did\n\tnot finish")),
		strings.Repeat("é", causeLength-1) + "…": errors.New(strings.Repeat("é", 200)),
	} {
		if got := Cause(err); got != want || utf8.RuneCountInString(got) > causeLength {
			t.Errorf("cause of %v is %q, want %q", err, got, want)
		}
	}
}

func TestCheckSaysHowLongNobodyAnswered(t *testing.T) {
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter,
		r *http.Request,
	) {
		<-r.Context().Done()
	}))
	defer silent.Close()
	if got := Cause(NewChecker(silent.URL, "", 20*time.Millisecond).Check(t.Context())); got != "no answer in 20ms" {
		t.Errorf("it says %q", got)
	}
}
