package workload

import (
	"fmt"
	"slices"

	"github.com/regionfall/regionfall/scenarios/app"
	"github.com/regionfall/regionfall/scenarios/history"
)

// Of is the protocol of an app, as its file says: HTTP, or what its stores speak where clients go past it. PostgreSQL
// knows them by the login.
func Of(a *app.App, l Login) Protocol { return appProtocol{a, l} }

type appProtocol struct {
	app   *app.App
	login Login
}

func (p appProtocol) Make(op Operation) Message {
	values := app.Values{ID: op.ID, Prefix: op.Prefix, Number: op.Number}
	if op.Kind == history.Read {
		if p.app.Read() == nil {
			return nil
		}
		if n, known := op.written(); known {
			values.Drawn = p.app.Draw(op.Seed, n)
		}
		return p.message(op.Kind, p.app.Read(), values)
	}
	values.Drawn = p.app.Draw(op.Seed, op.Number)
	write := p.app.Write()
	if len(write) == 1 {
		return p.message(op.Kind, write[0], values)
	}
	var m *httpPart
	for i, o := range slices.Backward(write) {
		m = &httpPart{p.httpMessageOf(o, values), m, fmt.Sprintf("request %d of %d", i+1, len(write))}
	}
	return m
}

func (p appProtocol) Setup(prefix string, client int) []Message {
	var all []Message
	for _, o := range p.app.Setup() {
		all = append(all, p.httpMessageOf(o, app.Values{Prefix: prefix, Number: int64(client) + 1}))
	}
	return all
}

func (p appProtocol) message(kind history.Kind, o *app.Operation, v app.Values) Message {
	switch o.To {
	case app.ToPostgres:
		return &sqlMessage{kind: kind, statement: o.Statement(v), login: p.login}
	case app.ToRedis:
		return &redisMessage{kind: kind, words: o.Command(v)}
	default:
		return p.httpMessageOf(o, v)
	}
}
