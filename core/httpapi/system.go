package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/gofiber/fiber/v2"

	"github.com/patchbay-im/patchbay/core/errs"
)

// get registers a route outside of the API.
func (s *Server) get(path string, a access, h fiber.Handler) {
	s.routes = append(s.routes, route{http.MethodGet, path, a})
	s.app.Get(fiberPath(path), h)
}

func (s *Server) systemRoutes() {
	s.get("/livez", accessPublic, func(c *fiber.Ctx) error { return c.SendString("ok\n") })
	s.get("/readyz", accessPublic, s.readyz)
	s.get("/openapi.json", accessPublic, func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
		return c.Send(s.document)
	})
}

func (s *Server) readyz(c *fiber.Ctx) error {
	if s.unready.Load() {
		return unavailable("server.stopping", "The server is stopping.")
	}
	if err := s.Health(c.UserContext()); err != nil {
		return errs.Wrap(err, errs.Unavailable, "server.not_ready", "The server is not ready. The cause is in its log.")
	}
	return c.SendString("ok\n")
}

// describe renders the OpenAPI document once: the routes do not change.
func (s *Server) describe() error {
	doc, err := s.api.OpenAPI().MarshalJSON()
	if err != nil {
		return fmt.Errorf("render the OpenAPI document: %w", err)
	}
	var v any
	if err := json.Unmarshal(doc, &v); err != nil {
		return fmt.Errorf("read the OpenAPI document back: %w", err)
	}
	s.document, err = json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("indent the OpenAPI document: %w", err)
	}
	return nil
}

// OpenAPI returns the OpenAPI 3.1 document.
func (s *Server) OpenAPI() []byte { return s.document }
