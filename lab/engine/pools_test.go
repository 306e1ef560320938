package engine

import (
	"net/netip"
	"testing"

	"github.com/regionfall/regionfall/lab/engine/enginetest"
)

func TestNetworksThatAreLeftAreCounted(t *testing.T) {
	prefixes := func(texts ...string) (all []netip.Prefix) {
		for _, text := range texts {
			all = append(all, netip.MustParsePrefix(text))
		}
		return all
	}
	small := []pool{{netip.MustParsePrefix("10.1.0.0/22"), 24}}
	for name, c := range map[string]struct {
		pools []pool
		taken []netip.Prefix
		want  int
	}{
		"all of docker's":          {usualPools, nil, 31},
		"the default bridge":       {usualPools, prefixes("172.17.0.0/16"), 30},
		"a small network of a big": {usualPools, prefixes("192.168.1.0/24"), 30},
		"one over many":            {usualPools, prefixes("172.16.0.0/12"), 16},
		"of elsewhere":             {usualPools, prefixes("10.0.0.0/8", "fd00::/64"), 31},
		"an administrator's":       {small, prefixes("10.1.1.0/24"), 3},
		"none":                     {small, prefixes("10.0.0.0/8"), 0},
		"pools that are none":      {[]pool{{netip.MustParsePrefix("10.1.0.0/22"), 20}}, nil, 0},
	} {
		if got := left(c.pools, c.taken); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestAnEngineIsAskedForItsPools(t *testing.T) {
	nobody(t)
	there := enginetest.Start(t)
	there.Info = map[string]any{"DefaultAddressPools": []map[string]any{{"Base": "198.18.0.0/22", "Size": 24}}}
	there.Has(enginetest.Thing{Kind: "network", Name: "n1", Subnet: "198.18.2.0/24"})
	t.Setenv("DOCKER_HOST", there.Address)
	ask := func() Networks {
		t.Helper()
		e, err := Find(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		n, err := e.Networks(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := ask(); n != (Networks{Left: 3, Limited: true}) || !n.Fit(3) || n.Fit(4) {
		t.Errorf("got %+v", n)
	}
	there.Podman = true
	if n := ask(); n.Limited || !n.Fit(1000) {
		t.Errorf("of Podman: %+v", n)
	}
}
