package main

import (
	"context"
	"sync"

	"github.com/patchbay-im/patchbay/plugins/webhook/traffic"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
)

// ValidateConfig implements instance.ConfigValidator. It posts nothing: the far
// side has no request that means nothing. With Probe it fetches a page, and takes
// nothing of it, and asks for the templates.
func (p *plugin) ValidateConfig(ctx context.Context, req instance.ValidateConfigRequest) (instance.ValidateConfigResponse, error) {
	var c config
	if err := req.Decode(&c); err != nil {
		return instance.ValidateConfigResponse{}, err
	}
	made, problems := planned(c, wordsIn(req.Locale))
	if len(problems) == 0 {
		made.in = instance.Instance{Config: req.Config, Secrets: req.Secrets}
		if _, err := p.http(made.in, 0); err != nil {
			problems = append(problems, instance.Problem{Pointer: "/url", Message: errs.As(err).Detail})
		}
	}
	if len(problems) == 0 && req.Probe && made.poll != nil {
		problems = p.probe(ctx, made, wordsIn(req.Locale))
	}
	if len(problems) == 0 && req.Probe && c.TemplatesURL != "" {
		problems = p.probeTemplates(ctx, made, wordsIn(req.Locale))
	}
	return instance.ValidateConfigResponse{Problems: problems}, nil
}

// Configure implements instance.Configurer.
func (p *plugin) Configure(_ context.Context, req instance.ConfigureRequest) (instance.ConfigureResponse, error) { //nolint:unparam // as the interface has it
	var c config
	if err := req.Instance.Decode(&c); err != nil {
		return instance.ConfigureResponse{}, err
	}
	made, problems := planned(c, wordsIn(req.Instance.Locale))
	if len(problems) > 0 {
		p.forget(req.Instance.ID)
		return instance.ConfigureResponse{}, errs.Reject("config_invalid", problems[0].Pointer+": "+problems[0].Message)
	}
	made.in, made.traffic = req.Instance, &traffic.Log{State: p.env.State(req.Instance.ID)}
	p.forget(req.Instance.ID)
	p.mu.Lock()
	p.plans[req.Instance.ID] = made
	if made.poll != nil {
		o := newPoller(p, made)
		p.pollers[req.Instance.ID] = o
		p.group.Go(leaseName, o.run)
	}
	p.mu.Unlock()
	return instance.ConfigureResponse{}, nil
}

// RemoveInstance implements instance.Remover.
func (p *plugin) RemoveInstance(_ context.Context, req instance.RemoveInstanceRequest) (instance.RemoveInstanceResponse, error) { //nolint:unparam // as the interface has it
	p.forget(req.Instance.ID)
	return instance.RemoveInstanceResponse{}, nil
}

// forget ends what fetches for an inbox, after the round in hand.
func (p *plugin) forget(id string) {
	p.mu.Lock()
	o := p.pollers[id]
	delete(p.plans, id)
	delete(p.pollers, id)
	p.mu.Unlock()
	if o != nil {
		o.end()
	}
}

// Drain implements instance.Drainer.
func (p *plugin) Drain(ctx context.Context, _ instance.DrainRequest) (instance.DrainResponse, error) { //nolint:unparam // as the interface has it
	return instance.DrainResponse{}, p.group.Stop(ctx)
}

// of returns the plan of an instance.
func (p *plugin) of(id string) (*plan, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if made := p.plans[id]; made != nil {
		return made, nil
	}
	return nil, errs.Unavailable(nil, "The inbox is not configured, or its configuration cannot be used.")
}

// health is what the last answer of the far side said of one way.
//
// Concurrency: safe for concurrent use.
type health struct {
	mu  sync.Mutex
	now instance.Health
}

func (h *health) saw(err error) {
	e := errs.As(err)
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case e == nil:
		h.now = instance.Health{}
	case e.Code == errs.CodeAuthExpired:
		h.now = instance.Health{State: instance.Down, Code: e.Code, Detail: e.Detail}
	case e.Source == errs.FarSide || e.Source == errs.InDoubt:
		h.now = instance.Health{State: instance.Degraded, Code: e.Code, Detail: e.Detail}
	}
}

func (h *health) set(now instance.Health) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = now
}

func (h *health) get() instance.Health {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

// worse returns the one of two that somebody must know first.
func worse(a, b instance.Health) instance.Health {
	rank := map[instance.State]int{instance.OK: 0, instance.Unknown: 1, instance.Degraded: 2, instance.Down: 3}
	if rank[b.State] > rank[a.State] {
		return b
	}
	return a
}

// CheckHealth implements instance.Checker.
func (p *plugin) CheckHealth(_ context.Context, req instance.CheckHealthRequest) (instance.CheckHealthResponse, error) {
	made, err := p.of(req.Instance.ID)
	if err != nil {
		return instance.CheckHealthResponse{}, err
	}
	return instance.CheckHealthResponse{Health: worse(made.fetched.get(), made.sent.get())}, nil
}
