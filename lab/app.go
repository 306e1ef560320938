package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/regionfall/regionfall/lab/node"
	"github.com/regionfall/regionfall/lab/plan"
)

// App is what the app nodes of every region run. The zero value is the sample app.
type App = plan.App

// AppEnv is what the placeholders of App.Env stand for.
type AppEnv = plan.AppEnv

// connect reaches the engine, and says everything that is wrong with the options before anything is started there.
func (o Options) connect(ctx context.Context) (*node.Engine, error) {
	engine, err := node.Connect(ctx)
	wrong := errors.Join(o.Topology.Validate(), o.App.Validate())
	if name := o.App.Image; err == nil && name != "" {
		has, err := engine.HasImage(ctx, name)
		if err == nil && !has {
			err = fmt.Errorf("app image: the engine has no %s: pull it (docker pull %s), build it, or let "+
				"image.BuildProgram make it", name, name)
		}
		wrong = errors.Join(wrong, err)
	}
	if wrong == nil {
		return engine, err
	}
	if err == nil {
		err = engine.Close()
	}
	return nil, fmt.Errorf("bring up a lab: %w", errors.Join(wrong, err))
}

// appOf reads the app from the label of a hub. Labs of before there was one have the sample app.
func appOf(label string) (App, error) {
	if label == "" {
		return App{}.Whole(), nil
	}
	var a App
	if err := json.Unmarshal([]byte(label), &a); err != nil {
		return App{}, fmt.Errorf("read what app it runs: %w", err)
	}
	return a, nil
}
