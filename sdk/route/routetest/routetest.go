// Package routetest is the conformance suite of routes. It plays the core towards a
// plugin, over the real wire, and checks what the core relies on. Run it on the
// plugin in the test's own process, and as a process:
//
//	subject := routetest.Subject{Manifest: manifest, Requests: requests}
//	t.Run("in process", func(t *testing.T) { subject.Open = routetest.InProcess(newMine); routetest.Run(t, subject) })
//	t.Run("process", func(t *testing.T) { subject.Open = routetest.Process(t, "."); routetest.Run(t, subject) })
package routetest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/internal/bridge"
	"github.com/patchbay-im/patchbay/sdk/internal/conformance"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
	"github.com/patchbay-im/patchbay/sdk/route"
)

// Subject is the plugin under test.
type Subject struct {
	Manifest   []byte            // plugin.yaml
	Open       Opener            // InProcess or Process
	Config     string            // a configuration that works, as JSON
	Secrets    map[string]string // the fields with x-secret, by JSON pointer
	BadConfigs []string          // are refused, by the schema or by the plugin

	// Requests are requests, and the answers.
	Requests []Request
}

// Opener runs a plugin for one case.
type Opener = conformance.Opener

// InProcess runs the plugin in the test's own process: quick, and a debugger
// sees it.
func InProcess(newValue func(sdk.Env) (route.Route, error)) Opener {
	return conformance.InProcess(func(env sdk.Env) (a bridge.Abilities, err error) {
		a.Route, err = newValue(env)
		return a, err
	})
}

// Process builds the Go program in dir and runs it as the core would.
func Process(t *testing.T, dir string) Opener {
	t.Helper()
	return conformance.Process(t, dir)
}

func (s Subject) plugin() conformance.Plugin {
	return conformance.Plugin{
		Source: s.Manifest, Open: s.Open, Ability: pluginv1.AbilityRoute, Config: s.Config, Secrets: s.Secrets, BadConfigs: s.BadConfigs,
	}
}

// Request is a request that the manifest lets through.
type Request struct {
	Name   string // in the test's output; "" = method and path
	Method string // "" = GET
	Path   string
	Query  string
	Header map[string]string
	Body   string

	Status  int               // 0 = 200
	Answer  string            // a part of the body
	Headers map[string]string // some of the answer's
}

// Run runs the suite.
func Run(t *testing.T, s Subject) {
	t.Helper()
	m := conformance.CheckManifest(t, s.plugin())
	if len(m.Routes) == 0 {
		t.Fatal("the manifest has no routes")
	}
	ask := func(r *conformance.Rig, id string) error {
		req := request(Request{Method: m.Routes[0].Methods[0], Path: concrete(m.Routes[0].Path)})
		req.InstanceId = id
		_, err := r.Route.HandleRoute(r.Ctx(), req)
		return err
	}
	conformance.Run(t, s.plugin(),
		conformance.Case{Name: "answers", Run: func(r *conformance.Rig) { answers(r, s.Requests) }},
		conformance.Case{Name: "survives any bytes", Run: anyBytes},
		conformance.Unknown(ask),
		conformance.Draining(func(r *conformance.Rig) error { return ask(r, conformance.InstanceID) }),
	)
}

// concrete returns a path that a pattern lets through.
func concrete(pattern string) string { return strings.Replace(pattern, "*", "x", 1) }

func request(q Request) *pluginv1.HandleRouteRequest {
	out := &pluginv1.HandleRouteRequest{
		InstanceId: conformance.InstanceID, RequestId: "req_1", Method: conformance.Or(q.Method, http.MethodGet), Path: q.Path,
		Query: q.Query, Body: []byte(q.Body), RemoteAddr: "192.0.2.1",
	}
	for name, value := range q.Header {
		out.Headers = append(out.Headers, &pluginv1.Header{Name: name, Value: value})
	}
	return out
}

func answers(r *conformance.Rig, list []Request) {
	for _, q := range list {
		name := conformance.Or(q.Name, q.Method+" "+q.Path)
		got, err := r.Route.HandleRoute(r.Ctx(), request(q))
		if err != nil {
			r.Errorf("%s: %v", name, err)
			continue
		}
		if statusOf(got.GetStatus()) != statusOf(uint32(q.Status)) || !strings.Contains(string(got.GetBody()), q.Answer) {
			r.Errorf("%s: %d %s", name, got.GetStatus(), got.GetBody())
		}
		for header, want := range q.Headers {
			if !slices.ContainsFunc(got.GetHeaders(), func(h *pluginv1.Header) bool { return strings.EqualFold(h.GetName(), header) && h.GetValue() == want }) {
				r.Errorf("%s: no header %s: %s in %v", name, header, want, got.GetHeaders())
			}
		}
	}
}

func statusOf(s uint32) uint32 {
	if s == 0 {
		return http.StatusOK
	}
	return s
}

// anyBytes sends what nobody would: the plugin may refuse, not fail.
func anyBytes(r *conformance.Rig) {
	for _, path := range r.Manifest.Routes {
		for _, method := range path.Methods {
			for i, body := range append(conformance.JSONs(), "a=b&c=%zz", strings.Repeat("x", 64<<10)) {
				got, err := r.Route.HandleRoute(r.Ctx(), request(Request{
					Method: method, Path: concrete(path.Path), Query: "a=%zz&&=&id=🙂", Body: body, Header: map[string]string{"Content-Type": "application/json"},
				}))
				r.NoFault(fmt.Sprintf("%s %s, body %d", method, path.Path, i), err)
				if got.GetStatus() >= http.StatusInternalServerError {
					r.Errorf("%s %s, body %d (%.20q): %d", method, path.Path, i, body, got.GetStatus())
				}
			}
		}
	}
}
