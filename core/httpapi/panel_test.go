package httpapi_test

import (
	"context"
	"encoding/json"
	"io/fs"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/httpapi"
	"github.com/patchbay-im/patchbay/core/identity"
)

// desk is one plugin with a panel of each sort, a route and a tool, and the
// connections that are in use.
type desk struct {
	all     []extension.Connection
	allowed []string
	down    error
	views   []extension.PanelView
	heard   []extension.RouteRequest
	answer  extension.RouteAnswer
	absent  map[string]bool // conversations that nobody reaches
}

func (d *desk) Panels() []extension.Panel {
	title := map[string]string{"en": "P"}
	return []extension.Panel{
		{Plugin: "acme/crm", Name: "side", Slot: extension.SlotConversation, Title: title},
		{Plugin: "acme/crm", Name: "page", Slot: extension.SlotConversation, Title: title, Page: "page/index.html"},
		{Plugin: "acme/crm", Name: "setup", Slot: extension.SlotSettings, Title: title},
	}
}

func (d *desk) Render(_ context.Context, _ extension.Connection, v extension.PanelView) (extension.Card, error) {
	d.views = append(d.views, v)
	return extension.Card{JSON: json.RawMessage(`{"type":"AdaptiveCard"}`), Fresh: time.Minute}, d.down
}

func (d *desk) Act(_ context.Context, _ extension.Connection, v extension.PanelView, _ extension.PanelAction) (extension.Pressed, error) {
	d.views = append(d.views, v)
	return extension.Pressed{Message: "done", InsertText: "x"}, d.down
}

func (d *desk) Call(_ context.Context, _ extension.Connection, v extension.PanelView, _ string, params json.RawMessage) (json.RawMessage, error) {
	d.views = append(d.views, v)
	return params, d.down
}

func (d *desk) Route(plugin extension.PluginID, path string) (extension.RouteRule, bool) {
	return extension.RouteRule{Methods: []string{"GET", "POST"}, MaxBody: 16}, plugin == "acme/crm" && path == "/hello"
}

func (d *desk) Handle(_ context.Context, _ extension.Connection, r extension.RouteRequest) (extension.RouteAnswer, error) {
	d.heard = append(d.heard, r)
	return d.answer, d.down
}

func (d *desk) InUse(_ context.Context, w identity.WorkspaceID, id extension.ConnectionID) (extension.Connection, error) {
	for _, c := range d.all {
		if c.Workspace == w && c.ID == id {
			return c, nil
		}
	}
	return extension.Connection{}, errs.Absent()
}

func (d *desk) AllInUse(_ context.Context, w identity.WorkspaceID) ([]extension.Connection, error) {
	return slices.DeleteFunc(slices.Clone(d.all), func(c extension.Connection) bool { return c.Workspace != w }), nil
}

func (d *desk) Anywhere(_ context.Context, id extension.ConnectionID) (extension.Connection, error) {
	for _, c := range d.all {
		if c.ID == id {
			return c, nil
		}
	}
	return extension.Connection{}, errs.Absent()
}

func (d *desk) OfPlugin(context.Context, extension.PluginID) ([]extension.Connection, error) {
	return d.all, nil
}

func (d *desk) Allowed(context.Context, identity.WorkspaceID, extension.PluginID) ([]string, error) {
	return d.allowed, nil
}

func (d *desk) Subject(_ context.Context, _ identity.Scope, conversation, ticket string) (extension.Subject, error) {
	if d.absent[conversation] {
		return extension.Subject{}, errs.Absent()
	}
	return extension.Subject{Conversation: conversation, Ticket: ticket, Contact: "con_1"}, nil
}

func (d *desk) Customer(_ context.Context, _ identity.Scope, id string) (extension.Sought, error) {
	if id == "none" {
		return extension.Sought{}, errs.Absent()
	}
	return extension.Sought{ID: id, Emails: []string{"a@example.com"}}, nil
}

func (d *desk) Keep(context.Context, identity.Scope, *event.Record) error { return nil }

func (d *desk) Tools() []extension.Tool { return nil }

func (d *desk) CheckArgs(extension.PluginID, string, json.RawMessage) []errs.Field { return nil }

func (d *desk) Invoke(context.Context, extension.Connection, extension.Invocation, func(string)) (extension.Result, error) {
	return extension.Result{Outcome: extension.Accepted}, nil
}

