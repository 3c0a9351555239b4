package httpapi

import (
	"context"
	"html"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/identity"
)

// From is who can follow a link to this server.
type From string

// The reaches, from the smallest.
const (
	FromHere       From = "here"    // this machine alone
	FromNetwork    From = "network" // devices beside it, such as a phone in the same Wi-Fi
	FromEverywhere From = "everywhere"
)

// Place is an address of this server.
type Place struct {
	URL  string `json:"url" doc:"Without a slash at the end."`
	From From   `json:"from" enum:"here,network,everywhere" doc:"Who can reach it: this machine alone, devices in its network, everybody."`
}

func (s *Server) reachRoutes() {
	member(s, huma.Operation{
		Method: http.MethodGet, Path: apiPrefix + "/workspaces/{workspace}/reach", Summary: "From where this server can be reached",
		Description: "The widest address first. Made from the configuration and this machine's addresses; nothing is asked of the network.",
		Tags:        []string{"workspaces"},
	}, identity.InboxManage, s.reach)
	s.get("/chat/:inbox", accessPublic, s.chatPage)
}

type reachBody struct {
	Items []Place `json:"items"`
}

func (s *Server) reach(context.Context, identity.Scope, *WorkspacePath) (*body[reachBody], error) {
	return &body[reachBody]{Body: reachBody{Items: s.Places()}}, nil
}

// chatCSP lets the page load the widget and nothing else.
const chatCSP = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// chatPage is a page of a live inbox's own: for a link, a QR code, and to try
// the inbox before it is on any site. The widget fills it.
func (s *Server) chatPage(c *fiber.Ctx) error {
	inbox, err := s.Conversations.LiveInbox(c.UserContext(), channel.InboxID(c.Params("inbox")))
	if err != nil {
		return err
	}
	language, words := "en", "This page needs JavaScript."
	if strings.HasPrefix(strings.ToLower(strings.TrimSpace(c.Get(fiber.HeaderAcceptLanguage))), "zh") {
		language, words = "zh-CN", "此页面需要启用 JavaScript。"
	}
	c.Set(fiber.HeaderContentSecurityPolicy, chatCSP)
	c.Set(fiber.HeaderXFrameOptions, "DENY")
	c.Set(fiber.HeaderCacheControl, "no-cache")
	c.Set("X-Robots-Tag", "noindex")
	c.Vary(fiber.HeaderAcceptLanguage)
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	return c.SendString(`<!doctype html><html lang="` + language + `"><head><meta charset="utf-8">` +
		`<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover"><meta name="color-scheme" content="light dark">` +
		`<title>Chat</title></head><body><noscript>` + words + `</noscript>` +
		`<script async src="/w/` + html.EscapeString(string(inbox.ID)) + `/loader.js" data-mode="page"></script></body></html>`)
}
