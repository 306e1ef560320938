package command

import (
	"bytes"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/regionfall/regionfall/scenarios"
	"github.com/regionfall/regionfall/scenarios/file"
	"github.com/regionfall/regionfall/scenarios/history"
	"github.com/regionfall/regionfall/scenarios/runner"
	"github.com/regionfall/regionfall/scenarios/workload"
)

func (a *app) checkCommand() *cobra.Command {
	var from imageFlags
	var settings []string
	cmd := &cobra.Command{
		Use: "check NAME-or-FILE", Short: "Try the app of a scenario, and break nothing",
		Long: `Brings the lab of a scenario up, and says of each node of the app whether its process runs. It makes
one write and one read, and shows both as they were sent and answered, and which stores have the
write. Then it offers the load until the steady state has held, and takes the lab down. What the app
does not do as its file says is told with the file's line, and the app's last lines.`,
		Example: "  regionfall check ./shop-outage.yaml", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			wanted, err := from.options("")
			if err != nil {
				return badInput{err}
			}
			s, err := scenarios.Load(args[0], settings...)
			if err != nil {
				return badInput{err}
			}
			if err := a.sweep(cmd.Context()); err != nil {
				return err
			}
			for _, w := range s.Warnings() {
				a.tell("warning: %v", w)
			}
			began := time.Now()
			wanted.Progress = a.imageProgress(began)
			seen, err := runner.Check(cmd.Context(), runner.CheckOptions{
				Scenario: s, Images: wanted,
				Say: func(text string) { a.tell("%s  %s", elapsed(began), text) },
			})
			a.showChecked(seen, err)
			return err
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return scenarios.Names(), cobra.ShellCompDirectiveDefault
		},
	}
	from.add(cmd)
	addSettings(cmd, &settings)
	return cmd
}

// showChecked shows what a check saw, as far as it came.
func (a *app) showChecked(seen runner.Checked, err error) {
	if len(seen.Running) > 0 {
		a.say("PROCESSES")
	}
	for _, r := range seen.Running {
		a.say("  %-10s %-24s %s", r.Process, r.Node, visible(r.String()))
	}
	if seen.Write == nil {
		return
	}
	if len(seen.Running) > 0 {
		a.say("")
	}
	a.showCall("WRITE", *seen.Write)
	if len(seen.Found) > 0 {
		a.say("\nFOUND")
	}
	for _, f := range seen.Found {
		what := "after " + file.Short(f.After)
		if f.Err != nil {
			what = "not within " + file.Short(f.After) + ": " + f.Err.Error()
		}
		a.say("  %-10s %-16s %s", f.Store, f.Region, what)
	}
	if seen.Read != nil {
		a.showCall("\nREAD", *seen.Read)
	} else if err == nil {
		a.say("\nREAD\n  the app has no operation read")
	}
	if l := seen.Load; l != nil {
		a.say("\nLOAD\n  it had held after %s: %d writes and %d reads are ok", file.Short(l.After), l.Writes, l.Reads)
	}
}

// showCall shows one operation as it was sent and answered.
func (a *app) showCall(title string, c workload.Call) {
	ended := c.Outcome.String()
	if c.Outcome == history.OK {
		ended = "ok after " + file.Short((c.Done - c.Sent).Round(time.Millisecond))
	} else if c.Error != "" {
		ended += ": " + c.Error
	}
	a.say("%s %s in %s: %s", title, c.ID, c.Region, ended)
	for _, w := range c.Wire {
		a.showBytes("> ", w.Sent)
		a.showBytes("< ", w.Received)
	}
}

const (
	widestLine = 160 // characters
	mostLines  = 24
)

// showBytes shows what went over the wire in one direction, as far as it is worth reading.
func (a *app) showBytes(mark string, wire []byte) {
	lines := strings.Split(string(bytes.ToValidUTF8(bytes.TrimSpace(wire), []byte("\uFFFD"))), "\n")
	for i, line := range lines {
		if i == mostLines {
			a.say("  %s… and %d lines more", mark, len(lines)-i)
			return
		}
		text := []rune(visible(strings.TrimRight(line, "\r")))
		if len(text) > widestLine {
			text = append(text[:widestLine], '…')
		}
		a.say("  %s%s", mark, string(text))
	}
}
