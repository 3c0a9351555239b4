package trytontest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
	"github.com/patchbay-im/patchbay/core/internal/trytontest"
	"github.com/patchbay-im/patchbay/plugins/rest-connector/acmetest"
)

// A system of record behind the whole product: the server, the plugin as its
// process, and people who work by REST.
type whole struct {
	t       *testing.T
	options rig.Options
	server  *rig.Server
	owner   rig.Member
	out     rig.Output

	connection, contact, other, chat string
}

const (
	ownerEmail    = "owner@records.example"
	ownerPassword = "correct horse battery staple"
)

// Whom both sides know: one is looked up, the other one is only ever pulled.
const (
	customer      = "林秋白"
	customerEmail = "records.lin@example.com"
	quiet         = "韩梅梅"
	quietEmail    = "records.han@example.com"
)

// known is a record as a member sees it.
type known struct {
	Object, ID, Title string
	Fields            map[string]any
}

// lookup is what one system knows of a contact.
type lookup struct {
	Connection, State, Detail string
	Stale                     bool
	Records                   []known
}

// gate stands before a system: it can be away, and it sees that it is asked for
// what changed.
type gate struct {
	*httptest.Server
	away, pulled atomic.Bool
}

// gateTo leads to a system; change is what a request for changes holds.
func gateTo(t *testing.T, system, change string) *gate {
	t.Helper()
	to, err := url.Parse(system)
	must(t, err)
	g := &gate{}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	g.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if g.away.Load() {
			rw.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		proxy.ServeHTTP(rw, r)
		if strings.Contains(r.URL.RawQuery+string(body), change) {
			g.pulled.Store(true)
		}
	}))
	t.Cleanup(g.Close)
	return g
}

// wholeOf starts the product and connects a system.
func wholeOf(t *testing.T, config, secrets map[string]any) *whole {
	t.Helper()
	product, err := rig.Build(t.Context(), t.TempDir(), "", "rest-connector", "webchat")
	if err != nil {
		t.Fatal(err)
	}
	w := &whole{t: t, options: rig.Options{Product: product, DataDir: filepath.Join(t.TempDir(), "data"), Env: []string{
		"PATCHBAY_ADMIN_EMAIL=" + ownerEmail, "PATCHBAY_ADMIN_PASSWORD=" + ownerPassword,
	}}}
	w.options.Log = &w.out
	w.start()
	t.Cleanup(func() { w.server.Kill() })
	var made struct{ ID string }
	w.eventually("the plugin to take its connection", func() error {
		return w.call(http.MethodPost, "/connections", map[string]any{
			"plugin": "patchbay/rest-connector", "name": "Records", "config": config, "secrets": secrets, "scopes": []string{"state"},
		}, &made)
	})
	w.connection = made.ID
	w.contact, w.other = w.admit(customer, customerEmail), w.admit(quiet, quietEmail)
	w.chat = w.talk()
	return w
}

// admit makes a contact.
func (w *whole) admit(name, email string) string {
	w.t.Helper()
	var made struct{ ID string }
	must(w.t, w.call(http.MethodPost, "/contacts", map[string]any{"name": name, "email": email}, &made))
	return made.ID
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// start starts the server on the same data, at the same address.
func (w *whole) start() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	var err error
	if w.server, err = rig.Launch(w.t.Context(), w.options); err != nil {
		w.t.Fatal(err)
	}
	if _, err = w.server.Ready(ctx); err != nil {
		w.t.Fatal(err, w.out.Tail())
	}
	w.owner, err = rig.NewAPI(w.server.URL()).SignIn(ctx, ownerEmail, ownerPassword)
	must(w.t, err)
}

func (w *whole) call(method, path string, in, out any) error {
	_, err := w.owner.Call(w.t.Context(), method, w.owner.At(path), in, out)
	return err
}

func (w *whole) eventually(what string, ok func() error) {
	w.t.Helper()
	var err error
	if !rig.Await(w.t.Context(), 2*time.Minute, func() bool { err = ok(); return err == nil }) {
		w.t.Fatalf("waited for %s: %v\n%s", what, err, w.out.Tail())
	}
}

// talk is a conversation that a visitor begins.
func (w *whole) talk() string {
	w.t.Helper()
	inbox, err := w.owner.Connect(w.t.Context(), "Shop", "patchbay/webchat", map[string]any{})
	must(w.t, err)
	visitor, err := w.owner.OpenSession(w.t.Context(), inbox.ID, "")
	must(w.t, err)
	_, err = rig.NewAPI(w.owner.Base).As("Authorization", "Bearer "+visitor.Token).Call(w.t.Context(), http.MethodPost,
		rig.Prefix+"/live/"+inbox.ID+"/messages", map[string]string{"client_msg_id": "00000000-0000-7000-8000-000000000001", "text": "想买 100 台"}, nil)
	must(w.t, err)
	var list struct{ Items []rig.Conversation }
	must(w.t, w.call(http.MethodGet, "/conversations", nil, &list))
	if len(list.Items) != 1 {
		w.t.Fatalf("the visitor's conversation is not there: %+v", list)
	}
	return list.Items[0].ID
}

// lookup asks what is known of a contact.
func (w *whole) lookup(contact string) lookup {
	w.t.Helper()
	var found struct{ Items []lookup }
	must(w.t, w.call(http.MethodGet, "/contacts/"+contact+"/records", nil, &found))
	if len(found.Items) != 1 || found.Items[0].Connection != w.connection {
		w.t.Fatalf("the contact's records: %+v", found)
	}
	return found.Items[0]
}

