package license_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/license"
	"github.com/patchbay-im/patchbay/core/license/licensetest"
)

func day(n int) time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n) }

// vendors sells acme/crm. A token is "<product> <number> <first day> <last day>".
type vendors struct {
	terms  license.Terms
	serves bool
}

// Paid implements license.Vendors.
func (v *vendors) Paid() []license.Terms { return []license.Terms{v.terms} }

// TermsOf implements license.Vendors.
func (v *vendors) TermsOf(plugin license.PluginID) (license.Terms, bool) {
	return v.terms, plugin == v.terms.Plugin
}

// Serves implements license.Vendors.
func (v *vendors) Serves(context.Context, license.PluginID) (bool, error) { return v.serves, nil }

// ProductOf implements license.Vendors.
func (v *vendors) ProductOf(token string) string {
	product, _, ok := strings.Cut(token, " ")
	if !ok {
		return ""
	}
	return product
}

// ReadLicense implements license.Vendors.
func (v *vendors) ReadLicense(_ license.PluginID, token string) (license.Document, error) {
	words := strings.Fields(token)
	if len(words) != 4 {
		return license.Document{}, errs.New(errs.Invalid, "license.signature", "It was changed.")
	}
	first, err1 := time.Parse(time.DateOnly, words[2])
	last, err2 := time.Parse(time.DateOnly, words[3])
	if err := errors.Join(err1, err2); err != nil {
		return license.Document{}, err
	}
	return license.Document{Number: words[1], Product: words[0], IssuedAt: first, At: func(now time.Time) license.Entitlement {
		e := license.Entitlement{State: license.Valid, ExpiresAt: last, Edition: words[1]}
		switch {
		case now.Before(first):
			e.State = license.NotYet
		case !now.Before(last.AddDate(0, 0, 14)):
			e.State = license.Expired
		case !now.Before(last):
			e.State, e.GraceUntil = license.Grace, last.AddDate(0, 0, 14)
		}
		return e
	}}, nil
}

func token(number string, first, last int) string {
	return "acme/crm " + number + " " + day(first).Format(time.DateOnly) + " " + day(last).Format(time.DateOnly)
}

// plain seals nothing.
type plain struct{}

// Seal implements license.Sealer.
func (plain) Seal(secret []byte, about string) string { return about + "|" + string(secret) }

// Open implements license.Sealer.
func (plain) Open(sealed, about string) ([]byte, error) {
	text, ok := strings.CutPrefix(sealed, about+"|")
	if !ok {
		return nil, errors.New("sealed for something else")
	}
	return []byte(text), nil
}

// desk is an installation with one paid plugin, and its clock.
type desk struct {
	*license.Service
	t     *testing.T
	store *licensetest.Store
	sells *vendors
	today int
	owner identity.Scope
}

func newDesk(t *testing.T, trial int) *desk {
	t.Helper()
	d := &desk{t: t, store: licensetest.NewStore(), sells: &vendors{terms: license.Terms{
		Plugin: "acme/crm", Product: "acme/crm", Model: "subscription", OnExpiry: license.ReadOnly, TrialDays: trial,
	}}}
	d.owner = identity.Scope{Workspace: "wsp_1", Actor: identity.Actor{Kind: identity.ActorMember, ID: "mem_1", Name: "Ada", Role: identity.RoleOwner}}
	d.start()
	return d
}

// start is a server that starts anew on what is kept.
func (d *desk) start() {
	d.t.Helper()
	d.Service = license.New(license.Deps{
		Store: d.store, Vendors: d.sells, Sealer: plain{}, Now: func() time.Time { return day(d.today) }, Log: slog.New(slog.DiscardHandler),
	})
	d.on(d.today, "")
}