// noCalls is a CallStore without calls.
type noCalls struct{}

func (noCalls) Begin(_ context.Context, c extension.Call, _ int, _ ...event.Event) (extension.Call, bool, error) {
	return c, true, nil
}

func (noCalls) Call(context.Context, identity.WorkspaceID, string) (extension.Call, error) {
	return extension.Call{}, errs.Absent()
}

func (noCalls) Change(context.Context, identity.WorkspaceID, string, func(*extension.Call) ([]event.Event, error)) (extension.Call, error) {
	return extension.Call{}, errs.Absent()
}

func (noCalls) Pending(context.Context, identity.WorkspaceID) ([]extension.Call, error) {
	return nil, nil
}

func (noCalls) Due(context.Context, time.Time, int) ([]extension.Call, error) { return nil, nil }
func (noCalls) Forget(context.Context, time.Time, int) (int, error)           { return 0, nil }

// noRecords is a system of record that nobody has.
type noRecords struct {
	extension.Connectors
	extension.Mirror
}

func (noRecords) Connects(extension.PluginID) bool { return false }
func (noRecords) Of(context.Context, identity.WorkspaceID, string) (map[extension.ConnectionID][]extension.Mirrored, error) {
	return nil, nil
}

// workOf is what plugins do for members, on a desk.
func workOf(d *desk, now func() time.Time) httpapi.PluginWork {
	none := noRecords{}
	return httpapi.PluginWork{
		Panels: extension.NewPanelService(extension.PanelDeps{
			Panels: d, Connected: d, Allowances: d, Circle: d, Audit: d, Key: []byte("of the tests"), Now: now,
			Name: func(context.Context, identity.WorkspaceID, identity.MemberID) (string, error) { return "Ann", nil },
		}),
		Routing: extension.NewRouteService(d, d),
		Connectors: extension.NewConnectorService(extension.ConnectorDeps{
			Connectors: none, Connected: d, Allowances: d, Circle: d, Mirror: none, Audit: d, Now: now, Log: slog.New(slog.DiscardHandler),
		}),
		Tools: extension.NewToolBroker(extension.ToolDeps{Tools: d, Connected: d, Allowances: d, Circle: d, Calls: noCalls{}, Now: now, Log: slog.New(slog.DiscardHandler)}),
	}
}

// panelSite is a site with a desk and one connection in use.
func panelSite(t *testing.T) (*site, *desk) {
	t.Helper()
	d := &desk{absent: map[string]bool{"cnv_away": true}, answer: extension.RouteAnswer{Status: 200, Body: []byte("ok")}}
	s := newSite(t, func(o *httpapi.Options) {
		o.PluginWork = workOf(d, time.Now)
		o.PluginUI = func(id channel.PluginID) (fs.FS, bool) {
			return fstest.MapFS{
				"page/index.html": {Data: []byte("<title>page</title>")}, "page/a.js": {Data: []byte("1")}, "page/other.html": {Data: []byte("x")},
				"page/.env": {Data: []byte("x")}, "page/a.js.map": {Data: []byte("x")}, "private/x.js": {Data: []byte("x")},
			}, id == "acme/crm"
		}
	})
	d.all = []extension.Connection{{Workspace: s.WS, ID: "pin_1", Plugin: "acme/crm", Name: "CRM", Enabled: true}}
	return s, d
}

func (s *site) panel(path string) string {
	return "/api/v1/workspaces/" + string(s.WS) + "/connections/pin_1/panels/" + path
}

