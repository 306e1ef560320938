package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/fault"
	"github.com/regionfall/regionfall/scenarios"
)

// labFlag lets a command name its lab. What `regionfall up` prints sets the variable.
func labFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("lab", os.Getenv("REGIONFALL_LAB"),
		"which lab, where several are up (default $REGIONFALL_LAB)")
}

func (a *app) injectCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "inject FAULT", Short: "Break a lab that is up, in one of the ways of the catalogue",
		Long: `Injects a fault into a lab that was brought up by hand, waits until an independent probe sees it in
force, and leaves it so until ` + "`regionfall heal`" + `. The parameters are those of a scenario file, as
flags. ` + "`regionfall list faults`" + ` has all of them.`,
		Example: "  regionfall inject partition --from us-west-2 --to us-east-1\n  regionfall inject kill --service " +
			"postgres --role primary\n" +
			"  regionfall inject latency --from us-west-2 --to us-east-1 --delay 80ms",
		// first the fault is unknown
		Args: cobra.ArbitraryArgs, FParseErrWhitelist: cobra.FParseErrWhitelist{UnknownFlags: true},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return badInput{scenarios.UnknownFault(args[0])}
			}
			return cmd.Help()
		},
	}
	for _, e := range fault.Catalogue() {
		cmd.AddCommand(a.injectKind(e))
	}
	return cmd
}

func (a *app) injectKind(e fault.Entry) *cobra.Command {
	spec, _ := fault.New(e.Kind)
	cmd := &cobra.Command{
		Use: e.Kind, Short: sentence(e.Mimics),
		Long: fmt.Sprintf("%s.\n\nSeen when %s.\nIn a scenario file:\n  - inject: {%s}", sentence(e.Mimics), e.Shows,
			e.Example),
		Example: "  regionfall inject " + asFlags(e),
		Args:    cobra.NoArgs, ValidArgsFunction: cobra.NoFileCompletions,
	}
	// A flag has dashes where a file's key has underscores; who copies the key means the same.
	cmd.Flags().SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		return pflag.NormalizedName(strings.ReplaceAll(name, "_", "-"))
	})
	bind(cmd, reflect.ValueOf(spec).Elem())
	name := labFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return a.onLab(cmd.Context(), *name, func(l *lab.Lab) error { return a.inject(cmd.Context(), l, spec) })
	}
	return cmd
}

// sentence begins with a capital, as the help has it.
func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// bind gives a flag to each parameter, by its tags.
func bind(cmd *cobra.Command, v reflect.Value) {
	for i := range v.NumField() {
		if v.Type().Field(i).Anonymous {
			bind(cmd, v.Field(i))
			continue
		}
		tag := v.Type().Field(i).Tag
		name, about := tag.Get("yaml"), tag.Get("about")
		flags := cmd.Flags()
		switch dst := v.Field(i).Addr().Interface().(type) {
		case *string:
			flags.StringVar(dst, name, "", about)
		case *time.Duration:
			flags.DurationVar(dst, name, 0, about+" Such as 80ms.")
		case *int:
			flags.IntVar(dst, name, 0, about)
		case *float64:
			flags.Float64Var(dst, name, 0, about)
		case *fault.Label:
			flags.StringVar((*string)(dst), name, "", about)
		case *fault.Share:
			flags.TextVar(dst, name, fault.Share(0), about+" Such as 5%.")
		case *[]string:
			flags.StringSliceVar(dst, name, nil, about+" Such as a,b.")
		}
	}
}

// asFlags is the example of a scenario file as a command line.
func asFlags(e fault.Entry) string {
	_, parameters, _ := strings.Cut(e.Example, "{")
	line := e.Kind
	list := strings.NewReplacer(", ", ",")
	for _, p := range strings.Split(protectLists(strings.TrimSuffix(parameters, "}")), ", ") {
		name, value, _ := strings.Cut(p, ": ")
		line += " --" + strings.ReplaceAll(name, "_", "-") + " " +
			list.Replace(strings.Trim(strings.ReplaceAll(value, "\x00", ","), "[]"))
	}
	return line
}

// protectLists keeps the commas inside brackets apart from those between parameters.
func protectLists(s string) string {
	inside := false
	return strings.ReplaceAll(strings.Map(func(r rune) rune {
		switch {
		case r == '[':
			inside = true
		case r == ']':
			inside = false
		case r == ',' && inside:
			return 0
		}
		return r
	}, s), "\x00 ", "\x00")
}

func (a *app) inject(ctx context.Context, l *lab.Lab, spec fault.Spec) error {
	if err := spec.Validate(l.Topology()); err != nil {
		return badInput{fmt.Errorf("%s: %w", spec.Kind(), err)}
	}
	began := time.Now()
	start := time.Now()
	a.tell("%s  inject %s: %s", elapsed(began), spec.Kind(), spec.Target())
	g, err := l.Guard(spec, func() time.Duration { return time.Since(start) })
	if err != nil {
		return badInput{err}
	}
	if g.Driven() {
		return a.drive(ctx, g, began)
	}
	seen, note, err := l.Faults().Inject(ctx, spec)
	if err != nil {
		return err
	}
	a.say("%s %s is in force: %s", spec.Kind(), note.ID, seen.By)
	a.tell("%s  heal it with: regionfall heal %s", elapsed(began), note.ID)
	return nil
}

// drive keeps a fault going that lasts only while somebody does.
func (a *app) drive(ctx context.Context, g *fault.Guard, began time.Time) error {
	seen, err := g.Inject(ctx)
	if err == nil {
		a.say("%s is in force: %s", g.Spec.Kind(), seen.By)
		a.tell("%s  it goes on until Ctrl-C", elapsed(began))
		<-ctx.Done()
	}
	if _, herr := g.Heal(context.WithoutCancel(ctx)); herr != nil {
		return errors.Join(err, herr)
	}
	a.tell("%s  %s is healed", elapsed(began), g.Spec.Kind())
	return err
}

func (a *app) healCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "heal [ID or FAULT…]", Short: "Heal what was injected by hand: all of it, or by id or kind",
		Long: `Heals the faults of a lab that was brought up by hand, the last that was injected first, and waits
until each is seen healed. Faults of a drill that is running are left to the drill.`,
		Example:           "  regionfall heal\n  regionfall heal partition\n  regionfall heal k3f9x2ab",
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: complete(standing),
	}
	name := labFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, which []string) error {
		return a.onLab(cmd.Context(), *name, func(l *lab.Lab) error { return a.heal(cmd.Context(), l, which...) })
	}
	return cmd
}

func (a *app) heal(ctx context.Context, l *lab.Lab, which ...string) error {
	notes, err := l.Faults().List()
	if err != nil {
		return err
	}
	mine := slices.DeleteFunc(slices.Clone(notes), func(n lab.Note) bool {
		return !n.Standing || len(which) > 0 && !slices.Contains(which, n.ID) && !slices.Contains(which, n.Kind)
	})
	for _, w := range which {
		if !slices.ContainsFunc(mine, func(n lab.Note) bool { return n.ID == w || n.Kind == w }) {
			return badInput{
				fmt.Errorf("no fault %q was injected by hand into lab %s; `regionfall status` shows what was", w,
					l.Name),
			}
		}
	}
	began := time.Now()
	var errs []error
	for _, n := range slices.Backward(mine) {
		if err := l.Faults().Heal(ctx, n); err != nil {
			errs = append(errs, err)
			continue
		}
		a.tell("%s  %s on %s is healed", elapsed(began), n.Kind, n.Target)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	a.say("healed %d faults", len(mine))
	return nil
}
