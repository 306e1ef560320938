package scenarios

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/regionfall/regionfall/scenarios/drill"
	"github.com/regionfall/regionfall/scenarios/file"
)

// Describe writes the scenario for people: the story, then the plan with each time as the file has it and as the lab
// will see it.
func (s *Scenario) Describe(w io.Writer) error {
	plan, err := s.Compile()
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\n", plan.Name, plan.Summary)
	if story := strings.TrimSpace(plan.Story); story != "" {
		fmt.Fprintf(&b, "%s\n\n", story)
	}
	fmt.Fprintf(&b, "One lab second stands for %s. Once the lab is up, the drill takes at most %s and must end %s.\n\n",
		file.Short(time.Duration(plan.Timescale*float64(time.Second))), file.Short(longestDrill(plan)), s.Info().Expect)
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	d := table{w: t, plan: plan}
	d.topology()
	d.schedule()
	d.steps()
	d.objectives()
	if err := t.Flush(); err != nil {
		return err
	}
	for _, w := range s.Warnings() {
		fmt.Fprintf(&b, "\nwarning: %v\n", w)
	}
	for line := range strings.Lines(b.String()) { // the tabwriter pads cells that are empty
		if _, err := fmt.Fprintln(w, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}

// table writes rows of what, real time and lab time. Each part of the format writes its own.
type table struct {
	w    io.Writer // of a strings.Builder: never fails
	plan drill.Plan
}

func (d table) row(what, realTime, labTime string) {
	_, _ = fmt.Fprintf(d.w, "%s\t%s\t%s\n", what, realTime, labTime)
}

// scheduled is a time that the timescale divides.
func (d table) scheduled(what string, lab time.Duration) {
	d.row(what, file.Short(time.Duration(float64(lab)*d.plan.Timescale).Round(time.Second)), file.Short(lab))
}
