package command

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/regionfall/regionfall/scenarios/evidence"
	"github.com/regionfall/regionfall/scenarios/evidence/seal"
)

func (a *app) evidenceCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "evidence", Short: "Seal the evidence of drills, and verify that nothing was changed",
		Example: `  regionfall evidence seal out/20260801-120000-kyc-region-outage
  regionfall evidence verify out/20260801-120000-kyc-region-outage`,
		Args: cobra.NoArgs,
	}
	cmd.AddCommand(a.sealCommand(), a.verifyCommand())
	return cmd
}

func (a *app) sealCommand() *cobra.Command {
	var key string
	cmd := &cobra.Command{
		Use: "seal DIR…", Short: "Write down the checksum of every file of an evidence folder",
		Long: `Writes SHA256SUMS, which "sha256sum -c" reads, with a line for every file of the folder. With --key
ssh-keygen signs it. A seal without a signature shows what changed by accident: who alters a file
may alter the list as well, and only a signature tells.

What people have to say comes after that, with attest: it is in files of their own, and the seal
stays as it is.`,
		Example: "  regionfall evidence seal out/20260801-120000-kyc-region-outage --key ~/.ssh/id_ed25519",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, dirs []string) error {
			for _, dir := range dirs {
				if _, err := evidence.ReadResult(dir); err != nil {
					return badInput{err}
				}
			}
			for _, dir := range dirs {
				files, err := seal.Seal(dir)
				if errors.Is(err, seal.ErrSealed) {
					return badInput{err}
				}
				if err != nil {
					return err
				}
				a.say("%s is sealed: %d files", dir, files)
				if err := a.sign(cmd.Context(), filepath.Join(dir, seal.FileSums), key); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&key, "key", "",
		"an SSH key to sign it with: the private one, or the public one of which an agent has the other")
	return cmd
}

// sign has a file signed, if there is a key.
func (a *app) sign(ctx context.Context, file, key string) error {
	if key == "" {
		return nil
	}
	if err := seal.Sign(ctx, file, key); err != nil {
		return err
	}
	a.say("%s is signed", file)
	return nil
}

// verified is what is told of a folder as JSON.
type verified struct {
	Dir    string `json:"dir"`
	Intact bool   `json:"intact"`
	seal.Findings
}

func (a *app) verifyCommand() *cobra.Command {
	var allowed string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "verify DIR…", Short: "Find what was changed in sealed evidence",
		Long: `Compares each file with its checksum, and has ssh-keygen verify the signatures. The exit code is 10
where anything was altered, is missing or came in addition, and where a signature is not good.

With --allowed-signers the seal, and what was attested, has to be signed by somebody in that file,
which is as ssh-keygen(1) has it: a line is "alice@example.com ssh-ed25519 AAAA…". Without it a
signature is held against its own key only, and anybody may have made it.`,
		Example: "  regionfall evidence verify out/20260801-120000-kyc-region-outage --allowed-signers signers",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, dirs []string) error {
			var all []verified
			bad := false
			for _, dir := range dirs {
				found, err := seal.Verify(dir)
				if err != nil {
					return badInput{err}
				}
				if found.Signatures, err = seal.CheckSignatures(cmd.Context(), dir, allowed); err != nil {
					return err
				}
				all = append(all, verified{dir, found.Intact(), found})
				bad = bad || !found.Intact()
			}
			if asJSON {
				e := json.NewEncoder(a.stdout)
				e.SetIndent("", "  ")
				if err := e.Encode(all); err != nil {
					return err
				}
			} else {
				for _, v := range all {
					a.sayVerified(v)
				}
			}
			if bad {
				return verdictError(exitFail)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&allowed, "allowed-signers", "", "a file of those who may sign, as ssh-keygen reads it")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a list with what was found in each folder")
	return cmd
}

func (a *app) sayVerified(v verified) {
	for _, found := range []struct {
		what  string
		names []string
	}{{"altered", v.Altered}, {"missing", v.Missing}, {"not sealed", v.Added}} {
		for _, name := range found.names {
			a.say("%s: %s: %s", v.Dir, found.what, name)
		}
	}
	for _, said := range v.Broken {
		a.say("%s: %s", v.Dir, said)
	}
	for _, s := range v.Signatures {
		if !s.Good {
			a.say("%s: %s: %s", v.Dir, s.File, s.Said)
		}
	}
	if !v.Intact {
		return
	}
	var signed []string
	for _, s := range v.Signatures {
		signed = append(signed, s.File+": "+s.Said)
	}
	if len(signed) == 0 {
		signed = []string{"it is not signed"}
	}
	a.say("%s: %d files are as they were sealed; %s", v.Dir, v.Files, strings.Join(signed, "; "))
}

func (a *app) attestCommand() *cobra.Command {
	var said seal.Attestation
	var key string
	cmd := &cobra.Command{
		Use: "attest DIR", Short: "Add who led a drill, who approved of it, and notes, to its sealed evidence",
		Long: `Writes attestation-1.json, or the next number, beside the seal, which stays as it is: it says of
which seal it is. With --key it is signed by itself, so that whoever attests signs what they said.`,
		Example: `  regionfall attest out/20260801-120000-kyc-region-outage --led-by "A. Lovelace"
  regionfall attest out/20260801-120000-kyc-region-outage --led-by "A. Lovelace" --note "see CHG-1815"`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := args[0]
			r, err := evidence.ReadResult(dir)
			if err != nil {
				return badInput{err}
			}
			if strings.TrimSpace(said.LedBy) == "" {
				return badInput{errors.New("nobody is said to have led it: give --led-by \"A. Lovelace\"")}
			}
			found, err := seal.Verify(dir)
			if err != nil {
				return badInput{err}
			}
			if !found.Intact() {
				return badInput{errors.New(dir + " was changed since it was sealed: see regionfall evidence verify")}
			}
			said.At = time.Now().UTC().Truncate(time.Second)
			said.Drill = r.Scenario.Name
			if r.Began != nil {
				said.Drill += ", " + r.Began.UTC().Format(time.RFC3339)
			}
			path, err := seal.Attest(dir, said)
			if err != nil {
				return err
			}
			a.say("%s is written", path)
			return a.sign(cmd.Context(), path, key)
		},
	}
	cmd.Flags().StringVar(&said.LedBy, "led-by", "", "who led the drill")
	cmd.Flags().StringVar(&said.ApprovedBy, "approved-by", "", "who approved of it before it was run")
	cmd.Flags().StringArrayVar(&said.Notes, "note", nil, "what else is to be said; may be given more than once")
	cmd.Flags().StringVar(&key, "key", "", "an SSH key to sign it with")
	return cmd
}
