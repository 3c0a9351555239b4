package authz_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/app"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/internal/openidtest"
	"github.com/patchbay-im/patchbay/core/internal/rig"
	"github.com/patchbay-im/patchbay/core/store"
)

// The plugins that write down what they are told.
const (
	channelPlugin = "test/channel"
	livePlugin    = "test/live"
	password      = "correct-horse-battery-42"
)

// world is the product in this process with two workspaces.
type world struct {
	t       *testing.T
	dir     string
	base    string
	metrics string // where they are asked for
	http    *http.Client
	log     *rig.Output
	plugins string // what the plugins wrote down
	stop    func()
	openid  *openidtest.Provider
	sink    *httptest.Server  // where webhooks go
	senders map[string]string // the channel's name of the customer, by conversation
	sunk    sync.Map          // workspace → *rig.Output: what they brought

	here, there *workspace
	people      map[string]*person
	serial      int
	chat        *set // the conversation of a visitor
	table       []row
}

// workspace is one tenant with its inboxes and what was made in it.
type workspace struct {
	id               string
	owner            *person
	shop, desk, live inbox
	front, back      string // teams: front serves shop, back serves desk
	secret           string // of the live inbox's identities
	sets             map[string]*set
}

// inbox is an inbox with the address that its far side posts to.
type inbox struct{ id, hook string }

// workshop is where the plugins are built, once for all tests.
type workshop struct {
	once sync.Once
	dir  string
	err  error
}

var shop workshop

func TestMain(m *testing.M) {
	code := m.Run()
	if shop.dir != "" {
		_ = os.RemoveAll(shop.dir)
	}
	os.Exit(code)
}

func plugins(t *testing.T) string {
	t.Helper()
	shop.once.Do(func() {
		if shop.dir, shop.err = os.MkdirTemp("", "patchbay-authz-"); shop.err != nil { //nolint:usetesting // it serves all tests
			return
		}
		for _, name := range []string{"channel", "live"} {
			if _, err := app.BuildPlugin(t.Context(), filepath.Join("testdata", name), shop.dir); err != nil {
				shop.err = errors.Join(shop.err, err)
			}
		}
	})
	if shop.err != nil {
		t.Fatal(shop.err)
	}
	return shop.dir
}

// newWorld founds the workspaces and starts the product. env are settings
// beside those made here.
func newWorld(t *testing.T, env ...string) *world {
	t.Helper()
	address, err := rig.FreeAddress(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	measures, err := rig.FreeAddress(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		t: t, dir: t.TempDir(), base: "http://" + address, metrics: "http://" + measures + "/metrics", log: &rig.Output{}, people: map[string]*person{}, senders: map[string]string{},
		http: &http.Client{
			Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 256},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	w.plugins = filepath.Join(w.dir, "plugins")
	w.outside()
	here, there := w.found("here"), w.found("there")
	config, err := app.LoadConfig("", append([]string{
		"PATCHBAY_DATA_DIR=" + w.dir, "PATCHBAY_SERVER_ADDRESS=" + address, "PATCHBAY_METRICS_ADDRESS=" + measures, "PATCHBAY_PLUGINS_DEV_DIR=" + plugins(t),
		"PATCHBAY_LOG_LEVEL=debug", "PATCHBAY_OUTBOUND_ALLOW_NETWORKS=127.0.0.0/8", "PATCHBAY_WEBHOOKS_RETRY=10s",
		"PATCHBAY_SANDBOXES_PER_MEMBER=20", "PATCHBAY_SANDBOXES_PER_WORKSPACE=100",
		"PATCHBAY_LIMITS_MEMBER=0", "PATCHBAY_LIMITS_ADDRESS=0", "PATCHBAY_LIMITS_VISITOR=0",
	}, env...), nil)
	if err != nil {
		t.Fatal(err)
	}
	w.serve(config)
	w.here, w.there = w.furnish(here), w.furnish(there)
	w.assemble()
	w.table = routes(t)
	return w
}

// outside starts what the product speaks to.
func (w *world) outside() {
	w.t.Helper()
	var err error
	if w.openid, err = openidtest.Start(w.t.Context(), ""); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(w.openid.Close)
	w.sink = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got, _ := w.sunk.LoadOrStore(strings.TrimPrefix(r.URL.Path, "/"), &rig.Output{})
		_ = r.Header.Write(got.(*rig.Output))
		_, _ = io.Copy(got.(*rig.Output), r.Body)
	}))
	w.t.Cleanup(w.sink.Close)
}

// found makes a workspace with its owner, before anything is served.
func (w *world) found(name string) identity.Membership {
	w.t.Helper()
	ctx, log := w.t.Context(), slog.New(slog.DiscardHandler)
	s, err := store.Open(ctx, store.Config{Driver: store.SQLite, Source: filepath.Join(w.dir, "patchbay.db"), Now: time.Now, Log: log})
	if err != nil {
		w.t.Fatal(err)
	}
	services := identity.New(identity.Deps{
		Stores: s.Identities(), Hasher: identity.NewHasher(identity.HashOptions{}), Throttle: identity.NewThrottle(time.Now, identity.ThrottleOptions{}),
		Now: time.Now, Log: log,
	})
	m, err := services.Setup.Provision(ctx, identity.Founder{
		WorkspaceName: "Workspace " + name, Name: "Owner " + name, Email: "owner@" + name + ".example", Password: password,
	})
	if err := errors.Join(err, s.Close(ctx)); err != nil {
		w.t.Fatal(err)
	}
	return m
}

