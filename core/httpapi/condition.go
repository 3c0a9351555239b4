package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
	"github.com/patchbay-im/patchbay/core/wire"
)

// conditionBody is how an account fares, by all that was said of it.
type conditionBody struct {
	State  string     `json:"state" enum:"unknown,ok,degraded,failing,credentials" doc:"failing: it does not work, and may again by itself. credentials: its far side has rejected its credentials several times over minutes; somebody must sign in again or correct them."`
	Code   string     `json:"code,omitempty" doc:"Why, stable."`
	Detail string     `json:"detail,omitempty" doc:"What its plugin says, for administrators."`
	Since  *time.Time `json:"since,omitempty" doc:"Of the state."`
	GoodAt *time.Time `json:"good_at,omitempty" doc:"When it was well last; while it is well: since when."`
}

// turnBody is one change of a condition.
type turnBody struct {
	At     time.Time `json:"at"`
	State  string    `json:"state" enum:"unknown,ok,degraded,failing,credentials"`
	Code   string    `json:"code,omitempty"`
	Detail string    `json:"detail,omitempty"`
}

// healthHistoryBody is how an account has fared.
type healthHistoryBody struct {
	Condition conditionBody `json:"condition"`
	Turns     []turnBody    `json:"turns" doc:"Its last changes, the newest first, at most 50."`
	Outage    *outageBody   `json:"outage,omitempty" doc:"The last time that it did not work for five minutes or more, of those in turns, if it works now: what came meanwhile may be missing."`
}

// outageBody is a time in which an account did not work.
type outageBody struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
}

func conditionOf(c instance.Condition) conditionBody {
	if c.State == "" {
		c.State = instance.ConditionUnknown
	}
	return conditionBody{State: string(c.State), Code: c.Code, Detail: c.Detail, Since: wire.StampOrNil(c.Since), GoodAt: wire.StampOrNil(c.GoodAt)}
}

func historyOf(c instance.Condition) *body[healthHistoryBody] {
	out := healthHistoryBody{Condition: conditionOf(c), Turns: make([]turnBody, len(c.Turns))}
	for i, t := range c.Turns {
		out.Turns[i] = turnBody{At: wire.Stamp(t.At), State: string(t.State), Code: t.Code, Detail: t.Detail}
	}
	if o, ok := c.Outage(); ok {
		out.Outage = &outageBody{From: wire.Stamp(o.From), Until: wire.Stamp(o.Until)}
	}
	return &body[healthHistoryBody]{Body: out}
}

func (s *Server) conditionRoutes() {
	base := apiPrefix + "/workspaces/{workspace}"
	member(s, huma.Operation{Method: http.MethodGet, Path: base + "/inboxes/{inbox}/health", Summary: "See how an inbox has fared", Tags: []string{"inboxes"}},
		identity.InboxRead, s.inboxHealth)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: base + "/inboxes/{inbox}/retry", Summary: "Try an inbox again", Tags: []string{"inboxes"},
		Description: "What was counted against it is forgotten, and its plugin opens it anew. How it fares then is told by inbox.health_changed.",
	}, identity.InboxManage, s.retryInbox)
	member(s, huma.Operation{Method: http.MethodGet, Path: base + "/connections/{connection}/health", Summary: "See how a connection has fared", Tags: []string{"connections"}},
		identity.PluginRead, s.connectionHealth)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: base + "/connections/{connection}/retry", Summary: "Try a connection again", Tags: []string{"connections"},
		Description: "What was counted against it is forgotten, and its plugin opens it anew. How it fares then is told by connection.health_changed.",
	}, identity.PluginManage, s.retryConnection)
}

func (s *Server) inboxHealth(ctx context.Context, scope identity.Scope, in *InboxPath) (*body[healthHistoryBody], error) {
	inbox, err := s.Inboxes.Get(ctx, scope, channel.InboxID(in.Inbox))
	if err != nil {
		return nil, err
	}
	c, err := s.Conditions.Condition(ctx, scope.Workspace, string(inbox.ID))
	return historyOf(c), err
}

func (s *Server) retryInbox(ctx context.Context, scope identity.Scope, in *InboxPath) (*body[inboxBody], error) {
	inbox, err := s.Inboxes.Retry(ctx, scope, channel.InboxID(in.Inbox))
	if err != nil {
		return nil, err
	}
	return s.inboxAnswer(ctx, scope, inbox, "")
}

func (s *Server) connectionHealth(ctx context.Context, scope identity.Scope, in *ConnectionPath) (*body[healthHistoryBody], error) {
	found, err := s.Connections.Get(ctx, scope, in.id())
	if err != nil {
		return nil, err
	}
	c, err := s.Conditions.Condition(ctx, scope.Workspace, string(found.ID))
	return historyOf(c), err
}

func (s *Server) retryConnection(ctx context.Context, scope identity.Scope, in *ConnectionPath) (*body[connectionBody], error) {
	c, err := s.Connections.Retry(ctx, scope, in.id())
	return s.connectionView(ctx, scope, c, err)
}
