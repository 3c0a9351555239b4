package httpapi_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/audit"
	"github.com/patchbay-im/patchbay/core/httpapi"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/machine"
	"github.com/patchbay-im/patchbay/core/system"
)

// ailing finds one thing that is wrong, with something that only who runs the
// installation may know.
type ailing struct{}

func (ailing) Examine(context.Context) system.Facts {
	return system.Facts{At: time.Now(), Version: "test", Database: &system.Database{Fault: "the host db.internal refuses"}}
}

type packer struct{}

func (packer) Contents(context.Context, system.Report) ([]system.Item, error) {
	return []system.Item{{Name: "report.txt", Size: 5, Text: "hello"}}, nil
}

func (packer) Pack(context.Context, system.Report) ([]byte, error) { return []byte("PK"), nil }

func (s *site) operation(audited *audit.Service) httpapi.Operation {
	return httpapi.Operation{
		Service: system.NewService(system.Deps{Examiner: ailing{}, Packer: packer{}, Tenants: s.identity.Workspaces, Audit: audited, Now: time.Now}),
		Passes:  system.NewPasses([]byte("of the tests"), time.Now),
		Live:    func(context.Context) system.Live { return system.Live{Version: "test"} },
		Pack:    func(context.Context) ([]byte, error) { return []byte("PK"), nil },
	}
}

// Another workspace's administrator learns how each area is, and nothing of it.
func TestTheInstallationIsTheFirstWorkspaces(t *testing.T) {
	s := newSite(t, nil)
	abroad, theirs := s.Workspace("other@example.com")
	s.change(theirs, func(m *identity.Member) { m.Role = identity.RoleOwner })
	path := func(w identity.WorkspaceID, rest string) string {
		return "/api/v1/workspaces/" + string(w) + "/system" + rest
	}
	mine, cookie := s.WS, s.signIn(s.Owner)
	other, otherCookie := abroad, s.signIn(theirs)
	if abroad < mine { // whichever is older runs it
		mine, other, cookie, otherCookie = other, mine, otherCookie, cookie
	}
	a := s.ask(http.MethodGet, path(mine, ""), "", "Cookie", cookie)
	if a.StatusCode != http.StatusOK || !strings.Contains(a.text, "db.internal") || !strings.Contains(a.text, "数据库不可用") {
		t.Errorf("the first workspace is told %d %s", a.StatusCode, a.text)
	}
	b := s.ask(http.MethodGet, path(other, ""), "", "Cookie", otherCookie)
	if b.StatusCode != http.StatusOK || strings.Contains(b.text, "db.internal") || !strings.Contains(b.text, `"area":"database","level":"problem"`) || !strings.Contains(b.text, `"partial":true`) {
		t.Errorf("another is told %d %s", b.StatusCode, b.text)
	}
	for _, rest := range []string{"/bundle", "/bundle/contents"} {
		if a := s.ask(http.MethodGet, path(mine, rest), "", "Cookie", cookie); a.StatusCode != http.StatusOK {
			t.Errorf("%s of the first: %d %s", rest, a.StatusCode, a.text)
		}
		if b := s.ask(http.MethodGet, path(other, rest), "", "Cookie", otherCookie); b.StatusCode != http.StatusForbidden || b.code != "system.elsewhere" {
			t.Errorf("%s of another: %d %s", rest, b.StatusCode, b.text)
		}
	}
}

// What the command line asks is closed to everybody without the master key.
func TestOperatorRoutesNeedAPass(t *testing.T) {
	s := newSite(t, nil)
	passes := system.NewPasses([]byte("of the tests"), time.Now)
	for _, path := range []string{httpapi.OperatorLive, httpapi.OperatorBundle} {
		for name, header := range map[string]string{
			"nothing": "", "a pass of another kind": "Bearer " + passes.Issue(system.ForTrial), "nonsense": "Bearer 1.2.3", "another key's": "Bearer " + system.NewPasses([]byte("x"), time.Now).Issue(system.ForOperator),
		} {
			if a := s.ask(http.MethodGet, path, "", "Authorization", header, "Cookie", s.signIn(s.Owner)); a.StatusCode != http.StatusNotFound {
				t.Errorf("%s with %s: %d", path, name, a.StatusCode)
			}
		}
		if a := s.ask(http.MethodGet, path, "", "Authorization", "Bearer "+passes.Issue(system.ForOperator)); a.StatusCode != http.StatusOK || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s with a pass: %d %v", path, a.StatusCode, a.Header)
		}
	}
	if a := s.ask(http.MethodGet, httpapi.TrialPath+"1.2.3", ""); a.StatusCode != http.StatusNotFound {
		t.Errorf("a trial without a pass: %d", a.StatusCode)
	}
}