// TestPanels: what a plugin is told of who looks, and what it is not.
func TestPanels(t *testing.T) {
	s, d := panelSite(t)
	cookie := s.signIn(s.Owner)
	look := func(path, body string) answer { return s.ask(http.MethodPost, s.panel(path), body, "Cookie", cookie) }

	if a := look("side/render", `{"conversation_id":"cnv_1","theme":"dark","locale":"zh-CN"}`); a.StatusCode != http.StatusOK || !strings.Contains(a.text, `"state":"ok"`) {
		t.Fatal(a.StatusCode, a.text)
	}
	if v := d.views[0]; v.Subject != (extension.Subject{}) || v.MemberName != "" || v.Theme != "dark" || v.Locale != "zh-CN" || !slices.Equal(v.May, []string{"read", "write", "manage"}) {
		t.Errorf("without a grant the plugin is told %+v", v)
	}
	d.allowed = []string{"conversations:read", "contacts:read", "members:read"}
	look("side/render", `{"conversation_id":"cnv_1"}`)
	if v := d.views[1]; v.Subject != (extension.Subject{Conversation: "cnv_1", Contact: "con_1"}) || v.MemberName != "Ann" {
		t.Errorf("with grants the plugin is told %+v", v)
	}
	look("side/render", `{"conversation_id":"cnv_1"}`)
	if len(d.views) != 2 {
		t.Error("a fresh card was asked for again")
	}
	look("side/act", `{"conversation_id":"cnv_1","action_id":"1","action":"go"}`)
	look("side/render", `{"conversation_id":"cnv_1"}`)
	if len(d.views) != 4 {
		t.Error("after a press the card was not asked for again")
	}
	for body, want := range map[string]int{
		`{"conversation_id":"cnv_away"}`: 404, `{}`: 422, `{"ticket_id":"tkt_1","conversation_id":"cnv_1"}`: 422, `{"conversation_id":"cnv_1","x":1}`: 422,
	} {
		if a := look("side/render", body); a.StatusCode != want {
			t.Errorf("%s: %d %s, want %d", body, a.StatusCode, a.text, want)
		}
	}
	if len(d.views) != 4 {
		t.Error("the plugin heard of what is not in reach")
	}
	down := errs.New(errs.Unavailable, "plugin.backoff", "It does not run.")
	down.RetryAfter = 3 * time.Second
	d.down = down
	if a := look("side/render", `{"conversation_id":"cnv_2"}`); a.StatusCode != http.StatusOK || !strings.Contains(a.text, `"state":"unavailable"`) || !strings.Contains(a.text, `"retry_after":3`) {
		t.Error(a.StatusCode, a.text)
	}
	agent := s.signIn(s.Member(s.WS, "ann@example.com", "Ann", 5))
	if a := s.ask(http.MethodPost, s.panel("setup/render"), `{}`, "Cookie", agent); a.StatusCode != http.StatusForbidden {
		t.Errorf("an agent sees a page of the settings: %d", a.StatusCode)
	}
	if a := s.ask(http.MethodGet, "/api/v1/workspaces/"+string(s.WS)+"/panels", "", "Cookie", agent); strings.Contains(a.text, "setup") {
		t.Error("an agent is offered a page of the settings")
	}
}

// TestFrameTokens: a token is good for its member, session, panel and subject,
// and for nothing else.
func TestFrameTokens(t *testing.T) {
	s, d := panelSite(t)
	d.allowed = []string{"conversations:read"}
	cookie := s.signIn(s.Owner)
	mint := func() (token, src string) {
		a := s.ask(http.MethodPost, s.panel("page/frame"), `{"conversation_id":"cnv_1"}`, "Cookie", cookie)
		var got struct{ Src, Token string }
		if err := json.Unmarshal([]byte(a.text), &got); err != nil || got.Token == "" {
			t.Fatal(a.StatusCode, a.text)
		}
		return got.Token, got.Src
	}
	token, _ := mint()
	call := func(panel, token, cookie string) answer {
		return s.ask(http.MethodPost, s.panel(panel+"/call"), `{"token":"`+token+`","method":"m","params":{"big":12345678901234567890}}`, "Cookie", cookie)
	}
	if a := call("page", token, cookie); a.StatusCode != http.StatusOK || !strings.Contains(a.text, "12345678901234567890") {
		t.Fatal(a.StatusCode, a.text)
	}
	if v := d.views[0]; v.Subject.Conversation != "cnv_1" {
		t.Errorf("the plugin is told %+v", v)
	}
	flipped := []byte(token)
	flipped[10] ^= 1
	other := s.signIn(s.Owner)
	for what, a := range map[string]answer{
		"another panel": call("side", token, cookie), "another session": call("page", token, other), "another member": call("page", token, s.signIn(s.Member(s.WS, "ann@example.com", "Ann", 5))),
		"changed": call("page", string(flipped), cookie), "no token": call("page", "x", cookie), "cut": call("page", strings.Split(token, ".")[0], cookie),
	} {
		if a.StatusCode != http.StatusForbidden || a.code != "panel.frame_token" {
			t.Errorf("%s: %d %s", what, a.StatusCode, a.text)
		}
	}
	d.absent["cnv_1"] = true
	if a := call("page", token, cookie); a.StatusCode != http.StatusNotFound {
		t.Errorf("out of reach: %d", a.StatusCode)
	}
	delete(d.absent, "cnv_1")
	d.all = nil
	if a := call("page", token, cookie); a.StatusCode != http.StatusNotFound {
		t.Errorf("disconnected: %d", a.StatusCode)
	}
	if len(d.views) != 1 {
		t.Error("the plugin heard of a refused call")
	}
}

