package plan

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// ownImage has the program itself, which is what runs in the nodes that are the lab's own. Its argument says what as.
const ownImage = "regionfall"

// settle gives an agent its settings.
func settle(n *Node, settings any) error {
	var data strings.Builder
	e := json.NewEncoder(&data)
	e.SetEscapeHTML(false) // a variable holds so much, and files of an app have such characters
	if err := e.Encode(settings); err != nil {
		return fmt.Errorf("write its settings: %w", err)
	}
	n.Cmd, n.Env[topology.AgentConfigEnv] = []string{string(n.Service)}, strings.TrimSpace(data.String())
	return nil
}

var responder = Service{
	Name: topology.ServiceResponder, Image: ownImage, Start: Quick, Own: true,
	tell: func(_ *Plan,
		n *Node,
	) error {
		return settle(n, api.ResponderConfig{})
	},
}

// backup is the backup job, where the strategy has one.
var backup = Service{
	Name: topology.ServiceBackup, Image: ownImage, Start: Quick, Managed: true, Own: true, Marks: true,
	places: func(t topology.Topology, where string) []topology.Place {
		return one(topology.ServiceBackup, where, where == t.Home().Name && t.Strategy == topology.BackupRestore)
	},
	tell: func(p *Plan, n *Node) error {
		return settle(n, api.BackupConfig{
			Region: n.Region, Postgres: p.endpoint(n.Region, p.Topology.Home().Name, topology.ServicePostgres),
			Source: p.stores(n.Region, n.Region), Target: p.stores(n.Region, p.Topology.Standby().Name),
		})
	},
}

// repository is the Git repository of the configurations. A hub that can't find it yet looks for seconds: so it starts
// early.
var repository = Service{
	Name: topology.ServiceRepository, Image: ownImage, Start: Unaided, Managed: true, Own: true,
	tell: tellRepository,
}

func tellRepository(p *Plan, n *Node) error {
	n.Volumes = map[string]string{configDir: n.Name()}
	c := api.RepositoryConfig{Dir: topology.RepositoryDir}
	for _, r := range p.Topology.Regions {
		c.Documents = append(c.Documents, p.config(r.Name))
	}
	return settle(n, c)
}

// repository is where the configurations are, as seen from a region.
func (p *Plan) repository(from string) string {
	return "http://" + p.endpoint(from, topology.Global, topology.ServiceRepository).Address
}
