package command

import "testing"

func TestSettingsAreShownAndRepeated(t *testing.T) {
	const outage = "kyc-region-outage"
	regionfall(t, "show", outage, "--set", "topology.commit=remote", "--set", "timescale=120").want(t, exitPass,
		"One lab second stands for 2m.", "remote")
	regionfall(t, "show", outage, "--set", "topology.comit=remote").want(t, exitBadInput, `did you mean "commit"`)
	regionfall(t, "run", outage, "--set", "timescale").want(t, exitBadInput, "is no setting: write a key")
	f := runFlags{settings: []string{"timescale=120", "steps[0].at=20m", "name=it's"}}
	f.images.source, f.images.aws = "auto", "auto"
	got := repeatArgs(outage, f)
	if want := outage + ` --set timescale=120 --set 'steps[0].at=20m' --set 'name=it'\''s'`; got != want {
		t.Errorf("to repeat it: %s, want %s", got, want)
	}
}
