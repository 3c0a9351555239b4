package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// common runs before every route: deadline, client, headers, encoding, measure.
func (s *Server) common(c *fiber.Ctx) error {
	began := s.Now()
	s.busy.Add(1)
	defer s.busy.Add(-1)
	ctx, cancel := context.WithTimeout(c.UserContext(), timeout)
	defer cancel()
	var mark string
	c.SetUserContext(identity.WithClient(context.WithValue(ctx, keyMark, &mark), identity.Client{
		Address: s.address(c), UserAgent: truncate(c.Get(fiber.HeaderUserAgent), 300), Mark: strings.Clone(c.Cookies(s.markCookie())),
	}))
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderReferrerPolicy, "no-referrer")
	if s.SecureCookies { // people reach us by TLS
		c.Set(fiber.HeaderStrictTransportSecurity, "max-age=31536000")
	}
	err := s.readable(c)
	if err == nil {
		err = c.Next()
	}
	if err != nil { // answer it here, so that it is measured
		err = s.handleError(c, err)
	}
	if mark != "" { // beside the session's, of which huma's adapter takes one alone
		cookie := s.cookie(s.markCookie(), mark, int(identity.MarkLife.Seconds()))
		c.Response().Header.Add(fiber.HeaderSetCookie, cookie.String())
	}
	if s.Observe != nil {
		s.Observe(c.Method(), c.Route().Path, c.Response().StatusCode(), s.Now().Sub(began))
	}
	return err
}

// readable refuses bodies that no handler should see. Webhooks are their
// plugin's matter, byte for byte.
func (s *Server) readable(c *fiber.Ctx) error {
	if pathUnder(c.Path(), hooksPrefix) {
		return nil
	}
	// fiber would unpack it, however large it becomes.
	if coding := c.Get(fiber.HeaderContentEncoding); coding != "" && !strings.EqualFold(coding, "identity") {
		return newProblem(http.StatusUnsupportedMediaType, "request.media_type", "Send the request without compression.")
	}
	if pathUnder(c.Path(), apiPrefix) {
		c.Set(fiber.HeaderCacheControl, "no-store")
		// What is declared as bytes is text nowhere: only uploads accept it.
		bytes := c.Get(fiber.HeaderContentType) == fiber.MIMEOctetStream || isTable(c.Get(fiber.HeaderContentType), c.OriginalURL())
		if !bytes && !utf8.Valid(c.Request().Body()) {
			return newProblem(http.StatusBadRequest, "request.encoding", "The request is not valid UTF-8.")
		}
	}
	return nil
}

func pathUnder(path, prefix string) bool {
	return len(path) >= len(prefix) && path[:len(prefix)] == prefix
}

func truncate(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}

func (s *Server) panicked(c *fiber.Ctx, e any) {
	s.Log.ErrorContext(c.UserContext(), "a handler panicked", "path", c.Path(), "panic", fmt.Sprint(e))
}

// handleError answers what no handler answered.
func (s *Server) handleError(c *fiber.Ctx, err error) error {
	var p *Problem
	var fe *fiber.Error
	switch {
	case errors.As(err, &p):
	case errors.As(err, &fe):
		p = newProblem(fe.Code, transportCode(fe.Code), sentence(fe.Code, fe.Message))
	default:
		p = problemOf(c.UserContext(), s.Log, err)
	}
	for name, values := range p.GetHeaders() {
		c.Set(name, values[0])
	}
	c.Set(fiber.HeaderCacheControl, "no-store") // a refusal is of this moment, and the address may hold a secret
	c.Set(fiber.HeaderContentType, p.ContentType(""))
	c.Status(p.Status)
	writeJSON(c, p)
	return nil
}

func writeJSON(w io.Writer, v any) {
	_ = json.NewEncoder(w).Encode(v) // the client may be gone; there is nobody else to tell
}

// clientOf returns who is at the other end of the wire.
func clientOf(ctx context.Context) identity.Client { return identity.ClientFrom(ctx) }

func unavailable(code, message string) error { return errs.New(errs.Unavailable, code, message) }
