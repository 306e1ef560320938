package command

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/engine"
)

// check is a line of doctor's page.
type check struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"` // what was found
	Remedy string `json:"remedy"` // what to do about it; empty for nothing
}

func (c check) String() string {
	verdict := "ok: "
	if !c.OK {
		verdict = "NOT OK: "
	}
	line := fmt.Sprintf("%-10s %s%s", c.Name, verdict, c.Detail)
	if c.Remedy != "" {
		line += "; " + c.Remedy
	}
	return line
}

// What a lab needs. At rest one of two regions takes a third of a GiB, and half again for each region more; under load,
// and for what the kernel keeps of its files, several times that.
const (
	leastAPI    = "1.41"
	leastCPUs   = 2
	twoRegions  = 2 << 30 // bytes of memory
	threeNeed   = 3 << 30
	tempNeeds   = 1 << 30 // to build images
	imagesNeed  = 4 << 30 // all of them, and the layers in between
	labNeeds    = 1 << 30 // with the images there
	clocksApart = time.Second
)

// diagnose makes the page of what was found out. Every line is there whatever is wrong.
func diagnose(m machine) []check {
	checks := []check{
		m.goLine(),
		m.temporary(),
	}
	if m.engineErr != nil {
		checks = append(checks, noEngine(m.engineErr))
		for _, name := range []string{"machine", "size", "disk", "networks", "images", "clock", "ports", "leftovers"} {
			checks = append(checks, check{name, false, "not known while no engine answers", ""})
		}
		return checks
	}
	return append(checks, m.engineLine(), m.machineLine(), m.size(), m.diskLine(), m.networksLine(), m.imagesLine(),
		m.clock(), m.portsLine(), m.leftovers())
}

// noEngine says what is wrong and what to do.
func noEngine(err error) check {
	var p *engine.Problem
	if errors.As(err, &p) {
		return check{"engine", false, p.What(), p.Remedy}
	}
	return check{"engine", false, err.Error(), "start it again, or name another in DOCKER_HOST"}
}

// goLine is about a tool that few need. The line of images says so where it is missed.
func (m machine) goLine() check {
	if m.goErr != nil {
		return check{"go", true, "it does not run; only apps with build: {go: …} and S3 from packages want it", ""}
	}
	return check{"go", true, m.goVersion, ""}
}

func (m machine) temporary() check {
	switch {
	case m.tempErr != nil:
		return check{
			"temp", false, m.tempErr.Error(),
			"make room for temporary files, or name another folder in TMPDIR",
		}
	case m.tempFree < tempNeeds:
		return check{"temp", false, fmt.Sprintf("%s free in %s", gib(m.tempFree), m.temp), "free " + gib(tempNeeds) +
			", or name another folder in TMPDIR"}
	}
	return check{"temp", true, fmt.Sprintf("%s free in %s", gib(m.tempFree), m.temp), ""}
}

func (m machine) engineLine() check {
	f := m.engine
	c := check{"engine", true, fmt.Sprintf("%s %s at %s (%s), API %s, storage %s",
		m.about.Product, m.about.Version, m.place.Address, m.place.Why(), m.about.API, f.Driver), ""}
	if f.Rootless {
		c.Detail += ", rootless"
	}
	if m.disregarded != "" {
		c.Detail += ", and not " + m.disregarded
	}
	if !f.Limits {
		c.Detail += ", which can't limit processes: a node may run as many as it likes"
	}
	if !atLeast(m.about.API, leastAPI) {
		c.OK, c.Remedy = false, "API "+leastAPI+" (docker 20.10) or newer is needed: update it"
	}
	return c
}

// atLeast compares versions such as 1.41, number by number.
func atLeast(version, least string) bool {
	have, want := strings.Split(version, "."), strings.Split(least, ".")
	for i, w := range want {
		if i >= len(have) {
			return false
		}
		h, herr := strconv.Atoi(have[i])
		n, _ := strconv.Atoi(w)
		if herr != nil || h < n {
			return false
		}
		if h > n {
			return true
		}
	}
	return true
}

func (m machine) machineLine() check {
	here, there := m.os+"/"+m.arch, m.engine.OS+"/"+m.engine.Arch
	switch {
	case m.engine.OS != "linux":
		return check{"machine", false, "the engine runs " + there + " containers", "switch it to Linux containers"}
	case m.arch != m.engine.Arch:
		return check{"machine", true, fmt.Sprintf("this one is %s, the engine's is %s: nodes run a build for that",
			here, there), ""}
	}
	return check{"machine", true, fmt.Sprintf("this one is %s, the engine's is %s", here, there), ""}
}

func (m machine) size() check {
	c := check{
		"size", true,
		fmt.Sprintf("%d processors and %s for containers; two regions need %d and %s, three %d and %s",
			m.engine.CPUs, gib(m.engine.Memory), leastCPUs, gib(twoRegions), leastCPUs, gib(threeNeed)), "",
	}
	if m.engine.CPUs < leastCPUs || m.engine.Memory < twoRegions {
		c.OK, c.Remedy = false, "give the engine more"
	}
	return c
}

