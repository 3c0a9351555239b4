package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/push"
	"github.com/patchbay-im/patchbay/core/wire"
)

func (s *Server) pushRoutes() {
	base := apiPrefix + "/account/push"
	tags := []string{"account"}
	session(s, huma.Operation{Method: http.MethodGet, Path: base, Summary: "List my browsers that are told when no window is open", Tags: tags}, s.myPushes)
	session(s, huma.Operation{
		Method: http.MethodPut, Path: base, Summary: "Have this browser be told when no window is open", Tags: tags,
		Description: "By Web Push, with a subscription that the browser made with `key` of the list. It ends with the session. Replaces the one before.",
	}, s.putPush)
	session(s, huma.Operation{
		Method: http.MethodPost, Path: base + "/test", Summary: "Push something to this browser", Tags: tags,
		Description: "Answers what the browser's push service said.",
	}, s.tryPush)
	session(s, huma.Operation{
		Method: http.MethodDelete, Path: base + "/{session}", Summary: "Stop pushing to one of my browsers", Tags: tags, DefaultStatus: http.StatusNoContent,
	}, s.deletePush)
}

// pushBody is a browser that is told.
type pushBody struct {
	SessionID string     `json:"session_id"`
	Browser   string     `json:"browser" doc:"In plain words, like Firefox; empty when unknown."`
	System    string     `json:"system" doc:"In plain words, like Windows; empty when unknown."`
	Current   bool       `json:"current"`
	Say       string     `json:"say" enum:"all,kind" doc:"kind: what happened, without names and without what was written."`
	Since     time.Time  `json:"since"`
	SentAt    *time.Time `json:"sent_at,omitempty" doc:"When its push service last took something."`
	Trouble   string     `json:"trouble,omitempty" doc:"Why its push service did not take the last; absent when it did."`
}

// pushesBody lists browsers that are told.
type pushesBody struct {
	Key   string     `json:"key" doc:"applicationServerKey of PushManager.subscribe."`
	Items []pushBody `json:"items"`
}

func pushOf(x push.Subscription, in identity.Session, mine identity.SessionID) pushBody {
	out := pushBody{SessionID: string(x.Session), Current: x.Session == mine, Say: string(x.Say), Since: wire.Stamp(x.Since), Trouble: x.Code}
	out.Browser, out.System = identity.Device(in.UserAgent)
	if !x.SentAt.IsZero() {
		at := wire.Stamp(x.SentAt)
		out.SentAt = &at
	}
	return out
}

func (s *Server) myPushes(ctx context.Context, who caller, _ *struct{}) (*body[pushesBody], error) {
	all, err := s.Pushes.List(ctx, who.session)
	if err != nil {
		return nil, err
	}
	sessions, err := s.Identity.Sessions.List(ctx, who.session)
	if err != nil {
		return nil, err
	}
	live := make(map[identity.SessionID]identity.Session, len(sessions))
	for _, x := range sessions {
		live[x.ID] = x
	}
	out := pushesBody{Key: s.Pushes.Signer.Public(), Items: []pushBody{}}
	for _, x := range all {
		if in, ok := live[x.Session]; ok { // else it has expired, and is told nothing
			out.Items = append(out.Items, pushOf(x, in, who.session.ID))
		}
	}
	return &body[pushesBody]{Body: out}, nil
}

type putPushInput struct {
	Body struct {
		Endpoint string `json:"endpoint" maxLength:"2048" doc:"Of the browser's subscription: an address of its push service."`
		Key      string `json:"key" maxLength:"200" doc:"Its p256dh, in base64url."`
		Auth     string `json:"auth" maxLength:"100" doc:"Its auth, in base64url."`
		Say      string `json:"say,omitempty" enum:"all,kind" doc:"all by default."`
	}
}

func (s *Server) putPush(ctx context.Context, who caller, in *putPushInput) (*body[pushBody], error) {
	b := in.Body
	x, err := s.Pushes.Subscribe(ctx, who.session, push.Draft{Endpoint: b.Endpoint, Key: b.Key, Auth: b.Auth, Say: push.Say(b.Say)})
	if err != nil {
		return nil, err
	}
	return &body[pushBody]{Body: pushOf(x, who.session, who.session.ID)}, nil
}

// triedBody is what came of a try.
type triedBody struct {
	Sent    bool   `json:"sent" doc:"The push service took it. Whether the browser shows it, it does not say."`
	Trouble string `json:"trouble,omitempty"`
}

func (s *Server) tryPush(ctx context.Context, who caller, _ *struct{}) (*body[triedBody], error) {
	out, err := s.Pushes.Test(ctx, who.session, who.account.Locale)
	if errs.Is(err, errs.NotFound) {
		err = errs.New(errs.Conflict, "push.off", "This browser is not told yet. Turn it on first.")
	}
	if err != nil {
		return nil, err
	}
	return &body[triedBody]{Body: triedBody{Sent: out.Sent, Trouble: out.Code}}, nil
}

func (s *Server) deletePush(ctx context.Context, who caller, in *mySessionInput) (*struct{}, error) {
	return nil, s.Pushes.Unsubscribe(ctx, who.session, identity.SessionID(in.Session))
}
