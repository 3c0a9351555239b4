package pluginhost

import (
	"context"
	"net/http"
	"strings"

	"google.golang.org/grpc"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/extension"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Limits of routes, in bytes.
const (
	routeBody    = 64 << 10 // what a manifest gets that says nothing
	maxRouteBody = 1 << 20
	maxHeaders   = 100
	maxHeader    = 8 << 10
)

// Route implements extension.Routes. What is exact comes before what has a "/*",
// and the longest of those first.
func (h *Host) Route(plugin extension.PluginID, path string) (extension.RouteRule, bool) {
	s, ok := h.byID[channel.PluginID(plugin)]
	if !ok {
		return extension.RouteRule{}, false
	}
	best, length := extension.RouteRule{}, -1
	for _, r := range s.installed().manifest.Routes {
		prefix, below := strings.CutSuffix(r.Path, "/*")
		switch {
		case !below && r.Path == path:
			return ruleOf(r.Methods, r.MaxBodyKB), true
		case below && strings.HasPrefix(path, prefix+"/") && len(prefix) > length:
			best, length = ruleOf(r.Methods, r.MaxBodyKB), len(prefix)
		}
	}
	return best, length >= 0
}

func ruleOf(methods []string, kb int) extension.RouteRule {
	out := extension.RouteRule{Methods: methods, MaxBody: min(kb<<10, maxRouteBody)}
	if kb <= 0 {
		out.MaxBody = routeBody
	}
	return out
}

// Handle implements extension.Routes.
func (h *Host) Handle(ctx context.Context, c extension.Connection, r extension.RouteRequest) (extension.RouteAnswer, error) {
	req := &pluginv1.HandleRouteRequest{
		InstanceId: string(c.ID), RequestId: r.ID, Method: r.Method, Path: valid(r.Path), Query: valid(r.Query), Body: r.Body, RemoteAddr: r.Remote,
	}
	for name, values := range r.Headers {
		for _, value := range values {
			req.Headers = append(req.Headers, &pluginv1.Header{Name: valid(name), Value: valid(value)})
		}
	}
	var answer *pluginv1.HandleRouteResponse
	err := h.ask(ctx, c.Plugin, pluginv1.AbilityRoute, "HandleRoute", func(ctx context.Context, conn grpc.ClientConnInterface) (err error) {
		answer, err = pluginv1.NewRouteServiceClient(conn).HandleRoute(ctx, req)
		return err
	})
	if err != nil {
		return extension.RouteAnswer{}, err
	}
	out := extension.RouteAnswer{Status: int(answer.GetStatus()), Body: answer.GetBody(), Headers: make(map[string][]string)}
	if out.Status == 0 {
		out.Status = http.StatusOK
	}
	if out.Status < 200 || out.Status > 599 || len(out.Body) > maxRouteBody || len(answer.GetHeaders()) > maxHeaders {
		return extension.RouteAnswer{}, h.badAnswer(ctx, c.Plugin, "HandleRoute", "its status, its headers or its body")
	}
	for _, x := range answer.GetHeaders() {
		if name := http.CanonicalHeaderKey(x.GetName()); len(x.GetValue()) <= maxHeader && fieldName(name) && fieldValue(x.GetValue()) {
			out.Headers[name] = append(out.Headers[name], x.GetValue())
		}
	}
	return out, nil
}

// fieldName reports whether a text is the name of a header (RFC 9110, 5.6.2).
func fieldName(s string) bool {
	return s != "" && len(s) <= 128 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}

// fieldValue reports whether a text can be the value of a header.
func fieldValue(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}
