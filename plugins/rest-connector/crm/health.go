package crm

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/plugins/rest-connector/mapping"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/expr"
	"github.com/patchbay-im/patchbay/sdk/instance"
)

// idle is how long the outcome of the last request speaks for an instance: far
// sides count requests, so a connection that is used is not asked for its
// health, and neither is one whose credentials were refused.
const idle = 5 * time.Minute

// CheckHealth says how the last request went, or makes one when that is long ago.
func (c *Connector) CheckHealth(ctx context.Context, req instance.CheckHealthRequest) (instance.CheckHealthResponse, error) {
	e, err := c.engine(req.Instance)
	if err != nil {
		return instance.CheckHealthResponse{}, err
	}
	e.mu.Lock()
	last, at := e.last, e.at
	e.mu.Unlock()
	if at.IsZero() || last != nil && !isAuth(last) || c.Now().Sub(at) > idle {
		last = e.probe(ctx)
	}
	return instance.CheckHealthResponse{Health: health(last)}, nil
}

func health(err error) instance.Health {
	switch {
	case err == nil:
		return instance.Health{State: instance.OK}
	case isRateLimited(err):
		return instance.Health{State: instance.Degraded, Code: errs.CodeRateLimited, Detail: errs.As(err).Detail}
	default:
		return instance.Health{State: instance.Down, Code: errs.As(err).Code, Detail: errs.As(err).Detail}
	}
}

// nobody is an address that no customer has (RFC 2606).
const nobody = "nobody@patchbay.invalid"

// probe signs in and looks nobody up.
func (e *engine) probe(ctx context.Context) error {
	r, values := e.harmless()
	if r == nil {
		return nil
	}
	_, err := e.do(ctx, r, values)
	return err
}

// harmless returns a request that changes nothing and finds nothing; nil when
// the mapping has none.
func (e *engine) harmless() (*mapping.Request, expr.Scope) {
	for i := range e.mapping.Objects {
		o := &e.mapping.Objects[i]
		for j := range o.Lookup {
			r := &o.Lookup[j]
			if r.Uses("email") || r.Uses("emails") {
				return r, expr.Scope{"email": nobody, "emails": []any{nobody}, "limit": 1}
			}
		}
	}
	for i := range e.mapping.Objects {
		o := &e.mapping.Objects[i]
		if o.Search != nil {
			return o.Search, expr.Scope{"query": nobody, "limit": 1}
		}
		if len(o.Lookup) > 0 {
			values := e.phone("+10000000000")
			values["phones"], values["external_id"], values["external_ids"], values["limit"] = []any{values["phone"]}, "0", []any{"0"}, 1
			return &o.Lookup[0], values
		}
	}
	return nil, nil
}

// ValidateConfig judges a configuration: the mapping word by word, and with
// Probe also whether the far side lets us in and answers a lookup.
func (c *Connector) ValidateConfig(ctx context.Context, req instance.ValidateConfigRequest) (instance.ValidateConfigResponse, error) {
	var set config
	if err := req.Decode(&set); err != nil {
		return instance.ValidateConfigResponse{Problems: []instance.Problem{{Message: "The configuration is not what the form makes: " + err.Error()}}}, nil //nolint:nilerr // told as a problem
	}
	e, problems := c.build(set, instance.Instance{Config: req.Config, Secrets: req.Secrets})
	if len(problems) > 0 || !req.Probe {
		return instance.ValidateConfigResponse{Problems: problems}, nil
	}
	if err := e.probe(ctx); err != nil {
		problems = append(problems, told(e.mapping, set, e.client.Host(), req.Locale, err))
	}
	return instance.ValidateConfigResponse{Problems: problems}, nil
}
