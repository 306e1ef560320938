package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/observe"
)

func (a *app) statusCommand() *cobra.Command {
	var asJSON, watch bool
	cmd := &cobra.Command{
		Use: "status", Short: "Show the labs that are up: regions, roles, replication, faults, links",
		Long: `Shows each lab: where clients are sent, every node with its state, role and address, how far
replication is behind, the faults that are injected, and the links with what is wrong with them.
With --watch it is shown again every second until Ctrl-C.`,
		Example: "  regionfall status\n  regionfall status --watch\n  regionfall status --json", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			e, err := a.connect(cmd.Context())
			if err != nil {
				return err
			}
			defer func() { _ = e.Close() }()
			show := func() error {
				all, err := statuses(cmd.Context(), e)
				if err != nil {
					return err
				}
				if asJSON {
					return a.encode(all)
				}
				return a.printStatuses(all, watch)
			}
			if err := show(); err != nil || !watch {
				return err
			}
			return everySecond(cmd.Context(), show)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON; with --watch one document a second")
	cmd.Flags().BoolVar(&watch, "watch", false, "show it again every second")
	return cmd
}

// everySecond does it until ctx ends, which is how a watch ends well.
func everySecond(ctx context.Context, do func() error) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return verdictError(exitPass)
		case <-tick.C:
			if err := do(); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}

func statuses(ctx context.Context, e *lab.Engine) ([]lab.Status, error) {
	labs, err := lab.List(ctx, e)
	if err != nil {
		return nil, err
	}
	all := []lab.Status{}
	for _, r := range labs {
		l, err := lab.Attach(ctx, e, r.Name)
		if err != nil {
			all = append(all, lab.Status{Lab: r.Name, Kept: r.Kept, Problem: err.Error()})
			continue
		}
		s := l.Status(ctx)
		l.Leave()
		s.Kept = r.Kept
		all = append(all, s)
	}
	return all, nil
}

// printStatuses writes a screen at once, so that a watch does not flicker.
func (a *app) printStatuses(all []lab.Status, watch bool) error {
	var b strings.Builder
	if watch && a.color {
		b.WriteString("\x1b[H\x1b[2J")
	}
	if len(all) == 0 {
		b.WriteString("no lab is up; bring one up with: regionfall up\n")
	}
	for _, s := range all {
		if err := writeStatus(&b, s); err != nil {
			return err
		}
	}
	_, err := io.WriteString(a.stdout, b.String())
	return err
}

// sentTo are the regions that clients are sent to, with the weights that count.
func sentTo(r api.Routing) string {
	var all []string
	for _, region := range r.Answers {
		if w, weighted := r.Weights[region]; weighted && !r.Whole {
			region += fmt.Sprintf(" (weight %d)", w)
		}
		all = append(all, region)
	}
	return strings.Join(all, ", ")
}

func writeStatus(out io.Writer, s lab.Status) error {
	_, _ = fmt.Fprintf(out, "lab %s  %s\n", s.Lab, s.Topology)
	if s.Problem != "" {
		_, _ = fmt.Fprintf(out, "  %s\n", s.Problem)
		return nil
	}
	if s.Routing != nil {
		_, _ = fmt.Fprintf(out, "  clients are sent to %s (DNS at %s)\n", sentTo(*s.Routing), s.DNS)
	}
	w := tabwriter.NewWriter(out, 2, 4, 2, ' ', 0)
	row := func(cells ...string) { _, _ = fmt.Fprintln(w, "  "+strings.Join(cells, "\t")) }
	if len(s.Faults) > 0 {
		row("FAULT", "ID", "ON", "SINCE", "")
		for _, f := range s.Faults {
			by := "of a drill or program that runs"
			if f.Standing {
				by = "until `regionfall heal`"
			}
			row(f.Kind, f.ID, f.Target, time.Since(f.Since).Round(time.Second).String()+" ago", by)
		}
		row()
	}
	row("REGION", "NODE", "STATE", "ROLE", "REACHED AT")
	for _, n := range s.Nodes {
		at := n.Tap
		if n.Door != "" {
			at += ", clients " + n.Door
		}
		row(n.Region, n.Name, cmp.Or(string(n.State), n.Problem), n.Role, at)
	}
	if len(s.Replication) > 0 {
		row()
		row("REPLICATION", "FROM", "TO", "STATE", "BEHIND")
		for _, r := range s.Replication {
			row(r.Store, r.From, r.To, r.State, behind(r))
		}
	}
	row()
	row("LINK", "STATE", "TOXICS", "FAULTS")
	for _, k := range s.Links {
		row(k.Name, k.State, strings.Join(k.Toxics, "; "), strings.Join(k.Faults, " "))
	}
	return w.Flush()
}

func behind(r observe.Replication) string {
	var parts []string
	if r.MSBy != nil {
		parts = append(parts, (time.Duration(*r.MSBy) * time.Millisecond).String())
	}
	if r.BytesBy != nil {
		parts = append(parts, fmt.Sprintf("%d bytes", *r.BytesBy))
	}
	if len(parts) == 0 {
		return "not known"
	}
	return strings.Join(parts, ", ")
}

// onLab runs do with the lab that --lab names, or the only one that was brought up to stay.
func (a *app) onLab(ctx context.Context, name string, do func(*lab.Lab) error) error {
	e, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	return onLab(ctx, e, name, do)
}

func onLab(ctx context.Context, e *lab.Engine, name string, do func(*lab.Lab) error) error {
	labs, err := lab.List(ctx, e)
	if err != nil {
		return err
	}
	var names, kept []string
	for _, r := range labs {
		names = append(names, r.Name)
		if r.Kept && r.Mine {
			kept = append(kept, r.Name)
		}
	}
	switch {
	case name != "" && !slices.Contains(names, name):
		return badInput{fmt.Errorf("no lab is called %q; there are %v", name, names)}
	case name != "":
	case len(kept) == 0:
		return badInput{errors.New("no lab is up; bring one up with: regionfall up")}
	case len(kept) > 1:
		return badInput{fmt.Errorf("there are several labs: name one with --lab: %s", strings.Join(kept, ", "))}
	default:
		name = kept[0]
	}
	l, err := lab.Attach(ctx, e, name)
	if err != nil {
		return err
	}
	defer l.Leave()
	return do(l)
}
