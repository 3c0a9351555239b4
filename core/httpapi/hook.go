package httpapi

import (
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/patchbay-im/patchbay/core/channel"
)

const hookRoute = hooksPrefix + "{token}/*"

func (s *Server) hookRoutes() {
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut} {
		s.routes = append(s.routes, route{method, hookRoute, accessHook})
		s.app.Add(method, fiberPath(hookRoute), s.hook)
	}
}

// hopHeaders concern one connection, not the request, and never reach a
// plugin; nor do cookies, which are ours.
var hopHeaders = []string{ //nolint:gochecknoglobals // a constant, but for the language
	"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade", "cookie",
}

// mayAnswer reports whether a plugin may set a header on our origin: no
// cookies, and nothing that makes a proxy before us serve something else.
func mayAnswer(name string) bool {
	name = strings.ToLower(name)
	return name != "set-cookie" && !strings.HasPrefix(name, "x-accel-") && !strings.HasPrefix(name, "x-sendfile") &&
		!strings.HasPrefix(name, "x-lighttpd-")
}

func (s *Server) hook(c *fiber.Ctx) error {
	token := c.Params("token")
	if err := s.limits.Allow("hook", channel.HookHash(token), webhooks()); err != nil {
		return err
	}
	r := channel.WebhookRequest{
		Method: c.Method(), Path: "/" + c.Params("*"), Query: string(c.Request().URI().QueryString()),
		Headers: make(map[string][]string), Body: append([]byte(nil), c.Request().Body()...), Remote: s.address(c),
	}
	for name, value := range c.Request().Header.All() {
		r.Headers[string(name)] = append(r.Headers[string(name)], string(value))
	}
	for name := range r.Headers {
		for _, hop := range hopHeaders {
			if strings.EqualFold(name, hop) {
				delete(r.Headers, name)
			}
		}
	}
	answer, err := s.Hooks.Handle(c.UserContext(), token, r)
	if err != nil {
		return err
	}
	for name, value := range answer.Headers {
		if mayAnswer(name) && !strings.ContainsAny(name+value, "\r\n") {
			c.Set(name, value)
		}
	}
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff") // whatever the plugin says
	c.Set(fiber.HeaderContentSecurityPolicy, inertCSP)
	if answer.Status < 200 || answer.Status > 599 {
		answer.Status = http.StatusOK
	}
	return c.Status(answer.Status).Send(answer.Body)
}
