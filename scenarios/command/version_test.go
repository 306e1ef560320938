package command

import (
	"runtime"
	"testing"
)

func TestTheProgramSaysWhichBuildItIs(t *testing.T) {
	regionfall(t, "version").want(t, exitPass, "regionfall no version", runtime.Version()+" "+runtime.GOOS)
	regionfall(t, "version", "now").want(t, exitBadInput)
}
