package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/wire"
)

// missedBody is an event that a connection was not told.
type missedBody struct {
	Use    string    `json:"use" enum:"hook,analyzer" doc:"What the connection is told events for."`
	Feed   uint64    `json:"feed" doc:"Its number in the workspace's feed."`
	Event  string    `json:"event_id"`
	Type   string    `json:"type"`
	Code   string    `json:"code" doc:"Why not."`
	Detail string    `json:"detail,omitempty"`
	At     time.Time `json:"at" doc:"When it was given up."`
}

func (s *Server) skippedRoutes() {
	member(s, huma.Operation{
		Method: http.MethodGet, Path: apiPrefix + "/workspaces/{workspace}/connections/{connection}/skipped", Summary: "List the events that a connection was not told",
		Description: "The plugin refused them, or failed at them over and over. The newest come first; at most 200 are kept for each use.", Tags: []string{"plugins"},
	}, identity.PluginRead, s.listSkipped)
}

func (s *Server) listSkipped(ctx context.Context, scope identity.Scope, in *ConnectionPath) (*body[list[missedBody]], error) {
	c, err := s.Connections.Get(ctx, scope, in.id())
	if err != nil {
		return nil, err
	}
	all, err := s.Followings.Skipped(ctx, scope.Workspace, c.ID, 2*extension.MaxSkips)
	if err != nil {
		return nil, err
	}
	out := &body[list[missedBody]]{Body: list[missedBody]{Items: make([]missedBody, len(all))}}
	for i, k := range all {
		out.Body.Items[i] = missedBody{Use: string(k.Use), Feed: k.Feed, Event: k.Event, Type: k.Type, Code: k.Code, Detail: k.Detail, At: wire.Stamp(k.At)}
	}
	return out, nil
}
