package extension

import (
	"context"

	"github.com/patchbay-im/patchbay/core/errs"
)

// RouteRule is what a manifest says of one of its plugin's routes.
type RouteRule struct {
	Methods []string
	MaxBody int // bytes
}

// RouteRequest is an HTTP request to a plugin, without what concerns the core
// alone.
type RouteRequest struct {
	ID      string
	Method  string
	Path    string // after the instance, with a leading slash
	Query   string
	Headers map[string][]string
	Body    []byte
	Remote  string
}

// RouteAnswer is what a plugin answers. It is what the plugin wants: what of it
// reaches a browser is decided where it is sent.
type RouteAnswer struct {
	Status  int
	Headers map[string][]string
	Body    []byte
}

// Routes is the port to the HTTP of plugins.
type Routes interface {
	// Route returns the rule for a path of a plugin; false when it has none.
	Route(plugin PluginID, path string) (RouteRule, bool)
	// Handle brings a request to the plugin. errs.Unavailable without a process,
	// and when it serves as many as it may at once.
	Handle(ctx context.Context, c Connection, r RouteRequest) (RouteAnswer, error)
}

// RouteService brings HTTP requests of anybody to plugins.
type RouteService struct {
	routes    Routes
	connected Connected
}

// NewRouteService returns a RouteService.
func NewRouteService(routes Routes, connected Connected) *RouteService {
	return &RouteService{routes: routes, connected: connected}
}

// Find returns a connection of the plugin that is in use, with its rule for a
// path. An unknown plugin, connection or path are the same errs.Absent.
func (s *RouteService) Find(ctx context.Context, plugin PluginID, instance ConnectionID, path string) (Connection, RouteRule, error) {
	rule, ok := s.routes.Route(plugin, path)
	if !ok {
		return Connection{}, RouteRule{}, errs.Absent()
	}
	c, err := s.connected.Anywhere(ctx, instance)
	if err == nil && c.Plugin != plugin {
		err = errs.Absent()
	}
	return c, rule, err
}

// Handle brings a request to the plugin of a connection that Find returned.
func (s *RouteService) Handle(ctx context.Context, c Connection, r RouteRequest) (RouteAnswer, error) {
	return s.routes.Handle(ctx, c, r)
}
