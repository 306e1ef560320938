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
	Why     string `json:"-"`   // why it is that one, in half a sentence
	Product string `json:"product"`
	Version string `json:"version"`
	API     string `json:"api"`
	Storage string `json:"storage"` // the storage driver
	Data    string `json:"data"`    // the folder, on the engine's machine
}

// FindStatus says which engine answers. Its error is a *Problem, or the context's.
func FindStatus(ctx context.Context) (Status, error) {
	e, err := Find(ctx)
	if err != nil {
		return Status{}, err
	}
	defer e.Close()
	ctx, cancel := context.WithTimeout(ctx, answersWithin)
	defer cancel()
	i, err := e.Client.Info(ctx, client.InfoOptions{})
	if err != nil {
		return Status{}, fmt.Errorf("ask the engine about its machine: %w", err)
	}
	return Status{
		Address: e.Address, By: e.By, Own: e.Own, Why: e.Why(), Product: e.About.Product, Version: e.About.Version,
		API:     e.About.API,
		Storage: i.Info.Driver, Data: i.Info.DockerRootDir,
	}, nil
}