func (w *world) serve(config app.Config) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
	done := make(chan error, 1)
	go func() { done <- app.Serve(ctx, config, app.Options{Version: "0.1.0", Out: w.log, Log: w.log}) }()
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("the server ended with %v", err)
		}
	})
	w.t.Cleanup(w.stop)
	w.await("the server is ready", func() bool {
		select {
		case err := <-done:
			w.t.Fatalf("the server does not start: %v\n%s", err, w.log.String())
		default:
		}
		a, err := w.try(nobody(), http.MethodGet, "/readyz", "")
		return err == nil && a.status == http.StatusOK
	})
}

// furnish gives a workspace its inboxes and teams.
func (w *world) furnish(m identity.Membership) *workspace {
	w.t.Helper()
	name := strings.TrimPrefix(m.Workspace.Name, "Workspace ")
	out := &workspace{id: string(m.Workspace.ID), sets: map[string]*set{}}
	out.owner = &person{name: "owner", member: string(m.Member.ID), account: string(m.Member.Account), workspace: out, standing: isMember, role: "owner", reach: reachAll}
	out.owner.header = w.signIn("owner@" + name + ".example")
	w.awaitPlugins(out.owner)
	out.shop, out.desk, out.live = w.connect(out.owner, "Shop", channelPlugin), w.connect(out.owner, "Desk", channelPlugin), w.connect(out.owner, "Live", livePlugin)
	out.front = w.make(out.owner, "/teams", fmt.Sprintf(`{"name":"Front","inbox_ids":[%q,%q]}`, out.shop.id, out.live.id))
	out.back = w.make(out.owner, "/teams", fmt.Sprintf(`{"name":"Back","inbox_ids":[%q]}`, out.desk.id))
	var made struct{ Secret string }
	w.decode(w.must(out.owner, http.MethodPost, w.at(out, "/inboxes/"+out.live.id+"/identity-secret"), "{}"), &made)
	out.secret = made.Secret
	w.must(out.owner, http.MethodPut, w.at(out, "/presence/me"), `{"status":"away"}`)
	return out
}

func (w *world) connect(p *person, name, plugin string) inbox {
	w.t.Helper()
	var made struct {
		ID      string
		HookURL string `json:"hook_url"`
	}
	w.decode(w.must(p, http.MethodPost, w.at(p.workspace, "/inboxes"), fmt.Sprintf(`{"name":%q,"plugin":%q,"config":{}}`, name, plugin)), &made)
	return inbox{made.ID, strings.TrimPrefix(made.HookURL, w.base)}
}

// awaitPlugins waits until both plugins run.
func (w *world) awaitPlugins(p *person) {
	w.t.Helper()
	w.await("both plugins run", func() bool {
		a := w.must(p, http.MethodGet, w.at(p.workspace, "/channels"), "")
		return strings.Count(a.text, `"available":true`) == 2
	})
}

// at is a path of a workspace.
func (w *world) at(of *workspace, tail string) string { return "/api/v1/workspaces/" + of.id + tail }

// answer is what came back.
type answer struct {
	status int
	header http.Header
	text   string
	code   string // of a problem
}

// ask sends one request as somebody.
func (w *world) ask(p *person, method, path, body string, header ...string) answer {
	w.t.Helper()
	a, err := w.try(p, method, path, body, header...)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (w *world) try(p *person, method, path, body string, header ...string) (answer, error) {
	r, err := http.NewRequestWithContext(context.Background(), method, w.base+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	maps.Copy(r.Header, p.header)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := w.http.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	a := answer{status: res.StatusCode, header: res.Header, text: string(text)}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "application/problem+json") {
		var problem struct{ Code string }
		err = errors.Join(err, json.Unmarshal(text, &problem))
		a.code = problem.Code
	}
	return a, err
}

// must is ask that succeeds.
func (w *world) must(p *person, method, path, body string, header ...string) answer {
	w.t.Helper()
	a := w.ask(p, method, path, body, header...)
	if a.status >= 300 {
		w.t.Fatalf("%s %s by %s answers %d %s\n%s", method, path, p.name, a.status, a.text, body)
	}
	return a
}

// make posts and returns the id of what was made.
func (w *world) make(p *person, tail, body string) string {
	w.t.Helper()
	var made struct{ ID string }
	w.decode(w.must(p, http.MethodPost, w.at(p.workspace, tail), body), &made)
	if made.ID == "" {
		w.t.Fatalf("POST %s made nothing", tail)
	}
	return made.ID
}

func (w *world) decode(a answer, out any) {
	w.t.Helper()
	if err := json.Unmarshal([]byte(a.text), out); err != nil {
		w.t.Fatalf("%v: %s", err, a.text)
	}
}

// next is a number that was not used yet.
func (w *world) next() int {
	w.serial++
	return w.serial
}

// random is the id of a thing that never was.
func (w *world) random(prefix string) string {
	const digits = "0123456789abcdefghjkmnpqrstvwxyz"
	n, out := w.next(), []byte("01kzzzzzzz0000000000000000")
	for i := len(out) - 1; n > 0; i-- {
		out[i] = digits[n%32]
		n /= 32
	}
	return prefix + "_" + string(out)
}
