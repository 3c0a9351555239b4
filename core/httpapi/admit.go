package httpapi

import (
	"context"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// admit is the door of every API route: it knows who asks before anything of
// the body is read, and refuses by default.
func (s *Server) admit(a access) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		ctx, err := s.enter(ctx, a)
		if err != nil {
			s.refuse(ctx, err)
			return
		}
		next(ctx)
	}
}

func (s *Server) refuse(ctx huma.Context, err error) {
	p := problemOf(ctx.Context(), s.Log, err)
	ctx.SetStatus(p.Status)
	ctx.SetHeader("Content-Type", p.ContentType(""))
	for name, values := range p.GetHeaders() {
		ctx.SetHeader(name, values[0])
	}
	writeJSON(ctx.BodyWriter(), p)
}

// Who asks too often is refused as soon as it is known who that is.
func (s *Server) enter(ctx huma.Context, a access) (huma.Context, error) {
	spend := func(thing, who string) error {
		if hasOwnLimit(ctx) {
			return nil
		}
		return s.spend(ctx.SetHeader, thing, who)
	}
	switch a {
	case accessPublic:
		return huma.WithValue(ctx, keyCookies, ctx.Header("Cookie")), spend(limitAddress, network(clientOf(ctx.Context()).Address))
	case accessVisitor:
		v, err := s.visitorOf(ctx.Context(), channel.InboxID(ctx.Param("inbox")), ctx.Header("Authorization"))
		if err != nil {
			return ctx, err
		}
		return huma.WithValue(ctx, keyVisitor, v), spend(LimitVisitor, string(v.ID))
	case accessSession:
		if _, ok := keyIn(ctx.Header("Authorization")); ok {
			return ctx, identity.KeyNotHere()
		}
		who, err := s.callerOf(ctx.Context(), func(name string) string { return cookieValue(ctx.Header("Cookie"), name) })
		if err != nil {
			return ctx, err
		}
		return by(ctx, who), spend(limitMember, string(who.account.ID))
	case accessHook, accessOperator: // plain routes of their own
		return ctx, errs.New(errs.Internal, "route.access", "The route is not served here.")
	default: // a permission
		if token, ok := keyIn(ctx.Header("Authorization")); ok { // whatever cookie comes with it
			return s.enterByKey(ctx, token, identity.Permission(a), spend)
		}
		who, err := s.callerOf(ctx.Context(), func(name string) string { return cookieValue(ctx.Header("Cookie"), name) })
		if err != nil {
			return ctx, err
		}
		if err := spend(limitMember, string(who.account.ID)); err != nil {
			return ctx, err
		}
		scope, err := s.scopeOf(ctx.Context(), who, ctx.Param("workspace"), identity.Permission(a))
		return huma.WithValue(by(ctx, who), keyScope, scope), err
	}
}

// by says who the caller is, and by which session, to whoever asks the context.
func by(ctx huma.Context, who caller) huma.Context {
	client := clientOf(ctx.Context())
	client.Via = string(who.session.ID)
	ctx = huma.WithContext(ctx, identity.WithClient(ctx.Context(), client))
	return huma.WithValue(ctx, keyCaller, who)
}

func (s *Server) scopeOf(ctx context.Context, who caller, workspace string, p identity.Permission) (identity.Scope, error) {
	scope, err := s.Identity.Sessions.Enter(ctx, who.session, identity.WorkspaceID(workspace))
	if err != nil {
		return identity.Scope{}, err
	}
	return scope, scope.Require(p)
}

// callerOf authenticates a session cookie.
func (s *Server) callerOf(ctx context.Context, cookie func(string) string) (caller, error) {
	token := cookie(s.cookieName())
	if token == "" {
		return caller{}, errs.New(errs.Unauthenticated, "session.missing", "Sign in first.")
	}
	session, account, err := s.Identity.Sessions.Authenticate(ctx, token)
	if err != nil {
		return caller{}, err
	}
	return caller{session: session, account: account}, nil
}

func (s *Server) visitorOf(ctx context.Context, inbox channel.InboxID, authorization string) (conversation.Visitor, error) {
	token, ok := strings.CutPrefix(authorization, "Bearer ")
	if !ok {
		return conversation.Visitor{}, errs.New(errs.Unauthenticated, "visitor.token_missing", "The request needs a chat session: Authorization: Bearer <token>.")
	}
	return s.Conversations.Authenticate(ctx, inbox, token)
}

// cookiesOf returns the cookies of a request to a public route.
func cookiesOf(ctx context.Context) string {
	header, _ := ctx.Value(keyCookies).(string)
	return header
}

// cookieValue finds a cookie in a Cookie header.
func cookieValue(header, name string) string {
	for pair := range strings.SplitSeq(header, ";") {
		k, v, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if ok && k == name {
			return v
		}
	}
	return ""
}

// sameSite refuses state-changing requests that a foreign page made a browser
// send. Programs send neither header and pass: they carry no cookie by accident.
func (s *Server) sameSite(c *fiber.Ctx) error {
	switch c.Method() {
	case fiber.MethodGet, fiber.MethodHead, fiber.MethodOptions:
		return c.Next()
	}
	// What plugins serve knows nobody of ours. The forms of a rating and of a ticket's page carry their right in their path and no cookie; browsers call
	// their origin null, since the pages send no referrer.
	if strings.HasPrefix(c.Path(), hooksPrefix) || strings.HasPrefix(c.Path(), proxyPrefix) || strings.HasPrefix(c.Path(), ratingPrefix) || strings.HasPrefix(c.Path(), ticket.LinkPath) || s.ownOrigin(c) {
		return c.Next()
	}
	return errs.New(errs.Forbidden, "request.cross_site", "The request came from another site and was refused.")
}

// ownOrigin reports whether a request comes from one of our own pages, or from
// no page at all.
func (s *Server) ownOrigin(c *fiber.Ctx) bool {
	switch c.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return true
	case "":
	default:
		return false
	}
	origin := c.Get(fiber.HeaderOrigin)
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && (strings.EqualFold(u.Host, c.Hostname()) || strings.EqualFold(origin, s.BaseURL))
}
