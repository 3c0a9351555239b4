package httpapi

import (
	"context"
	"crypto/sha1" //nolint:gosec // RFC 6455 says so; nothing rests on it
	"encoding/base64"
	"net"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Sockets takes upgraded connections over. It owns them from then on.
type Sockets interface {
	// Member serves a member's socket. check says whether the session and the
	// rights behind it still stand, and with which scope.
	// The connection is what fasthttp's hijack hands out.
	Member(conn net.Conn, scope identity.Scope, check func(ctx context.Context) (identity.Scope, error))
	// Visitor serves a visitor's socket, which shows its token in the first frame.
	Visitor(conn net.Conn, inbox channel.InboxID, remote string)
}

// websocketGUID is the constant of RFC 6455, section 1.3.
const websocketGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

func (s *Server) socketRoutes() {
	s.socket(apiPrefix+"/workspaces/{workspace}/live", access(identity.MemberRead), "A member's live connection", s.memberSocket)
	s.socket(livePath+"/socket", accessPublic, "A visitor's live connection; the token is in the first frame", s.visitorSocket)
}

// socket registers an upgrade as a plain route and describes it in OpenAPI.
func (s *Server) socket(path string, a access, summary string, h fiber.Handler) {
	s.plain(huma.Operation{
		Path: path, Summary: summary, Tags: []string{"live"},
		Description: "A WebSocket. The frames are described in /docs/api/live-protocol.",
		Responses:   map[string]*huma.Response{"101": {Description: "The connection speaks WebSocket from here."}},
	}, a, h)
}

// plain registers a GET that huma does not serve, and describes it in OpenAPI.
func (s *Server) plain(op huma.Operation, a access, h fiber.Handler) {
	path := op.Path
	s.routes = append(s.routes, route{http.MethodGet, path, a})
	op.Method, op.OperationID, op.Extensions = http.MethodGet, operationID(http.MethodGet, path), map[string]any{"x-access": string(a)}
	for part := range strings.SplitSeq(path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			op.Parameters = append(op.Parameters, &huma.Param{
				Name: strings.TrimSuffix(name, "}"), In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString},
			})
		}
	}
	s.api.OpenAPI().AddOperation(&op)
	s.app.Get(fiberPath(path), h)
}

func (s *Server) memberSocket(c *fiber.Ctx) error {
	who, err := s.callerOf(c.UserContext(), func(name string) string { return c.Cookies(name) })
	if err != nil {
		return err
	}
	if err := s.spendSocket(c, limitMember, string(who.account.ID)); err != nil {
		return err
	}
	scope, err := s.scopeOf(c.UserContext(), who, c.Params("workspace"), identity.MemberRead)
	if err != nil {
		return err
	}
	check := func(ctx context.Context) (identity.Scope, error) {
		now, err := s.Identity.Sessions.Recheck(ctx, who.session.ID, scope.Workspace)
		if err != nil {
			return identity.Scope{}, err
		}
		return now, now.Require(identity.MemberRead)
	}
	return s.upgrade(c, func(conn net.Conn) { s.Sockets.Member(conn, scope, check) })
}

func (s *Server) visitorSocket(c *fiber.Ctx) error {
	remote := s.address(c)
	if err := s.spendSocket(c, limitAddress, network(remote)); err != nil {
		return err
	}
	inbox, err := s.Conversations.LiveInbox(c.UserContext(), channel.InboxID(c.Params("inbox")))
	if err != nil {
		return err
	}
	return s.upgrade(c, func(conn net.Conn) { s.Sockets.Visitor(conn, inbox.ID, remote) })
}

// upgrade checks the handshake (RFC 6455, section 4.2), answers 101 and hands
// the socket over. fasthttp lets go of the connection (KeepHijackedConns), so
// nothing of the request stays in memory while it is open.
func (s *Server) upgrade(c *fiber.Ctx, serve func(net.Conn)) error {
	if s.unready.Load() {
		return unavailable("server.stopping", "The server is restarting. Connect again in a moment.")
	}
	if !s.ownOrigin(c) {
		return errs.New(errs.Forbidden, "request.cross_site", "The connection came from another site and was refused.")
	}
	key := c.Get("Sec-WebSocket-Key")
	raw, err := base64.StdEncoding.DecodeString(key)
	if !strings.EqualFold(c.Get(fiber.HeaderUpgrade), "websocket") || !headerHas(c.Get(fiber.HeaderConnection), "upgrade") || err != nil || len(raw) != 16 {
		c.Set(fiber.HeaderUpgrade, "websocket")
		return newProblem(http.StatusUpgradeRequired, "socket.handshake", "This address speaks WebSocket only. A proxy in between may have dropped the Upgrade header.")
	}
	if c.Get("Sec-WebSocket-Version") != "13" {
		c.Set("Sec-WebSocket-Version", "13")
		return newProblem(http.StatusUpgradeRequired, "socket.version", "Only version 13 of the WebSocket protocol is spoken here.")
	}
	sum := sha1.Sum([]byte(key + websocketGUID)) //nolint:gosec // see above
	c.Set(fiber.HeaderUpgrade, "websocket")
	c.Set(fiber.HeaderConnection, "Upgrade")
	c.Set("Sec-WebSocket-Accept", base64.StdEncoding.EncodeToString(sum[:]))
	c.Status(http.StatusSwitchingProtocols)
	c.Context().Hijack(serve)
	return nil
}

func headerHas(header, token string) bool {
	for part := range strings.SplitSeq(header, ",") {
		if strings.EqualFold(strings.TrimSpace(part), token) {
			return true
		}
	}
	return false
}
