package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/httpapi/operation"
	"github.com/patchbay-im/patchbay/core/identity"
)

// access says who may use a route. Every route declares one; a route without
// it does not start.
type access string

// What routes declare, beside a permission of identity.
const (
	accessPublic   access = "public"   // anybody; carries its own secret or none is needed
	accessSession  access = "session"  // a signed-in account
	accessVisitor  access = "visitor"  // a visitor's token
	accessHook     access = "hook"     // the secret in the path
	accessOperator access = "operator" // the command line of this machine: a pass made from the master key
)

// route is a row of the table that the OpenAPI document and the authorization
// matrix are checked against.
type route struct {
	method, path string
	access       access
}

type contextKey int

const (
	keyCaller contextKey = iota
	keyScope
	keyVisitor
	keyMark // of a browser that signed in, for its cookie: *string
	keyCookies
)

// caller is a signed-in account.
type caller struct {
	session identity.Session
	account identity.Account
}

// register adds an operation with its access to huma, OpenAPI and the table. It
// is made again for each pair of structs, as member and session are: what they
// do stays small, and add does the work.
func register[I, O any](s *Server, op huma.Operation, a access, fn func(context.Context, *I) (*O, error)) {
	s.add(op, a, reflect.TypeFor[I](), reflect.TypeFor[O](), func(ctx context.Context, in any) (any, error) {
		return fn(ctx, in.(*I)) //nolint:forcetypeassert // add passes what in says
	})
}

func (s *Server) add(op huma.Operation, a access, in, out reflect.Type, handle operation.Handle) {
	if op.MaxBodyBytes == 0 {
		op.MaxBodyBytes = maxBody
	}
	op.Extensions = map[string]any{"x-access": string(a)}
	if op.OperationID == "" {
		op.OperationID = operationID(op.Method, op.Path)
	}
	door := huma.Middlewares{s.admit(a)}
	if offersOnce(op.Method, a) {
		door = append(door, s.once)
		documentOnce(&op)
	}
	op.Middlewares = append(door, op.Middlewares...)
	op.Errors = []int{400, 404, 422, 429, 503}
	if a != accessPublic {
		op.Errors = append(op.Errors, 401, 403)
	}
	s.routes = append(s.routes, route{op.Method, op.Path, a})
	err := operation.Register(s.api, op, in, out, func(ctx context.Context, in any) (any, error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, problemOf(ctx, s.Log, err)
		}
		return out, nil
	})
	if err != nil {
		s.unfit = append(s.unfit, err)
	}
}

// member registers a route of a workspace that needs a permission.
func member[I, O any](s *Server, op huma.Operation, p identity.Permission, fn func(context.Context, identity.Scope, *I) (*O, error)) {
	register(s, op, access(p), func(ctx context.Context, in *I) (*O, error) {
		scope, ok := ctx.Value(keyScope).(identity.Scope)
		if !ok {
			return nil, errs.New(errs.Internal, "route.scope", "The route has no scope.")
		}
		return fn(ctx, scope, in)
	})
}

// session registers a route that needs a signed-in account.
func session[I, O any](s *Server, op huma.Operation, fn func(context.Context, caller, *I) (*O, error)) {
	register(s, op, accessSession, func(ctx context.Context, in *I) (*O, error) {
		who, ok := ctx.Value(keyCaller).(caller)
		if !ok {
			return nil, errs.New(errs.Internal, "route.caller", "The route has no caller.")
		}
		return fn(ctx, who, in)
	})
}

// operationID makes "getWorkspacesMembers" of GET /api/v1/workspaces/{workspace}/members.
func operationID(method, path string) string {
	var b strings.Builder
	b.WriteString(strings.ToLower(method))
	for part := range strings.SplitSeq(strings.TrimPrefix(path, apiPrefix), "/") {
		if part == "" {
			continue
		}
		if name, ok := strings.CutPrefix(part, "{"); ok {
			part = "by-" + strings.TrimSuffix(name, "}")
		}
		for word := range strings.SplitSeq(part, "-") {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}

// checkRoutes compares what fiber serves with what was declared. It is the
// deny by default of routes: one that nobody declared stops the start.
func (s *Server) checkRoutes() error {
	if err := errors.Join(s.unfit...); err != nil {
		return fmt.Errorf("routes that cannot be served: %w", err)
	}
	for _, r := range s.app.GetRoutes(true) {
		if r.Method == http.MethodHead || r.Method == http.MethodConnect || r.Method == http.MethodTrace || r.Method == http.MethodOptions {
			continue
		}
		declared := slices.ContainsFunc(s.routes, func(d route) bool {
			return fiberPath(d.path) == r.Path && (d.method == r.Method || d.method == "*")
		})
		if !declared {
			return fmt.Errorf("the route %s %s declares no access", r.Method, r.Path)
		}
	}
	return nil
}

func fiberPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "", "...", "").Replace(path)
}

// Route is a row of the route table.
type Route struct {
	Method, Path, Access string
}

// Routes lists every route that is served, with its access. The OpenAPI
// document and the authorization matrix are checked against it.
func (s *Server) Routes() []Route {
	out := make([]Route, len(s.routes))
	for i, r := range s.routes {
		out[i] = Route{r.method, r.path, string(r.access)}
	}
	return out
}

// Test answers one request without a listener.
func (s *Server) Test(r *http.Request) (*http.Response, error) {
	const wait = 10_000        // ms
	return s.app.Test(r, wait) //nolint:wrapcheck // for tests
}
