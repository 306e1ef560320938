// Package command is the command line: each command in a file of its own, the exit codes in this one.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"unicode"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/regionfall/regionfall/scenarios/file"
)

// The exit codes.
const (
	exitPass         = 0
	exitFail         = 10
	exitInconclusive = 20
	exitHarness      = 30 // the lab or the harness failed
	exitBadInput     = 40
	exitInterrupted  = 130
)

var errInterrupted = errors.New("interrupted")

// badInput is an error of whoever typed the command.
type badInput struct{ error }

func (b badInput) Unwrap() error { return b.error }

// verdictError carries the exit code of drills that were run, and were not what they should be. There is nothing more
// to print.
type verdictError int

func (v verdictError) Error() string { return fmt.Sprintf("exit code %d", int(v)) }

// Main runs the command line and gives its exit code.
func Main(args []string, stdout, stderr io.Writer) int {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	go func() {
		// A second Ctrl-C changes nothing: healing goes on.
		for range signals {
			if ctx.Err() == nil {
				_, _ = fmt.Fprintln(stderr, "\ninterrupted: healing and cleaning up; this takes a few seconds")
			}
			cancel(errInterrupted)
		}
	}()

	a := &app{stdout: stdout, stderr: stderr}
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	return a.exit(ctx, err)
}

// exit says what is wrong, once, and gives the code.
func (a *app) exit(ctx context.Context, err error) int {
	if err == nil {
		return exitPass
	}
	var verdict verdictError
	if errors.As(err, &verdict) {
		return int(verdict)
	}
	if ctx.Err() != nil {
		if text := err.Error(); text != errInterrupted.Error() && !errors.Is(err, context.Canceled) {
			_, _ = fmt.Fprintln(a.stderr, "Error:", visible(text))
		}
		return exitInterrupted
	}
	_, _ = fmt.Fprintln(a.stderr, "Error:", visible(err.Error()))
	var bad badInput
	if !a.started || errors.As(err, &bad) || len(file.Problems(err)) > 0 {
		return exitBadInput
	}
	return exitHarness
}

// visible keeps what an error quotes, such as the name of a file, from doing more to a terminal than be read there.
func visible(text string) string {
	return strings.Map(func(c rune) rune {
		if c == '\n' || c == '\t' || unicode.IsGraphic(c) {
			return c
		}
		return unicode.ReplacementChar
	}, text)
}

// app is one invocation.
type app struct {
	stdout, stderr io.Writer
	started        bool // arguments and flags were understood
	color, live    bool
	swept          bool
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "regionfall",
		Short: "Break a local multi-region lab and measure what was lost",
		Long: `Regionfall brings up real regions in containers, kills, cuts or slows them under load, and reports
what was measured: how much acknowledged data was lost (recovery point) and how long the service was
away (recovery time).

Exit codes: 0 pass, 10 fail, 20 inconclusive, 30 the lab or the harness failed, 40 bad input,
130 interrupted. A scenario that expects to fail exits 0 when exactly the expected findings are made.`,
		Example: `  regionfall run kyc-region-outage
  regionfall run ./my-incident.yaml --json
  regionfall list
  regionfall doctor`,
		SilenceUsage: true, SilenceErrors: true,
		PersistentPreRun: func(cmd *cobra.Command, _ []string) {
			a.started = true
			f, isFile := a.stderr.(*os.File)
			a.live = isFile && term.IsTerminal(int(f.Fd()))
			f, isFile = a.stdout.(*os.File)
			a.color = os.Getenv("NO_COLOR") == "" && isFile && term.IsTerminal(int(f.Fd()))
		},
	}
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.AddCommand(a.runCommand(), a.checkCommand(), a.listCommand(), a.showCommand(), a.upCommand(),
		a.statusCommand(), a.injectCommand(), a.healCommand(), a.loseCommand(), a.returnCommand(),
		a.failoverCommand(), a.switchoverCommand(), a.capacityCommand(), a.weightsCommand(), a.logsCommand(),
		a.psqlCommand(), a.downCommand(), a.engineCommand(), a.imagesCommand(), a.doctorCommand(),
		a.rejudgeCommand(), a.reportCommand(), a.evidenceCommand(), a.attestCommand(), a.historyCommand(),
		a.schemaCommand(), a.versionCommand(), a.initCommand())
	return root
}

// tell writes a line for people, aside from the command's output.
func (a *app) tell(format string, args ...any) { _, _ = fmt.Fprintf(a.stderr, format+"\n", args...) }

// say writes a line of the command's output.
func (a *app) say(format string, args ...any) { _, _ = fmt.Fprintf(a.stdout, format+"\n", args...) }
