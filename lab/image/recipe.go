package image

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/regionfall/regionfall/docker"
	"github.com/regionfall/regionfall/lab/topology"
)

// recipe is how an image is made: a folder of package docker, and what goes into the build beside it.
type recipe struct {
	name   string
	base   string // what ARG BASE is; empty for an image that starts from nothing
	args   map[string]string
	binary string   // a program in the folder's build context, by its name
	dirs   []string // directories in the build context, under root/, that anyone may write to
	inputs []string // what the tag depends on beyond all of these
	python bool     // it fetches Python packages
}

// pins are the images that the registry source builds on. The digests are of multi-platform indexes.
var pins = map[string]string{
	"postgres": "postgres:17.11-trixie@sha256:d74eeac9a635390a49bc21bd49fccd973de707e2a53a76ac49b552b8712ec46f",
	"redis":    "redis:8.8.1-trixie@sha256:c88d347edef6249a6d2293f926f1eeb48bd40c57cbcd02c07f52e7f1fd2cb46b",
	// for Dockerfiles of others
	baseImage: "debian:trixie-slim@sha256:a29215f6a35e51e22adffa17f89e9d2ef06214e64a2bad10d765c46aea49f11f",
	"aws":     "localstack/localstack:4.14.0@sha256:3ebc37595918b8accb852f8048fef2aff047d465167edd655528065b07bc364a",
}

// databases are the recipes of what is the same whatever serves S3 and DynamoDB; base is the bootstrapped image that
// Packages builds on.
func databases(source Source, base string) []recipe {
	on := func(name string) string {
		if source == Registry {
			return pins[name]
		}
		return base
	}
	return []recipe{
		{name: "postgres", base: on("postgres"), args: map[string]string{
			"SECRET": topology.Secret, "DATABASE": topology.Database, "SLOTS": strings.Join(topology.Slots(), " "),
		}},
		{name: "redis", base: on("redis")},
	}
}

// stores are the recipes of what serves S3 and DynamoDB.
func stores(p provider, base string) (rs []recipe) {
	port := strconv.Itoa(topology.PortAWS)
	all := map[string]recipe{
		"aws":        {base: pins["aws"]},
		"localstack": {base: base, python: true},
		"dynamodb":   {base: base},
		// The tag follows what the binary is compiled from: to see that nothing has changed must not take a
		// compilation, nor a compiler. The one that made this program is the one that is about, or was.
		"s3": {base: base, binary: "versitygw", inputs: []string{runtime.Version()}},
	}
	for _, name := range p.images() {
		r := all[name]
		r.name, r.args = name, map[string]string{"PORT": port}
		if name == "s3" {
			r.args["ACCESS_KEY"], r.args["SECRET"] = topology.AccessKey, topology.Secret
		}
		rs = append(rs, r)
	}
	return rs
}

// tag names the image of a recipe by the hash of all that goes into it. binary is the path of the program whose bytes
// count, or empty.
func (r recipe) tag(arch, binary string) (string, error) {
	h := sha256.New()
	put := func(parts ...string) {
		for _, p := range parts {
			_, _ = fmt.Fprintf(h, "%d:%s", len(p), p) // a hash takes every write; lengths keep parts apart
		}
	}
	put(r.name, arch, r.base)
	for _, k := range slices.Sorted(maps.Keys(r.args)) {
		put(k, r.args[k])
	}
	put(r.dirs...)
	put(r.inputs...)
	err := fs.WalkDir(docker.Files, r.name, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := docker.Files.ReadFile(path)
		put(path, string(data))
		return err
	})
	if err == nil && binary != "" {
		err = hashFile(h, binary)
	}
	if err != nil {
		return "", fmt.Errorf("hash the inputs of image %s: %w", r.name, err)
	}
	return "regionfall/" + r.name + ":" + hex.EncodeToString(h.Sum(nil))[:12], nil
}

func hashFile(w io.Writer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	_, err = io.Copy(w, f)
	return err
}
