package engine

import (
	"context"
	"fmt"

	"github.com/moby/moby/client"
)

// Status is an engine that answers, for people.
type Status struct {
	Address string `json:"address"`
	By      string `json:"by"`  // which part of the rule names it
	Own     bool   `json:"own"` // `regionfall engine start` started it
	Version string `json:"version"`
	API     string `json:"api"`
	Storage string `json:"storage"` // the storage driver
	Data    string `json:"data"`    // the folder, on the engine's machine
}

// Look says which engine answers. Its error is a *Problem, or the context's.
func Look(ctx context.Context) (Status, error) {
	e, err := Find(ctx)
	if err != nil {
		return Status{}, err
	}
	defer e.Close()
	ctx, cancel := context.WithTimeout(ctx, answersWithin)
	defer cancel()
	v, err := e.Client.ServerVersion(ctx, client.ServerVersionOptions{})
	if err != nil {
		return Status{}, fmt.Errorf("ask the engine for its version: %w", err)
	}
	i, err := e.Client.Info(ctx, client.InfoOptions{})
	if err != nil {
		return Status{}, fmt.Errorf("ask the engine about its machine: %w", err)
	}
	return Status{
		Address: e.Address, By: e.By, Own: e.Own, Version: v.Version, API: v.APIVersion, Storage: i.Info.Driver, Data: i.Info.DockerRootDir,
	}, nil
}
