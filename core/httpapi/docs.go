package httpapi

import (
	"fmt"
	"sync"

	"github.com/gofiber/fiber/v2"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/httpapi/help"
)

// docsCSP lets the pages load their own style and script, and nothing else.
const docsCSP = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// docs serves the pages of package help. The reference and the list of errors
// are drawn once for each language, when they are first asked for.
type docs struct {
	s     *Server
	pages *help.Pages
	files *assets

	mu    sync.Mutex
	drawn map[string]*asset
}

// docRoutes adds the documentation that the server itself serves.
func (s *Server) docRoutes() error {
	pages, err := help.New(s.Guides)
	if err != nil {
		return fmt.Errorf("read the documentation: %w", err)
	}
	d := &docs{s: s, pages: pages, files: newAssets(help.Files()), drawn: map[string]*asset{}}
	s.get(help.Path, accessPublic, func(c *fiber.Ctx) error { return c.Redirect(help.APIPath) })
	s.get(help.APIPath, accessPublic, d.reference)
	s.get(help.APIPath+"/:guide", accessPublic, d.guide)
	s.get(help.ErrorsPath, accessPublic, d.errors)
	s.get(help.ErrorsPath+"/:code", accessPublic, d.error)
	s.get(help.Path+"/files/:name", accessPublic, d.file)
	return nil
}

func language(c *fiber.Ctx) help.Language {
	c.Vary(fiber.HeaderAcceptLanguage)
	return help.Choose(c.Query("lang"), c.Get(fiber.HeaderAcceptLanguage))
}

// page sends a page that is drawn once for a language.
func (d *docs) page(c *fiber.Ctx, name string, l help.Language, draw func() ([]byte, error)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	a, ok := d.drawn[name+string(l)]
	if !ok {
		raw, err := draw()
		if err != nil {
			return err
		}
		if raw == nil { // not remembered: the names that do not exist have no end
			return errs.Absent()
		}
		a = newAsset(name+".html", raw)
		d.drawn[name+string(l)] = a
	}
	return d.send(c, a)
}

func (d *docs) send(c *fiber.Ctx, a *asset) error {
	c.Set(fiber.HeaderContentSecurityPolicy, docsCSP)
	c.Set(fiber.HeaderXFrameOptions, "DENY")
	return a.send(c)
}

func (d *docs) reference(c *fiber.Ctx) error {
	l := language(c)
	return d.page(c, "api", l, func() ([]byte, error) { return d.pages.Reference(d.s.document, d.s.BaseURL, l) })
}

func (d *docs) guide(c *fiber.Ctx) error {
	l, name := language(c), c.Params("guide")
	return d.page(c, "api/"+name, l, func() ([]byte, error) { return d.pages.Guide(name, l) })
}

func (d *docs) errors(c *fiber.Ctx) error {
	l := language(c)
	return d.page(c, "errors", l, func() ([]byte, error) { return d.pages.Errors(l) })
}

func (d *docs) error(c *fiber.Ctx) error {
	l, code := language(c), c.Params("code")
	return d.page(c, "errors/"+code, l, func() ([]byte, error) { return d.pages.Error(code, l) })
}

func (d *docs) file(c *fiber.Ctx) error {
	f := d.files.find(c.Params("name"))
	if f == nil {
		return errs.Absent()
	}
	return d.send(c, f)
}
