package supervisor

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"
)

// beWhat makes a process of this test binary something else: what its supervisor runs, or a supervisor.
const beWhat = "SUPERVISOR_TEST_BE"

func TestMain(m *testing.M) {
	be := map[string]func(){
		"": func() { os.Exit(m.Run()) }, "an app": beAnApp, "a failure": beAFailure, "a parent": beAParent,
		"stubborn": beStubborn, "first": beFirst, "a preparation": beAPreparation,
	}
	be[os.Getenv(beWhat)]()
}

// beAnApp serves its environment, and notes the signals that it gets.
func beAnApp() {
	fmt.Println("it serves", os.Getenv("DATABASE_URL"))
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	hungUp := 0
	http.HandleFunc("GET /open", func(w http.ResponseWriter, _ *http.Request) {
		select {
		case <-hangups:
			hungUp++
		default:
		}
		_, settings := os.LookupEnv("REGIONFALL_AGENT")
		w.Header().Set("X-Config-Revision", "41")
		_, _ = fmt.Fprintf(w, `{"database": %q, "settings": %t, "hung_up": %d, "db": %s}`, os.Getenv("DATABASE_URL"),
			settings, hungUp, os.Getenv("DB"))
	})
	http.HandleFunc("POST /exit", func(http.ResponseWriter, *http.Request) {
		fmt.Println("out of luck")
		os.Exit(7)
	})
	fmt.Fprintln(os.Stderr, http.ListenAndServe(os.Getenv("ADDRESS"), nil))
	os.Exit(1)
}

func beAFailure() {
	fmt.Println("one\n\ntwo")
	fmt.Fprint(os.Stderr, "the secret is regionfall-lab\n")
	os.Exit(3)
}

func beStubborn() {
	signal.Ignore(syscall.SIGTERM)
	fmt.Println("it stays")
	for {
		time.Sleep(time.Hour)
	}
}

// beAParent leaves a child behind that has a session of its own, and holds its standard output open.
func beAParent() {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), beWhat+"=stubborn")
	child.Stdout, child.SysProcAttr = os.Stdout, &syscall.SysProcAttr{Setsid: true}
	if err := child.Start(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

// beFirst is the first process of a node that runs a parent once, and says whether any process is left.
func beFirst() {
	p, err := start([]string{os.Args[0]}, append(os.Environ(), beWhat+"=a parent"), io.Discard, os.Stderr)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	<-p.ended
	_, err = syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
	fmt.Printf("as %d: %s, %v", os.Getpid(), p.how(), err)
	os.Exit(0)
}

func beAPreparation() {
	fmt.Println(Prepare(context.Background()))
	os.Exit(1)
}
