package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"slices"

	"github.com/gofiber/fiber/v2"
)

// publicPage is a page for people without an account, behind a signed link. It
// works without a script, loads nothing, and no machine keeps it.
type publicPage struct {
	html  *template.Template
	style template.CSS
	csp   string
}

func newPublicPage(name, html, css string) publicPage {
	sum := sha256.Sum256([]byte(css))
	return publicPage{
		html:  template.Must(template.New(name).Parse(html)),
		style: template.CSS(css), //nolint:gosec // ours, and its hash is in the policy
		csp: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
	}
}

// send answers with the page. It fails only where the template does.
func (p publicPage) send(c *fiber.Ctx, status int, view any) error {
	var b bytes.Buffer
	if err := p.html.Execute(&b, view); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentSecurityPolicy, p.csp)
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set("X-Robots-Tag", "noindex")
	c.Vary(fiber.HeaderAcceptLanguage)
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	return c.Status(status).Send(b.Bytes())
}

// takes adds the form of a public page.
func (s *Server) takes(path string, handler fiber.Handler) {
	s.routes = append(s.routes, route{http.MethodPost, path, accessPublic})
	s.app.Post(path, handler)
}

// tongues are the languages to try for a reader, in order: the one that the
// address asks for, theirs as we know it, the browser's.
func tongues(c *fiber.Ctx, known []string) []string {
	return slices.Concat([]string{c.Query("lang")}, known, []string{c.Get(fiber.HeaderAcceptLanguage)})
}
