package app

import (
	"context"

	"github.com/patchbay-im/patchbay/core/httpapi"
	"github.com/patchbay-im/patchbay/core/machine"
	"github.com/patchbay-im/patchbay/core/system"
)

// operation is what whoever runs the installation asks the server for.
func (s *server) operation() httpapi.Operation {
	e := &examination{config: s.config, version: s.options.Version, file: s.options.ConfigFile, now: s.now, log: s.log, box: s.box}
	e.live = func(ctx context.Context) *system.Live {
		l := s.alive(ctx)
		return &l
	}
	p := &packing{examination: e, ring: s.ring, metrics: s.metrics}
	return httpapi.Operation{
		Pack:    func(ctx context.Context) ([]byte, error) { return p.Pack(ctx, system.Examined(e.Examine(ctx))) },
		Service: system.NewService(system.Deps{Examiner: e, Packer: p, Tenants: s.identity.Workspaces, Audit: s.audit, Now: s.now}),
		Passes:  e.passes(),
		Live:    s.alive,
	}
}

// alive is what only this process knows.
func (s *server) alive(context.Context) system.Live {
	out := system.Live{Version: s.options.Version, Started: s.started, Limits: machine.Limits()}
	for _, p := range s.plugins.Plugins() {
		out.Plugins = append(out.Plugins, pluginFact(p))
	}
	if s.certificate != nil {
		state := s.certificate.State()
		out.TLS, out.Expires = state.Fault, state.Expires
	}
	return out
}