// TestFrames: which files of a plugin are reachable, and what they may do.
func TestFrames(t *testing.T) {
	s, _ := panelSite(t)
	a := s.ask(http.MethodPost, s.panel("page/frame"), `{"conversation_id":"cnv_1"}`, "Cookie", s.signIn(s.Owner))
	var got struct{ Src string }
	if err := json.Unmarshal([]byte(a.text), &got); err != nil {
		t.Fatal(err)
	}
	folder := strings.TrimSuffix(got.Src, "page/index.html")
	for path, want := range map[string]int{
		"page/index.html": 200, "page/a.js": 200, "page/other.html": 404, "page/.env": 404, "page/a.js.map": 404, "private/x.js": 404, "page/": 404, "": 404,
		"page/../private/x.js": 404, "page/%2e%2e/private/x.js": 404, "page//a.js": 404,
	} {
		if a := s.ask(http.MethodGet, folder+path, ""); a.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, a.StatusCode, want)
		}
	}
	if a := s.ask(http.MethodGet, strings.Replace(got.Src, "/acme/crm/", "/acme/crm/x", 1), ""); a.StatusCode != http.StatusNotFound {
		t.Error("another version is served")
	}
	for dest, want := range map[string]int{"script": 404, "worker": 404, "empty": 404} {
		if a := s.ask(http.MethodGet, folder+"page/a.js", "", "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Dest", dest); a.StatusCode != want {
			t.Errorf("a page of ours gets a %s: %d", dest, a.StatusCode)
		}
	}
	page := s.ask(http.MethodGet, got.Src, "", "Cookie", "patchbay_session=x", "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Dest", "iframe")
	csp := page.Header.Get("Content-Security-Policy")
	for _, want := range []string{
		"default-src 'none'", "connect-src 'none'", "form-action 'none'", "sandbox allow-scripts allow-forms", "script-src http://example.com" + folder,
		"frame-ancestors http://example.com", "frame-src 'none'", "base-uri 'none'",
	} {
		if !strings.Contains(csp, want) {
			t.Errorf("the policy lacks %q: %s", want, csp)
		}
	}
	if page.Header.Get("Connection-Allowlist") != "(response-origin)" || page.Header.Get("X-DNS-Prefetch-Control") != "off" {
		t.Errorf("a page may hint at connections: %v", page.Header)
	}
	if page.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || page.Header.Get("Access-Control-Allow-Origin") != "*" ||
		page.Header.Get("Set-Cookie") != "" || page.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Error(page.Header)
	}
	if strings.Contains(s.ask(http.MethodGet, got.Src, "", "Host", "x.example; script-src *").Header.Get("Content-Security-Policy"), "script-src *") {
		t.Error("a host name writes into the policy")
	}
	if console := s.ask(http.MethodGet, "/", "", "Accept", "text/html").Header.Get("Content-Security-Policy"); !strings.Contains(console, "frame-src http://example.com/frames/") {
		t.Error(console)
	}
}