func (m machine) diskLine() check {
	d, needs := m.disk, int64(imagesNeed)
	if m.images.Here {
		needs = labNeeds
	}
	images := fmt.Sprintf("images take %s, of which no container uses %s", gib(d.used), gib(d.unused))
	if d.err != nil {
		images = d.err.Error()
	}
	switch {
	case !d.seen:
		return check{
			"disk", true, "the engine does not tell what is free where it keeps its data; " + images,
			"see that it has " + gib(needs),
		}
	case d.free < needs:
		return check{
			"disk", false, fmt.Sprintf("%s free where the engine keeps its data; %s", gib(d.free), images),
			"free " + gib(needs) + ": `docker system prune` removes what no container uses",
		}
	}
	return check{"disk", true, gib(d.free) + " free where the engine keeps its data", ""}
}

// networksLine counts what labs take of the engine's address pools.
func (m machine) networksLine() check {
	two, three := lab.Networks(2), lab.Networks(3)
	needs := fmt.Sprintf("a lab of two regions takes %d, of three %d", two, three)
	switch {
	case m.poolsErr != nil:
		return check{"networks", false, m.poolsErr.Error(), "fix that, and run this again"}
	case !m.networks.Limited:
		return check{"networks", true, "as many as are wanted; " + needs, ""}
	}
	c := check{
		"networks", true, fmt.Sprintf("the engine has address pools for %d more; %s", m.networks.Left, needs),
		"",
	}
	if !m.networks.Fit(two) {
		c.OK, c.Remedy = false,
			"remove those that nobody uses with `docker network prune`, or give the engine more (default-address-pools)"
	}
	return c
}

func (m machine) imagesLine() check {
	o := m.images
	from := fmt.Sprintf("from %s: %s; %s", o.Source, o.Reason, o.Serves)
	switch {
	case m.imagesErr != nil:
		return check{
			"images", false, m.imagesErr.Error(),
			"fix that, or name a source: regionfall images --source",
		}
	case o.Lacks != nil:
		return check{"images", false, from, o.Lacks.Error()}
	case o.Here:
		return check{"images", true, from, ""}
	default:
		return check{
			"images", true, from + "; they are not here yet",
			"the first `regionfall images` takes some minutes, later ones a second",
		}
	}
}

// clock compares clocks: logs are read side by side, and S3 refuses what is signed at another time. Containers have the
// engine's clock.
func (m machine) clock() check {
	apart, sure := m.engine.Clock, m.engine.ClockSure
	detail := fmt.Sprintf("the engine's differs from this machine's by %d ms, give or take %d ms", apart.Milliseconds(),
		sure.Milliseconds()+1)
	if apart.Abs()-sure > clocksApart {
		return check{
			"clock", false, detail,
			"let both keep time (NTP); a virtual machine's clock stops while the machine sleeps: restart it",
		}
	}
	return check{"clock", true, detail, ""}
}

func (m machine) portsLine() check {
	switch {
	case m.ports.Local:
		return check{"ports", true, "published on loopback only (" + m.ports.Host + ")", ""}
	case !m.ports.Exposed:
		return check{"ports", true, "published on " + m.ports.Host +
			" only, where this container reaches the engine's machine", ""}
	}
	return check{
		"ports", true, "published on all addresses of " + m.ports.Host + ", since the engine is remote",
		"whoever reaches that machine reaches the lab: keep it behind a firewall",
	}
}

// leftovers are labs that nobody holds any more. Only one that can be neither used nor swept has to be seen to by a
// person.
func (m machine) leftovers() check {
	if m.labsErr != nil {
		return check{"leftovers", false, m.labsErr.Error(), "fix that, and run this again"}
	}
	if len(m.labs) == 0 {
		return check{"leftovers", true, "none, and no lab is up", ""}
	}
	c := check{"leftovers", true, "", ""}
	var lines []string
	for _, l := range m.labs {
		what := fate(l)
		if l.Mine && l.Kept && !l.Hub {
			what = "is broken: it has no hub"
			c.OK, c.Remedy = false, "remove it with `regionfall down`"
		}
		lines = append(lines, fmt.Sprintf("lab %s %s (%d containers, %d networks, %d volumes)", l.Name, what,
			l.Containers, l.Networks, l.Volumes))
	}
	c.Detail = strings.Join(lines, "; ")
	return c
}

func fate(l lab.Remains) string {
	switch {
	case !l.Mine:
		return "belongs to another machine"
	case l.Dead:
		return "has lost its owner, and the next command removes it"
	case l.Kept:
		return "was kept, until `regionfall down`"
	case !l.Hub:
		return "is coming up, or going"
	default:
		return "is in use"
	}
}

func gib(n int64) string { return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30)) }
