package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/wire"
)

func (s *Server) figureRoutes() {
	member(s, huma.Operation{
		Method: http.MethodGet, Path: apiPrefix + "/workspaces/{workspace}/figures", Summary: "How work stands now, and went today", Tags: []string{"figures"},
		Description: "By queue and by member, as far as you reach: with a smaller reach, the queues of your teams and the members of those. " +
			"A figure that is not known is absent.",
	}, identity.ConversationSupervise, s.figures)
}

func (s *Server) figures(ctx context.Context, scope identity.Scope, _ *WorkspacePath) (*body[wire.Figures], error) {
	return asOne(wire.FiguresOf)(s.Figures.Get(ctx, scope))
}