// on goes to a day and wants a state; "" = any.
func (d *desk) on(today int, want license.State) license.Standing {
	d.t.Helper()
	d.today = today
	if err := d.Refresh(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
	got, paid := d.Standing("acme/crm")
	if !paid || want != "" && got.State != want {
		d.t.Errorf("day %d: %+v, want %s", today, got, want)
	}
	works := got.State == license.Trial || got.State == license.Valid || got.State == license.Grace
	if (d.Barred("acme/crm") == nil) != works {
		d.t.Errorf("day %d: %s, barred: %v", today, got.State, d.Barred("acme/crm"))
	}
	return got
}

func (d *desk) add(token string) license.License {
	d.t.Helper()
	l, err := d.Add(d.t.Context(), d.owner, token)
	if err != nil {
		d.t.Fatal(err)
	}
	return l
}

func TestALifeWithLicenses(t *testing.T) {
	d := newDesk(t, 0)
	d.on(0, license.None)
	if e, err := d.Entitlement(t.Context(), "acme/crm"); err != nil || e.State != license.None || e.Token != "" {
		t.Errorf("%+v %v", e, err)
	}
	if e, err := d.Entitlement(t.Context(), "acme/free"); err != nil || e.State != license.None || d.Barred("acme/free") != nil {
		t.Errorf("a free plugin: %+v %v", e, err)
	}
	if got := errs.As(d.Barred("acme/crm")).Code; got != license.CodeMissing {
		t.Errorf("without a license: %s", got)
	}
	first := d.add("\n" + token("basic", 0, 100) + "\n")
	if first.Document.Number != "basic" || first.Sealed != "" || first.Entitlement.State != license.Valid {
		t.Errorf("added: %+v", first)
	}
	d.on(1, license.Valid)
	if e, err := d.Entitlement(t.Context(), "acme/crm"); err != nil || e.Token != token("basic", 0, 100) {
		t.Errorf("the plugin is told %+v %v", e, err)
	}
	d.start() // what is kept survives
	d.on(99, license.Valid)
	d.on(100, license.Grace)
	d.on(113, license.Grace)
	d.on(114, license.Expired)
	if got := errs.As(d.Barred("acme/crm")).Code; got != license.CodeExpired {
		t.Errorf("with an expired one: %s", got)
	}
	next := d.add(token("pro", 120, 500)) // bought in time, for later
	d.on(114, license.Expired)
	if got := d.on(120, license.Valid); got.Edition != "pro" {
		t.Errorf("which one counts: %+v", got)
	}
	if all, err := d.List(t.Context(), d.owner); err != nil || len(all) != 2 || all[0].Entitlement.State != license.Expired || all[1].ID != next.ID || all[1].Sealed != "" {
		t.Errorf("listed: %+v %v", all, err)
	}
	if err := d.Remove(t.Context(), d.owner, next.ID); err != nil {
		t.Fatal(err)
	}
	d.on(121, license.Expired)
	if err := d.Remove(t.Context(), d.owner, next.ID); !errs.Is(err, errs.NotFound) {
		t.Errorf("removed twice: %v", err)
	}
	var actions []string
	for _, e := range d.store.Events() {
		actions = append(actions, e.Audit.Action+" "+e.Audit.Target.ID)
		if strings.Contains(string(e.Audit.Detail), "2026") {
			t.Errorf("a record shows the token: %s", e.Audit.Detail)
		}
	}
	if got := strings.Join(actions, ", "); got != "license.added acme/crm, license.added acme/crm, license.removed acme/crm" {
		t.Errorf("recorded: %s", got)
	}
}

func TestWhatIsNotAdded(t *testing.T) {
	d := newDesk(t, 0)
	d.on(50, "")
	d.add(token("one", 0, 100))
	for text, want := range map[string]string{
		"":                          "license.malformed",
		"rubbish":                   "license.malformed",
		"acme/other x 1 2":          "license.no_plugin",
		"acme/crm changed":          "license.signature",
		token("old", 0, 10):         "license.over",
		token("one", 0, 100):        "license.known",
		"  " + token("one", 0, 100): "license.known",
	} {
		if _, err := d.Add(t.Context(), d.owner, text); errs.As(err) == nil || errs.As(err).Code != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	agent := d.owner
	agent.Actor.Role = identity.RoleAgent
	if _, err := d.Add(t.Context(), agent, token("two", 0, 100)); !errs.Is(err, errs.Forbidden) {
		t.Errorf("an agent adds: %v", err)
	}
	if _, err := d.List(t.Context(), agent); !errs.Is(err, errs.Forbidden) {
		t.Errorf("an agent lists: %v", err)
	}
	if err := d.Remove(t.Context(), agent, "lic_1"); !errs.Is(err, errs.Forbidden) {
		t.Errorf("an agent removes: %v", err)
	}
}

// The trial begins with the first connection, once, and a license ends it.
func TestTrial(t *testing.T) {
	d := newDesk(t, 14)
	if got := d.on(0, license.Trial); !got.HostTrial || !got.ExpiresAt.Equal(day(14)) {
		t.Errorf("before it began: %+v", got)
	}
	d.on(100, license.Trial) // nobody has connected it yet
	d.sells.serves = true
	d.on(100, license.Trial)
	d.sells.serves = false
	d.on(113, license.Trial)
	d.start()
	d.on(114, license.Expired)
	if got := errs.As(d.Barred("acme/crm")).Code; got != license.CodeExpired {
		t.Errorf("after the trial: %s", got)
	}
	d.add(token("pro", 110, 200))
	if got := d.on(115, license.Valid); got.HostTrial {
		t.Errorf("bought: %+v", got)
	}
}

// A clock that is turned back makes no license longer, on any server; one that
// leaps ahead for a while ends none for good.
func TestClock(t *testing.T) {
	d := newDesk(t, 0)
	d.add(token("pro", 0, 100))
	d.on(114, license.Expired)
	d.today = 50
	d.start()
	d.on(50, license.Expired)
	d.on(113, license.Expired)

	d = newDesk(t, 0)
	d.add(token("pro", 0, 100))
	d.on(20_000, license.Expired)
	d.today = 50
	d.start()
	d.on(50, license.Valid)
}

// What cannot be opened or read any more is shown with the reason and removed as
// any other.
func TestWhatCannotBeRead(t *testing.T) {
	d := newDesk(t, 0)
	d.add(token("pro", 0, 100))
	if err := d.store.AddLicense(t.Context(), license.Kept{ID: "lic_x", Product: "acme/crm", Digest: "x", Sealed: "of another server", AddedAt: day(1)}); err != nil {
		t.Fatal(err)
	}
	d.on(1, license.Valid)
	all, err := d.List(t.Context(), d.owner)
	if err != nil || len(all) != 2 || all[1].Problem == "" || all[1].Entitlement.State != "" {
		t.Fatalf("%+v %v", all, err)
	}
	if err := d.Remove(t.Context(), d.owner, "lic_x"); err != nil {
		t.Error(err)
	}
}
