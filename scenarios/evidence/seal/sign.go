package seal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Namespace is what signatures are for: one that was made of something else is none of a seal.
const Namespace = "regionfall"

// Signature is what ssh-keygen says of the signature of a file.
type Signature struct {
	File string `json:"file"`
	Good bool   `json:"good"`
	// Signer is whose key it is by the list of those who may sign; empty where no list is given.
	Signer string `json:"signer,omitempty"`
	Said   string `json:"said"` // the key, or what is wrong
}

// Sign has ssh-keygen sign a file with a private key, or with one that an agent holds of which that is the public part.
// The signature is in a file beside it.
func Sign(ctx context.Context, file, key string) error {
	if _, err := os.Lstat(file + signature); err == nil {
		return fmt.Errorf("sign %s: %s is there already", file, filepath.Base(file+signature))
	}
	if _, err := keygen(ctx, nil, "-Y", "sign", "-n", Namespace, "-f", key, file); err != nil {
		return fmt.Errorf("sign %s: %w", file, err)
	}
	return nil
}

// CheckSignatures asks ssh-keygen about the signatures of a sealed folder. allowed is a file of those who may sign, as
// ssh-keygen reads it: where it is given the seal has to be signed, by one of them. Where it is not, a signature is
// only checked against its own key.
func CheckSignatures(ctx context.Context, dir, allowed string) ([]Signature, error) {
	names, err := Attestations(dir)
	if err != nil {
		return nil, err
	}
	var all []Signature
	for _, name := range append([]string{FileSums}, names...) {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		sig := filepath.Join(dir, name+signature)
		if _, err := os.Stat(sig); errors.Is(err, fs.ErrNotExist) {
			if allowed != "" {
				all = append(all, Signature{File: name, Said: "it is not signed"})
			}
			continue
		}
		one, err := check(ctx, data, sig, allowed)
		if err != nil {
			return nil, err
		}
		one.File = name
		all = append(all, one)
	}
	return all, nil
}

func check(ctx context.Context, data []byte, sig, allowed string) (s Signature, err error) {
	args := []string{"-Y", "check-novalidate", "-n", Namespace, "-s", sig}
	if allowed != "" {
		found, err := keygen(ctx, nil, "-Y", "find-principals", "-n", Namespace, "-f", allowed, "-s", sig)
		if refused := (*keygenError)(nil); errors.As(err, &refused) {
			return Signature{Said: "nobody who may sign has this key: " + refused.said}, nil
		} else if err != nil {
			return s, err
		}
		s.Signer, _, _ = strings.Cut(strings.TrimSpace(found), "\n")
		args = []string{"-Y", "verify", "-n", Namespace, "-f", allowed, "-I", s.Signer, "-s", sig}
	}
	said, err := keygen(ctx, data, args...)
	if refused := (*keygenError)(nil); errors.As(err, &refused) {
		return Signature{Said: refused.said}, nil
	}
	s.Good, s.Said = err == nil, strings.TrimSpace(said)
	return s, err
}

// keygenError is that ssh-keygen refused.
type keygenError struct{ said string }

func (e *keygenError) Error() string { return "ssh-keygen: " + e.said }

// keygen runs ssh-keygen, which asks a person for a passphrase by itself.
func keygen(ctx context.Context, in []byte, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "ssh-keygen", args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return "", errors.New("ssh-keygen is not on this machine: install OpenSSH (8.2 or later)")
	case errors.As(err, &exit) && ctx.Err() == nil:
		said := strings.Join(strings.Fields(errs.String()+" "+out.String()), " ")
		return "", &keygenError{said}
	}
	return out.String(), err
}
