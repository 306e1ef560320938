package command

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/regionfall/regionfall/scenarios/evidence"
)

func TestEvidenceIsSealedAndVerified(t *testing.T) {
	dir := drilled{}.folder(t)
	result := filepath.Join(dir, evidence.FileResult)
	regionfall(t, "evidence", "verify", dir).want(t, exitBadInput, "it is not sealed: SHA256SUMS is missing")
	regionfall(t, "attest", dir, "--led-by", "A. Lovelace").want(t, exitBadInput, "it is not sealed")
	regionfall(t, "evidence", "seal", t.TempDir()).want(t, exitBadInput, evidence.FileResult)
	regionfall(t, "evidence", "seal", dir).want(t, exitPass, dir+" is sealed: ")
	regionfall(t, "evidence", "seal", dir).want(t, exitBadInput, "it is sealed already")
	regionfall(t, "evidence", "verify", dir).want(t, exitPass, "files are as they were sealed; it is not signed")
	regionfall(t, "report", dir).want(t, exitBadInput, " is sealed, and what is rendered would change it")
	regionfall(t, "rejudge", dir).want(t, exitPass, "example: pass")

	regionfall(t, "attest", dir).want(t, exitBadInput, `give --led-by "A. Lovelace"`)
	regionfall(t, "attest", dir, "--led-by", "A. Lovelace", "--note", "one", "--note", "two").want(t, exitPass,
		filepath.Join(dir, "attestation-1.json")+" is written")
	regionfall(t, "evidence", "verify", dir).want(t, exitPass, "files are as they were sealed")

	data, err := os.ReadFile(result)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(result, data, 0o644); err != nil {
		t.Fatal(err)
	}
	regionfall(t, "evidence", "verify", dir).want(t, exitFail, dir+": altered: "+evidence.FileResult+"\n")
	var all []verified
	f := regionfall(t, "evidence", "verify", dir, "--json")
	f.code = exitPass
	decode(t, f, &all)
	if len(all) != 1 || all[0].Intact || len(all[0].Altered) != 1 {
		t.Errorf("JSON says %+v", all)
	}
}
