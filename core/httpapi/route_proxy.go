package httpapi

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/limit"
)

// proxyPrefix is where plugins serve HTTP of their own.
const proxyPrefix = "/x/"

const proxyRoute = proxyPrefix + "{publisher}/{name}/{instance}/*"

// How often anybody may ask a plugin: all together, and each network address.
func routeOfAll() limit.Rate     { return limit.Rate{Every: time.Second / 100, Burst: 500} }
func routeOfAddress() limit.Rate { return limit.Rate{Every: time.Second / 20, Burst: 100} }

func (s *Server) proxyRoutes() {
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
		s.routes = append(s.routes, route{method, proxyRoute, accessPublic})
		s.app.Add(method, fiberPath(proxyRoute), s.proxy)
	}
}

// proxy brings a request to a plugin, and back what of its answer may run or be
// shown at our address.
func (s *Server) proxy(c *fiber.Ctx) error {
	if scriptOfOurs(c) {
		return errs.Absent()
	}
	if err := s.limits.Allow("plugin-route-address", network(s.address(c)), routeOfAddress()); err != nil {
		return err
	}
	plugin, path := extension.PluginID(c.Params("publisher")+"/"+c.Params("name")), "/"+c.Params("*")
	instance, rule, err := s.Routing.Find(c.UserContext(), plugin, extension.ConnectionID(c.Params("instance")), path)
	if err != nil {
		return err
	}
	if !slices.Contains(rule.Methods, c.Method()) {
		c.Set(fiber.HeaderAllow, strings.Join(rule.Methods, ", "))
		return newProblem(http.StatusMethodNotAllowed, "request.method", "The plugin does not take this method here.")
	}
	if len(c.Request().Body()) > rule.MaxBody {
		return newProblem(http.StatusRequestEntityTooLarge, "request.too_large", "The request is larger than the plugin takes.")
	}
	if err := s.limits.Allow("plugin-route", string(instance.ID), routeOfAll()); err != nil {
		return err
	}
	answer, err := s.Routing.Handle(c.UserContext(), instance, s.forPlugin(c, path))
	if e := errs.As(err); e != nil && e.Kind == errs.Unavailable {
		e.RetryAfter = max(e.RetryAfter, time.Second)
		return e
	}
	if err != nil {
		return err
	}
	return s.fromPlugin(c, answer)
}

// scriptOfOurs reports whether a page of our own origin asks for something to
// run, to style it or to embed: what a plugin answers is none of that.
func scriptOfOurs(c *fiber.Ctx) bool {
	if c.Get("Sec-Fetch-Site") != "same-origin" {
		return false
	}
	switch c.Get("Sec-Fetch-Dest") {
	case "script", "style", "worker", "sharedworker", "serviceworker", "object", "embed", "frame", "iframe", "xslt", "manifest", "audioworklet", "paintworklet":
		return true
	}
	return false
}

// forPlugin is a request without what concerns us: the connection, our proxies,
// and what people identify themselves to us with.
func (s *Server) forPlugin(c *fiber.Ctx, path string) extension.RouteRequest {
	r := extension.RouteRequest{
		ID: id.NewSource(s.Now).New("req"), Method: c.Method(), Path: path, Query: string(c.Request().URI().QueryString()),
		Headers: make(map[string][]string), Body: append([]byte(nil), c.Request().Body()...), Remote: s.address(c),
	}
	for name, value := range c.Request().Header.All() {
		if key := http.CanonicalHeaderKey(string(name)); passesIn(key, string(value)) {
			r.Headers[key] = append(r.Headers[key], string(value))
		}
	}
	return r
}

// passesIn reports whether a plugin is told of a header.
func passesIn(name, value string) bool {
	low := strings.ToLower(name)
	switch {
	case slices.Contains(hopHeaders, low), low == "host", low == "content-length", low == "forwarded", low == "x-real-ip", low == "via",
		strings.HasPrefix(low, "x-forwarded-"), strings.HasPrefix(low, "cf-"), strings.HasPrefix(low, "x-accel-"), strings.HasPrefix(low, "proxy-"):
		return false
	case low == "authorization": // the far side's own way in; ours is an API key
		_, ours := keyIn(value)
		return !ours
	}
	return true
}

// maxLocation bounds an address that a plugin leads on to, in bytes.
const maxLocation = 2 << 10

// fromPlugin passes on an answer.
func (s *Server) fromPlugin(c *fiber.Ctx, a extension.RouteAnswer) error {
	prefix := strings.TrimSuffix(c.Path(), c.Params("*"))
	for name, values := range a.Headers {
		for _, value := range values {
			if passesOut(name, value) {
				c.Response().Header.Add(name, value)
			}
		}
	}
	if to := a.Headers["Location"]; len(to) > 0 {
		where, ok := leadsOn(prefix, to[0])
		if !ok {
			return unavailable(extension.CodeBadAnswer, "The plugin leads to an address that it may not lead to.")
		}
		c.Set(fiber.HeaderLocation, where)
	}
	if len(c.Response().Header.Peek(fiber.HeaderContentType)) == 0 {
		c.Set(fiber.HeaderContentType, fiber.MIMEOctetStream)
	}
	if len(c.Response().Header.Peek(fiber.HeaderCacheControl)) == 0 {
		c.Set(fiber.HeaderCacheControl, "no-store")
	}
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderContentSecurityPolicy, proxyCSP)
	c.Set(fiber.HeaderXFrameOptions, "DENY")
	c.Set("Permissions-Policy", noPowers)
	return c.Status(a.Status).Send(a.Body)
}

// proxyCSP is for what a plugin answers: opened as a document it shows text and
// pictures of its own, in an origin of nobody, and runs nothing.
const proxyCSP = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox"

// passesOut reports whether a plugin may set a header at our address.
func passesOut(name, value string) bool {
	if strings.ContainsAny(name+value, "\r\n\x00") {
		return false
	}
	switch name {
	case "Content-Type", "Content-Language", "Content-Disposition", "Cache-Control", "Etag", "Last-Modified", "Expires", "Retry-After", "Allow", "Vary",
		"Access-Control-Allow-Origin", "Access-Control-Expose-Headers":
		return true
	}
	low := strings.ToLower(name)
	return strings.HasPrefix(low, "x-") && mayAnswer(name) && low != "x-frame-options" && low != "x-content-type-options" && low != "x-dns-prefetch-control"
}

// leadsOn returns where a plugin's redirect goes: to a path of its own, or to an
// https address elsewhere.
func leadsOn(prefix, to string) (string, bool) {
	switch {
	case len(to) > maxLocation, strings.ContainsFunc(to, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' }):
		return "", false
	case strings.HasPrefix(to, "https://"):
		host, _, _ := strings.Cut(strings.TrimPrefix(to, "https://"), "/")
		return to, host != "" && !strings.Contains(host, "@")
	case strings.HasPrefix(to, prefix):
		to = strings.TrimPrefix(to, prefix)
	case strings.HasPrefix(to, "/"), strings.Contains(strings.SplitN(to, "/", 2)[0], ":"):
		return "", false
	}
	if slices.Contains(strings.FieldsFunc(strings.ToLower(strings.ReplaceAll(strings.ToLower(to), "%2e", ".")), func(r rune) bool { return r == '/' || r == '?' || r == '#' }), "..") {
		return "", false
	}
	return prefix + to, true
}
