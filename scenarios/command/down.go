package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/regionfall/regionfall/lab"
)

func (a *app) downCommand() *cobra.Command {
	var everything bool
	cmd := &cobra.Command{
		Use: "down", Short: "Remove the labs that were left up",
		Long: `Removes the lab that --lab names. Without, it names the labs of this machine that were brought up to stay
(up, run --keep), whoever did, and asks before it removes them; where nobody can be asked, it removes none. With --all
it removes every lab on the engine without asking, also those whose owner still runs and those made from other machines
on a shared engine.`,
		Example: "  regionfall down\n  regionfall down --lab k3f9x2ab\n  regionfall down --all", Args: cobra.NoArgs,
	}
	name := labFlag(cmd)
	cmd.Flags().BoolVar(&everything, "all", false, "remove every lab on the engine, whoever owns it")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		e, err := a.connect(cmd.Context())
		if err != nil {
			return err
		}
		defer func() { _ = e.Close() }()
		labs, err := lab.List(cmd.Context(), e)
		if err != nil {
			return err
		}
		var ask func(question string) bool
		if in := os.Stdin; term.IsTerminal(int(in.Fd())) && a.live {
			ask = func(question string) bool { return agrees(cmd.Context(), in, a.stderr, question) }
		}
		names, err := toRemove(labs, *name, everything, ask)
		if err != nil {
			return err
		}
		return a.remove(cmd.Context(), e, names)
	}
	return cmd
}

// toRemove chooses labs to remove. Nothing is lost that nobody has named: ask puts a question to a person, and is nil
// where there is none.
func toRemove(labs []lab.Running, only string, everything bool, ask func(question string) bool) ([]string, error) {
	var names []string
	for _, r := range labs {
		if everything || only == r.Name || only == "" && r.Kept && r.Mine {
			names = append(names, r.Name)
		}
	}
	switch {
	case only != "" && !everything && len(names) == 0:
		return nil, badInput{fmt.Errorf("no lab is called %q; `regionfall status` shows those that are up", only)}
	case only != "" || everything || len(names) == 0:
		return names, nil
	case ask == nil:
		return nil, badInput{fmt.Errorf("%s: name one with --lab, or remove every lab on the engine with --all",
			areUp(names))}
	case !ask(areUp(names) + ": remove them?"):
		return nil, badInput{errors.New("nothing is removed")}
	}
	return names, nil
}

func areUp(names []string) string {
	if len(names) == 1 {
		return "lab " + names[0] + " is up"
	}
	return "labs " + strings.Join(names, ", ") + " are up"
}

// agrees asks a person. Only a yes is one.
func agrees(ctx context.Context, in io.Reader, out io.Writer, question string) bool {
	_, _ = fmt.Fprintf(out, "%s [y/N] ", question)
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(in).ReadString('\n')
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case said := <-answer:
		return said == "y" || said == "yes"
	case <-ctx.Done():
		return false
	}
}

// removed says what was.
func removed(names []string) string {
	if len(names) == 0 {
		return "no lab of yours is up: there is nothing to remove"
	}
	return fmt.Sprintf("removed %s; nothing is left", strings.Join(names, ", "))
}

func (a *app) remove(ctx context.Context, e *lab.Engine, names []string) error {
	var errs []error
	for _, name := range names {
		left, err := lab.Remove(ctx, e, name)
		if err == nil && left > 0 {
			err = fmt.Errorf("remove lab %s: the engine failed to remove %d resources: run it again, and if that "+
				"does not help restart the engine", name, left)
		}
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	a.say("%s", removed(names))
	return nil
}
