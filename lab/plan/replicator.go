package plan

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/regionfall/regionfall/lab/api"
	"github.com/regionfall/regionfall/lab/topology"
)

// The replicators start after the repository, which they ask from their start on, since a hub that can't find it yet
// looks for seconds; and before the apps, which wait for the configuration that they bring along.
var replicator = Service{
	Name: topology.ServiceReplicator, Image: ownImage, Start: Asking, Own: true, Marks: true,
	tell: tellReplicator,
}

// replicateEvery is the pause between two passes of a replicator, for each other region: what it costs the stores on a
// small machine against how far behind it is. So a store is looked through as often in a lab of three regions as in one
// of two.
const replicateEvery = 250 * time.Millisecond

// scheduleFile is where a replicator keeps what has to outlive it.
const scheduleFile = "schedule.json"

func tellReplicator(p *Plan, n *Node) error {
	t := p.Topology
	// It brings the configuration along, before the app starts: whose image is the first to have the volume gives it
	// its mode, and anybody's app need not have the folder at all.
	data, err := json.MarshalIndent(p.config(n.Region), "", "  ")
	if err != nil {
		return fmt.Errorf("write the configuration of %s: %w", n.Region, err)
	}
	n.Files = map[string][]byte{topology.ConfigFile: data, topology.PublishedFile: data}
	n.Volumes = map[string]string{configDir: n.Region + "-config"}
	if p.supervised() {
		n.Volumes[programDir] = programVolume(n.Region)
	}
	c := api.ReplicatorConfig{
		Region: n.Region, Local: p.stores(n.Region, n.Region), Every: replicateEvery * time.Duration(len(t.Regions)-1),
		Repository: p.repository(n.Region), PublishedFile: topology.PublishedFile, ConfigFile: topology.ConfigFile,
		Objects: t.Objects.Mode == topology.Continuous, Items: t.Items.Mode == topology.Continuous,
		Versions: t.Objects.Versions, Locked: t.Objects.Locked,
		ObjectRules: t.Objects.Rules, ItemRules: t.Items.Rules,
	}
	if len(t.Rules()) > 0 {
		c.ScheduleFile = configDir + "/" + scheduleFile
	}
	for _, r := range t.Regions {
		if r.Name != n.Region {
			c.Sources = append(c.Sources, p.stores(n.Region, r.Name))
		}
	}
	return settle(n, c)
}

// stores are those of a region, as they are reached from another.
func (p *Plan) stores(from, region string) api.Stores {
	return api.Stores{
		Region: region, S3: p.endpoint(from, region, topology.ServiceS3),
		DynamoDB: p.endpoint(from, region, topology.ServiceDynamoDB),
	}
}
