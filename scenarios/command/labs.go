package command

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/regionfall/regionfall/lab"
	"github.com/regionfall/regionfall/lab/image"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/scenarios"
)

func (a *app) upCommand() *cobra.Command {
	var from imageFlags
	cmd := &cobra.Command{
		Use: "up [TOPOLOGY or FILE]", Short: "Bring up a lab to explore by hand",
		Long: `Brings up a lab that stays until ` + "`regionfall down`" + `. Its endpoints are
printed as lines that a shell can take:
eval "$(regionfall up two-regions)". Time is real time: health checks and TTLs are those of the topology.

A topology is one of these, or a YAML file with the keys that a scenario has below topology:
` + strings.Join(topology.PresetNames(), ", ") + `.`,
		Example: "  regionfall up\n  regionfall up --aws localstack\n  regionfall up three-regions\n  regionfall up " +
			"./ours.yaml", Args: cobra.MaximumNArgs(1),
		ValidArgs: topology.PresetNames(),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := "two-regions"
			if len(args) == 1 {
				name = args[0]
			}
			t, err := scenarios.LoadTopology(name)
			if err != nil {
				return badInput{err}
			}
			wanted, err := from.options(t.AWS)
			if err != nil {
				return badInput{err}
			}
			t.AWS = wanted.AWS
			if err := a.sweep(cmd.Context()); err != nil {
				return err
			}
			began := time.Now()
			wanted.Progress = a.imageProgress(began)
			images, err := image.Ensure(cmd.Context(), wanted)
			if err != nil {
				return err
			}
			l, err := lab.Up(cmd.Context(), lab.Options{
				Topology: t, Images: images, Kept: true,
				Progress: func(s string) { a.tell("%s  %s", elapsed(began), s) },
			})
			if err != nil {
				return err
			}
			if err := l.Keep(); err != nil {
				return err
			}
			a.tell("%s  lab %s is up; end it with `regionfall down`", elapsed(began), l.Name)
			return a.endpoints(l)
		},
	}
	from.add(cmd)
	return cmd
}

// endpoints prints where the lab is reached, as environment variables.
func (a *app) endpoints(l *lab.Lab) error {
	a.say("export REGIONFALL_LAB=%s", l.Name)
	a.say("export REGIONFALL_DNS=%s  # dig @HOST -p PORT %s", l.Addresses().Resolver(), topology.RecordName)
	repository, err := l.Addresses().Repository()
	if err != nil {
		return err
	}
	a.say("export REGIONFALL_CONFIG=%s  # git clone it; what is pushed is delivered", repository)
	for i, r := range l.Topology().Regions {
		door, err := l.Addresses().Door(r.Name)
		if err != nil {
			return err
		}
		a.say("export REGION%d=%s", i+1, r.Name)
		a.say("export REGION%d_APP_URL=http://%s", i+1, door)
		stores := topology.Services(func(s topology.Traits) bool { return s.Crosses && s.Name != topology.ServiceApp })
		for _, s := range stores {
			tap, err := l.Addresses().Tap(s.Host(r.Name))
			if err != nil {
				return err
			}
			a.say("export REGION%d_%s_URL=%s", i+1, strings.ToUpper(string(s)), urlOf(s, tap))
		}
	}
	return nil
}

// urlOf is where somebody reaches a service.
func urlOf(s topology.Service, address string) string {
	switch speaks := s.Traits().Speaks; speaks {
	case topology.ProtocolSQL:
		return fmt.Sprintf("postgres://%s:%s@%s/%s", topology.DatabaseUser, topology.Secret, address, topology.Database)
	case topology.ProtocolAWS:
		return "http://" + address
	default:
		return string(speaks) + "://" + address
	}
}