func (w *whole) save(key, object string, fields map[string]any) (known, error) {
	var made known
	err := w.call(http.MethodPost, "/connections/"+w.connection+"/records", map[string]any{"key": key, "object": object, "fields": fields}, &made)
	return made, err
}

// killPlugin ends the connector's process as a crash does.
func (w *whole) killPlugin() {
	w.t.Helper()
	var list struct {
		Items []struct {
			ID  string
			PID int
		}
	}
	must(w.t, w.call(http.MethodGet, "/plugins", nil, &list))
	for _, p := range list.Items {
		if p.ID == "patchbay/rest-connector" && p.PID > 0 {
			must(w.t, syscall.Kill(p.PID, syscall.SIGKILL))
			return
		}
	}
	w.t.Fatalf("the connector does not run: %+v", list)
}

// system is a system of record as its own people see it.
type system struct {
	gate         *gate
	object, lead string
	leadFields   map[string]any
	leads        func() int
	notes        func(record string) int
}

// story is what a system of record is for: the customer is found, a lead is
// made once though a process is killed in between, what was said is written
// down, and what is known there is known here while it is away, of those too
// whom nobody asked for.
func (w *whole) story(far system) {
	t := w.t
	var found lookup
	w.eventually("the customer to be found", func() error {
		if found = w.lookup(w.contact); found.State != "ok" || len(found.Records) == 0 {
			return fmt.Errorf("%+v", found)
		}
		return nil
	})
	if r := found.Records[0]; r.Object != far.object || r.Title != customer || found.Stale {
		t.Errorf("found %+v", found)
	}
	first, err := w.save("cnv_lead_1", far.lead, far.leadFields)
	must(t, err)
	w.killPlugin()
	w.eventually("the same lead again, of another process", func() error {
		again, err := w.save("cnv_lead_1", far.lead, far.leadFields)
		if err == nil && again.ID != first.ID {
			t.Fatalf("the lead %s, then %s", first.ID, again.ID)
		}
		return err
	})
	if n := far.leads(); n != 1 {
		t.Errorf("there are %d leads, want 1", n)
	}
	for range 2 {
		must(t, w.call(http.MethodPost, "/conversations/"+w.chat+"/summary", map[string]any{
			"key": "sum_1", "connection": w.connection, "object": far.object, "record": found.Records[0].ID, "text": "想买 100 台接线台",
		}, nil))
	}
	if n := far.notes(found.Records[0].ID); n != 1 {
		t.Errorf("there are %d notes, want 1", n)
	}
	w.eventually("a pull", func() error {
		if !far.gate.pulled.Load() {
			return errors.New("nobody asked for changes")
		}
		return nil
	})
	w.away(far.gate)
}

// away takes the system away: copies are shown, and said to be such.
func (w *whole) away(g *gate) {
	g.away.Store(true)
	w.copied(w.other, quiet)
	w.server.Kill() // what was looked up is forgotten, what was kept is not
	w.start()
	w.copied(w.other, quiet)
	w.copied(w.contact, customer)
	g.away.Store(false)
	w.eventually("the system to be back", func() error {
		if l := w.lookup(w.contact); l.State != "ok" {
			return fmt.Errorf("%+v", l)
		}
		return nil
	})
}

func (w *whole) copied(contact, name string) {
	w.eventually("the copy of "+name, func() error {
		l := w.lookup(contact)
		if l.State == "ok" || !l.Stale || l.Detail == "" || len(l.Records) == 0 || l.Records[0].Title != name {
			return fmt.Errorf("%+v", l)
		}
		return nil
	})
}

// The connector with the guide's mapping, behind the whole product.
func TestRecordsThroughTheCore(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds and runs the product")
	}
	acme := acmetest.New(t)
	for name, email := range map[string]string{customer: customerEmail, quiet: quietEmail} {
		acme.Add("contacts", map[string]any{"name": name, "email": email})
	}
	g := gateTo(t, acme.URL, "updated_since")
	wholeOf(t, map[string]any{
		"preset": "custom", "base_url": g.URL, "mapping": acmetest.Guide(t, "../../..", "crm-mapping.md"), "pull_every": 1,
	}, map[string]any{"/token": acmetest.Token}).story(system{
		gate: g, object: "contact", lead: "deal", leadFields: map[string]any{"title": "100 台", "email": customerEmail},
		leads: func() int { return len(acme.Rows("deals")) },
		notes: func(string) int { return len(acme.Notes()) },
	})
}

// throughTheCore is the same with the mapping that ships, against Tryton.
func (s *stage) throughTheCore(t *testing.T) {
	for name, email := range map[string]string{customer: customerEmail, quiet: quietEmail} {
		s.party(t, name, map[string]any{"type": "email", "value": email})
	}
	g := gateTo(t, s.tryton.URL, "write_date\",\"ASC\"")
	wholeOf(t, map[string]any{
		"preset": "tryton", "base_url": g.URL, "database": s.tryton.Database, "username": trytontest.User, "pull_every": 1,
	}, map[string]any{"/password": trytontest.Password}).story(system{
		gate: g, object: "party", lead: "lead", leadFields: map[string]any{"description": "经接线台"},
		leads: func() int { return s.count(t, "sale.opportunity", "description", "经接线台") },
		notes: func(record string) int { return s.count(t, "ir.note", "resource", "party.party,"+record) },
	})
	forgetLeads(t, s.session)
}