// TestRoutesOfPlugins: what passes between a stranger and a plugin.
func TestRoutesOfPlugins(t *testing.T) {
	s, d := panelSite(t)
	const at = "/x/acme/crm/pin_1/hello"
	a := s.ask(http.MethodPost, at+"?q=1", `{"a":1}`, "Cookie", "patchbay_session=secret", "Authorization", "Bearer far-side", "X-Forwarded-For", "1.2.3.4",
		"X-Forwarded-Host", "evil.example", "Forwarded", "for=1.2.3.4", "Connection", "keep-alive", "X-Own", "yes", "Sec-Fetch-Site", "cross-site", "Origin", "https://shop.example")
	if a.StatusCode != http.StatusOK || len(d.heard) != 1 {
		t.Fatal(a.StatusCode, a.text)
	}
	got := d.heard[0]
	if got.Path != "/hello" || got.Query != "q=1" || got.Method != http.MethodPost || string(got.Body) != `{"a":1}` || got.Headers["X-Own"] == nil || got.Headers["Authorization"] == nil {
		t.Errorf("the plugin heard %+v", got)
	}
	for _, name := range []string{"Cookie", "X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "Connection", "Host", "Content-Length"} {
		if got.Headers[name] != nil {
			t.Errorf("the plugin heard of %s: %v", name, got.Headers[name])
		}
	}
	s.ask(http.MethodGet, at, "", "Authorization", "Bearer pbk_"+strings.Repeat("a", 40))
	for name, want := range map[string]string{"/x/acme/crm/pin_2/hello": "GET 404", "/x/acme/nope/pin_1/hello": "GET 404", "/x/acme/crm/pin_1/nope": "GET 404", at: "PUT 405"} {
		method, status, _ := strings.Cut(want, " ")
		if a := s.ask(method, name, ""); a.Status[:3] != status {
			t.Errorf("%s %s: %s", method, name, a.Status)
		}
	}
	if a := s.ask(http.MethodPost, at, strings.Repeat("x", 17)); a.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a large body: %d", a.StatusCode)
	}
	if a := s.ask(http.MethodGet, at, "", "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Dest", "script"); a.StatusCode != http.StatusNotFound {
		t.Errorf("a page of ours gets a script: %d", a.StatusCode)
	}
	d.answer.Headers = map[string][]string{
		"Content-Type": {"text/html"}, "Set-Cookie": {"a=b"}, "Access-Control-Allow-Origin": {"*"}, "Access-Control-Allow-Credentials": {"true"},
		"Content-Security-Policy": {"default-src *"}, "X-Accel-Redirect": {"/etc/passwd"}, "Refresh": {"0;url=https://x.example"}, "Link": {"<https://x.example>; rel=preconnect"},
		"Clear-Site-Data": {"*"}, "Service-Worker-Allowed": {"/"}, "Strict-Transport-Security": {"max-age=0"}, "X-Frame-Options": {"ALLOW"}, "X-Own": {"yes"}, "Www-Authenticate": {"Basic"},
	}
	h := s.ask(http.MethodGet, at, "").Header
	if h.Get("Content-Security-Policy") == "default-src *" || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || h.Get("X-Frame-Options") != "DENY" || h.Get("X-Own") != "yes" || h.Get("X-Content-Type-Options") != "nosniff" {
		t.Error(h)
	}
	for _, name := range []string{"Set-Cookie", "Access-Control-Allow-Credentials", "X-Accel-Redirect", "Refresh", "Link", "Clear-Site-Data", "Service-Worker-Allowed", "Strict-Transport-Security", "Www-Authenticate"} {
		if h.Get(name) != "" {
			t.Errorf("a plugin sets %s: %s", name, h.Get(name))
		}
	}
	for to, want := range map[string]string{
		"next": "/x/acme/crm/pin_1/next", "/x/acme/crm/pin_1/b?c=d": "/x/acme/crm/pin_1/b?c=d", "https://shop.example/a": "https://shop.example/a",
		"javascript:alert(1)": "", "//evil.example": "", "/conversations": "", "http://x.example": "", "../../../api": "", "%2e%2e/../x": "", "https://a@b.example": "", "data:text/html,x": "", "\\\\evil.example": "", "/x/acme/crm/pin_1/../../x": "",
	} {
		d.answer = extension.RouteAnswer{Status: 302, Headers: map[string][]string{"Location": {to}}}
		if a := s.ask(http.MethodGet, at, ""); a.Header.Get("Location") != want {
			t.Errorf("to %q: leads to %q (%d), want %q", to, a.Header.Get("Location"), a.StatusCode, want)
		}
	}
	d.down = errs.New(errs.Unavailable, "plugin.backoff", "It does not run.")
	if a := s.ask(http.MethodGet, at, ""); a.StatusCode != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" {
		t.Errorf("without a process: %d %v", a.StatusCode, a.Header)
	}
}
