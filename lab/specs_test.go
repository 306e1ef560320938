package lab

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/regionfall/regionfall/lab/plan"

	"github.com/regionfall/regionfall/lab/image"
	"github.com/regionfall/regionfall/lab/link"
	"github.com/regionfall/regionfall/lab/node"
	"github.com/regionfall/regionfall/lab/topology"
	"github.com/regionfall/regionfall/lab/topology/topologytest"
)

// planned is a lab about to come up: its links are planned, and its hub publishes them at 127.0.0.1, 20000 higher.
func planned(t topology.Topology, aws string) *builder {
	return plannedWith(t, aws, App{})
}

// plannedWith is the same with an app of its own.
func plannedWith(t topology.Topology, aws string, app App) *builder {
	l := &Lab{Name: "ada", topology: t, published: map[string]string{}}
	registry := aws == "the registry's localstack"
	if registry {
		aws = "localstack"
	}
	set := image.Set{
		AWS: topology.AWS(aws), Images: map[string]image.Ref{},
		Servers: image.Serve(topology.AWS(aws), registry),
	}
	have := func(kind string) { set.Images[kind] = image.Ref{Name: "regionfall/" + kind + ":1"} }
	for _, s := range plan.Services() {
		if s.Image != "" {
			have(s.Image)
		}
	}
	for _, s := range set.Servers {
		have(s.Image)
	}
	b := &builder{Lab: l, options: Options{Topology: t, Images: set}, labels: map[string]string{node.LabelLab: "ada"}}
	l.plans(app, set.Together())
	for _, s := range l.plan.Paths {
		l.links = append(l.links, (&link.Hub{}).Link(s, nil))
		if s.Published() {
			l.published[fmt.Sprintf("%d/tcp", s.Port)] = fmt.Sprintf("127.0.0.1:%d", 20000+s.Port)
		}
	}
	return b
}

func specsOf(t *testing.T, b *builder) map[string]node.Spec {
	t.Helper()
	byName := map[string]node.Spec{}
	ids := map[string]bool{}
	for _, p := range plan.Places(b.topology) {
		if !b.plan.Hosts(p) {
			continue
		}
		n, err := b.plan.Node(p)
		if err != nil {
			t.Fatal(err)
		}
		s, err := b.spec(n)
		if err != nil {
			t.Fatal(err)
		}
		if byName[s.Name].Name != "" || ids[s.ID] {
			t.Errorf("%s (%s) is there twice", s.Name, s.ID)
		}
		byName[s.Name], ids[s.ID] = s, true
	}
	return byName
}

func TestEveryNodeIsLabelledAndFound(t *testing.T) {
	for name, top := range topologytest.All(t) {
		for _, aws := range []string{"packages", "localstack", "the registry's localstack"} {
			b := planned(top, aws)
			specs := specsOf(t, b)
			aliases := map[string]string{} // host name to node
			for _, s := range specs {
				want := map[string]string{
					node.LabelLab: "ada", node.LabelNode: s.Name, node.LabelRegion: s.Region,
					node.LabelService: string(s.Service),
				}
				for label, value := range want {
					if s.Labels[label] != value {
						t.Errorf("%s: %s: label %s is %q, want %q", name, s.Name, label, s.Labels[label], value)
					}
				}
				if s.Image == "" || s.ID != "regionfall-ada-"+s.Name ||
					!slices.Equal(s.Networks, []string{"regionfall-ada-" + s.Region}) {
					t.Errorf("%s: %+v", name, s)
				}
				for _, a := range s.Aliases {
					aliases[a] = s.Name
				}
			}
			// What the links lead to exists.
			for _, p := range b.plan.Paths {
				host, _, _ := strings.Cut(p.Upstream, ":")
				if aliases[host] == "" && (aws != "the registry's localstack" ||
					p.Service != topology.ServiceDynamoDB) {
					t.Errorf("%s: %s leads to %s, which no node is called", name, p.Name, host)
				}
			}
			for _, r := range top.Regions {
				if aliases[topology.ServiceDynamoDB.Host(r.Name)] == "" {
					t.Errorf("%s with %s: nobody serves items in %s", name, aws, r.Name)
				}
			}
		}
	}
}

func TestWhatIsKeptInMemoryIsVolatile(t *testing.T) {
	top, _ := topology.Preset("two-regions")
	for aws, want := range map[string]map[string]bool{
		"packages": {
			"s3.us-east-1": false, "dynamodb.us-east-1": true, "postgres.us-east-1": false,
			"app-1.us-east-1": false,
		},
		"localstack": {"s3.us-east-1": true, "dynamodb.us-east-1": true, "postgres.us-east-1": false},

		"the registry's localstack": {"s3.us-east-1": true, "postgres.us-east-1": false},
	} {
		specs := specsOf(t, planned(top, aws))
		for name, volatile := range want {
			s, ok := specs[name]
			if !ok || s.Volatile != volatile || s.Labels[node.LabelVolatile] != fmt.Sprint(volatile) {
				t.Errorf("with %s, %s: there %t, volatile %t, label %s", aws, name, ok, s.Volatile,
					s.Labels[node.LabelVolatile])
			}
		}
		if _, own := specs["dynamodb.us-east-1"]; own != (aws != "the registry's localstack") {
			t.Errorf("with %s, items have a node of their own: %t", aws, own)
		}
	}
}

func TestAMissingImageIsNamed(t *testing.T) {
	top, _ := topology.Preset("two-regions")
	b := planned(top, "packages")
	delete(b.options.Images.Images, "redis")
	n, err := b.plan.Node(topology.Place{Service: topology.ServiceRedis, Region: "us-east-1", Number: 1})
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.spec(n)
	if err == nil || !strings.Contains(err.Error(), `there is no image "redis"`) {
		t.Errorf("got %v", err)
	}
}