// TestWhatAProxyDoesToWebSockets puts proxies of every bad habit before the real
// server, visits it through each, and reads what the examination makes of it.
func TestWhatAProxyDoesToWebSockets(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	back := "http://" + l.Addr().String()
	s := newSite(t, func(o *httpapi.Options) { o.BaseURL, o.Now = back, time.Now })
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Shutdown(context.WithoutCancel(t.Context())) })
	target, err := url.Parse(back)
	if err != nil {
		t.Fatal(err)
	}
	proxy := func(rewrite func(r *httputil.ProxyRequest)) http.Handler {
		return &httputil.ReverseProxy{FlushInterval: -1, Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host
			rewrite(r)
		}}
	}
	for want, front := range map[string]http.Handler{
		"socket.ok": proxy(func(*httputil.ProxyRequest) {}),
		"socket.stripped": proxy(func(r *httputil.ProxyRequest) {
			r.Out.Header.Del("Upgrade")
			r.Out.Header.Del("Connection")
		}),
		"socket.origin": proxy(func(r *httputil.ProxyRequest) { r.Out.Host = "backend.internal" }),
		"socket.blocked": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Upgrade") != "" {
				http.Error(w, "no", http.StatusForbidden)
				return
			}
			proxy(func(*httputil.ProxyRequest) {}).ServeHTTP(w, r)
		}),
		"socket.lost":   swallow(target.Host, proxy(func(*httputil.ProxyRequest) {}), func(down net.Conn, _ *bufio.Reader) { _ = down.Close() }),
		"socket.silent": swallow(target.Host, proxy(func(*httputil.ProxyRequest) {}), func(down net.Conn, up *bufio.Reader) { head(down, up); time.Sleep(time.Second); _ = down.Close() }),
		"socket.buffered": swallow(target.Host, proxy(func(*httputil.ProxyRequest) {}), func(down net.Conn, up *bufio.Reader) {
			head(down, up)
			all, _ := io.ReadAll(up) // to the end, then all at once
			_, _ = down.Write(all)
			_ = down.Close()
		}),
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(front)
			t.Cleanup(server.Close)
			passes := system.NewPasses([]byte("of the tests"), time.Now)
			address, knock := machine.Visitor{Base: server.URL, Trial: httpapi.TrialPath + passes.Issue(system.ForTrial), Now: time.Now}.Visit(t.Context())
			if address.Fault != "" || address.Other || knock == nil {
				t.Fatalf("%+v %+v", address, knock)
			}
			found := system.Judge(system.Facts{At: time.Now(), Socket: knock})
			for _, f := range found {
				if f.Area == system.AreaSocket && f.Code != want {
					t.Errorf("%s: %+v", f.Code, knock)
				}
			}
		})
	}
}

// head passes on the head of the answer, up to its empty line.
func head(down net.Conn, up *bufio.Reader) {
	for {
		line, err := up.ReadString('\n')
		if err != nil {
			return
		}
		_, _ = down.Write([]byte(line))
		if line == "\r\n" {
			return
		}
	}
}

// swallow is a proxy that lets an upgrade through to the server and does what
// it likes with the answer.
func swallow(server string, rest http.Handler, answer func(down net.Conn, up *bufio.Reader)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			rest.ServeHTTP(w, r)
			return
		}
		up, err := (&net.Dialer{}).DialContext(r.Context(), "tcp", server)
		if err != nil {
			return
		}
		defer up.Close() //nolint:errcheck // of a test
		_ = r.Write(up)
		down, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		go func() { _, _ = io.Copy(up, down) }()
		in := bufio.NewReader(up)
		if _, err := in.Peek(1); err == nil {
			answer(down, in)
		}
	})
}

// Something else that answers at the address, or nothing, is told apart.
func TestSomebodyElsesAddress(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("welcome")) }))
	t.Cleanup(other.Close)
	a, knock := machine.Visitor{Base: other.URL, Trial: "/x", Now: time.Now}.Visit(t.Context())
	if !a.Other || knock != nil {
		t.Errorf("%+v %+v", a, knock)
	}
	gone := httptest.NewServer(nil)
	gone.Close()
	if a, _ := (machine.Visitor{Base: gone.URL, Trial: "/secret-pass", Now: time.Now}).Visit(t.Context()); a.Fault == "" || strings.Contains(a.Fault, "secret-pass") {
		t.Errorf("%+v", a)
	}
	// A certificate of nobody: its end is seen, and that nobody trusts it.
	shown := httptest.NewTLSServer(nil)
	t.Cleanup(shown.Close)
	a, _ = machine.Visitor{Base: shown.URL, Trial: "/x", Now: time.Now}.Visit(t.Context())
	if a.Untrust == "" || a.Expires.IsZero() {
		t.Errorf("%+v", a)
	}
	far := func() time.Time { return a.Expires.Add(time.Hour) }
	late, _ := machine.Visitor{Base: shown.URL, Trial: "/x", Now: far}.Visit(t.Context())
	found := system.Judge(system.Facts{At: far(), Address: &late})
	if !strings.Contains(found[1].Code+found[2].Code, "address.expired") && !strings.Contains(found[0].Code, "address.expired") {
		t.Errorf("expired: %+v", found)
	}
}
