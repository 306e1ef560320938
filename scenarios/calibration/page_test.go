package calibration

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"
	"text/template"
	"time"
)

var layout = template.Must(template.New("page").Parse(`# Calibration

How far can the figures of a drill be trusted? ` + "`make calibrate`" + ` plants truths in a service of its own, runs drills against it and compares what
comes out with what was planted. It wrote this page.

Everything on the way is real: the load over sockets of loopback, the Toxiproxy that cuts, swallows and resets, the recorder and its files, the clocks of
agents that are an hour off, the judge. Only the service is made up: it goes away and comes back at instants that were drawn beforehand, in nine
manners, forgets what it acknowledged after an instant, serves so many operations a second and no more, refers to the lost region for so long. Each drill
lasts 1.5 to 4 s and is drawn from its seed: outages of 90 to 650 ms, one or two of them; losses up to 500 ms old; 90 to 180 writes and as many reads a
second; faults that are known to within 0 to 60 ms.

{{range .Tables}}## {{.Title}}

{{.Drills}} drills, seeds {{.First}} to {{.Last}}, {{.Side}} at a time. {{.Machine}}

{{.Table}}
The truth of a recovery time is itself known to {{.Truth}}. {{.Strange}}

{{end}}## How to read it

- **Measured** counts figures: a drill of two outages has two recovery times, and a loss one in each store.
- **Truth inside**: the interval that the judge gives holds what was planted. What is planted is when requests arrive at the service from which they fare
  otherwise; the judge speaks of clients, for whom an operation belongs to the time at which it was due, and a write is acknowledged when they hear so. In
  between are the ways there and back, as the operations next to that instant took them. Of what a proxy did only the call is known by which it did it,
  and of a capacity whole operations are.
- **Bias** is the middle of the interval less the truth. Wanted is less than 5 ms in the median. It has none where one end of the interval is the truth
  by definition, as where nothing was lost.
- **Width** is the interval's: how much is left open. It comes from how well the fault is known, from the time between two operations (of the rarer kind,
  here 6 to 11 ms; 40 ms between two looks at a configuration), and on a busy machine from what an operation takes.
- **Run again** is a drill in which the machine did not let come true what was planted (the service was there, and an operation was not answered within
  250 ms), or of which the judge says itself that its machine was too slow to tell. It is tried four times at most.
- What is promised is judged by the whole interval: it passes when all of it is within the objective, and fails when all of it is beyond.

A drill is repeated by its seed: ` + "`make calibrate SEED=17`" + `. What it records is left in a folder by ` + "`make calibrate SEED=17 KEEP=out/calibration`" + `.

Made on {{.When}} on {{.Host}}.
`))

type section struct {
	Title, Table, Truth, Machine, Strange string
	Drills, Side                          int
	First, Last                           uint64
}

func writePage(path string, quiet, loaded *tally) error {
	side, err := strconv.Atoi(flag.Lookup("test.parallel").Value.String())
	if err != nil {
		return fmt.Errorf("how many run side by side: %w", err)
	}
	var tables []section
	for _, a := range []*tally{quiet, loaded} {
		s := section{
			Title: "On a machine that does nothing else", Table: a.table(), Drills: a.drills, Side: side, First: *first,
			Last: *first + uint64(a.drills) - 1, Machine: a.machine(), Truth: a.truth(), Strange: "Nothing was found that was not planted.", //nolint:gosec // not negative
		}
		if a.busy {
			s.Title = "With one of its cores kept busy"
		}
		if len(a.strange) > 0 {
			s.Strange = "Found, and not planted:\n\n- " + strings.Join(a.strange, "\n- ")
		}
		tables = append(tables, s)
	}
	var text bytes.Buffer
	err = layout.Execute(&text, map[string]any{
		"Tables": tables, "When": time.Now().UTC().Format(time.DateOnly),
		"Host": hostClass(),
	})
	if err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return os.WriteFile(path, text.Bytes(), 0o644)
}

// hostClass is what kind of machine this is, and not which.
func hostClass() string {
	memory := ""
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		var kB float64
		if _, err := fmt.Sscanf(string(text), "MemTotal: %f kB", &kB); err == nil {
			memory = fmt.Sprintf(", %.0f GB of memory", math.Round(kB/(1<<20)))
		}
	}
	return fmt.Sprintf("%d processors (%s/%s)%s, with %s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, memory,
		runtime.Version())
}
