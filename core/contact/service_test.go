package contact_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/contact/contacttest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

const (
	home   = identity.WorkspaceID("wsp_1")
	abroad = identity.WorkspaceID("wsp_2")
)

// book is the use cases of contacts over storage in memory.
type book struct {
	*testing.T
	*contact.Service
	store *contacttest.Fake
	feed  *eventtest.Feed
	at    time.Time
}

func newBook(t *testing.T) *book {
	t.Helper()
	b := &book{T: t, feed: eventtest.NewFeed(), at: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)}
	b.store = contacttest.NewFake(b.feed)
	b.Service = contact.NewService(contact.Deps{
		Store: b.store, Organisations: b.store, Attributes: contacttest.Attributes{"vip": "boolean", "plan": "text"}, Now: func() time.Time { return b.at },
	})
	return b
}

func (b *book) ok(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// add makes a contact, as a channel's message does.
func (b *book) add(w identity.WorkspaceID, id contact.ID, name string) {
	b.Helper()
	tx, commit := b.store.Begin(w)
	b.ok(tx.Create(b.Context(), contact.Contact{
		Workspace: w, ID: id, Name: name, Attributes: map[string]any{"page": "/tea"}, CreatedAt: b.at, UpdatedAt: b.at,
	}, contact.Identity{Workspace: w, Inbox: "inb_1", External: "ext-" + string(id), Contact: id}))
	commit()
	b.at = b.at.Add(time.Second)
}

// as is the scope of a member of the home workspace.
func as(role identity.Role) identity.Scope {
	return identity.Scope{Workspace: home, Actor: identity.Actor{Kind: identity.ActorMember, ID: "mem_1", Role: role}}
}

// useCases are those on one contact.
func (b *book) useCases() map[string]func(ctx context.Context, s identity.Scope, id contact.ID) error {
	return map[string]func(ctx context.Context, s identity.Scope, id contact.ID) error{
		"get": func(ctx context.Context, s identity.Scope, id contact.ID) error {
			_, _, err := b.Get(ctx, s, id)
			return err
		},
		"update": func(ctx context.Context, s identity.Scope, id contact.ID) error {
			_, err := b.Update(ctx, s, id, contact.Edit{Name: new("x")})
			return err
		},
	}
}

func TestPermissions(t *testing.T) {
	b := newBook(t)
	b.add(home, "con_1", "Alice")
	cases := b.useCases()
	cases["list"] = func(ctx context.Context, s identity.Scope, _ contact.ID) error {
		_, err := b.List(ctx, s, contact.Filter{Reach: identity.Everywhere()}, page.Request{})
		return err
	}
	for name, run := range cases {
		for _, role := range []identity.Role{identity.RoleOwner, identity.RoleAdministrator, identity.RoleSupervisor, identity.RoleAgent} {
			if err := run(t.Context(), as(role), "con_1"); err != nil {
				t.Errorf("%s by %s: %v", name, role, err)
			}
		}
		customer := identity.Scope{Workspace: home, Actor: identity.Actor{Kind: identity.ActorContact, ID: "con_1", Role: identity.RoleOwner}}
		plugin := identity.Scope{Workspace: home, Actor: identity.Actor{Kind: identity.ActorPlugin, ID: "a/b", Role: identity.RoleOwner}}
		for _, scope := range []identity.Scope{as(""), as("guest"), customer, plugin, {Workspace: home}} {
			if err := run(t.Context(), scope, "con_1"); !errs.Is(err, errs.Forbidden) {
				t.Errorf("%s by %+v: %v", name, scope.Actor, err)
			}
		}
	}
}

func TestForeignAndAbsentAreTheSame(t *testing.T) {
	b := newBook(t)
	b.add(abroad, "con_2", "Bob")
	for name, run := range b.useCases() {
		foreign, absent := run(t.Context(), as(identity.RoleOwner), "con_2"), run(t.Context(), as(identity.RoleOwner), "con_none")
		if !errs.Is(absent, errs.NotFound) || foreign == nil || foreign.Error() != absent.Error() {
			t.Errorf("%s: foreign gives %v, absent gives %v", name, foreign, absent)
		}
	}
	if got, err := b.List(t.Context(), as(identity.RoleOwner), contact.Filter{Reach: identity.Everywhere(), Query: "Bob"}, page.Request{}); err != nil || len(got.Items) != 0 {
		t.Errorf("found %+v, %v", got.Items, err)
	}
	if c, _, err := b.store.Get(t.Context(), abroad, "con_2"); err != nil || c.Name != "Bob" {
		t.Errorf("it was changed: %+v, %v", c, err)
	}
}

func TestUpdate(t *testing.T) {
	b := newBook(t)
	b.add(home, "con_1", "Alice")
	b.at = b.at.Add(time.Minute)
	edit := func(e contact.Edit) contact.Contact {
		t.Helper()
		c, err := b.Update(t.Context(), as(identity.RoleAgent), "con_1", e)
		b.ok(err)
		return c
	}
	c := edit(contact.Edit{Name: new("  王芳 "), Email: new(" wang@example.com "), Phone: new("+86 10 1234"), Note: new(" VIP\r\n\tlikes tea ")})
	if c.Name != "王芳" || c.Email != "wang@example.com" || c.Phone != "+86101234" || c.Note != "VIP\r\n\tlikes tea" || !c.UpdatedAt.Equal(b.at) {
		t.Errorf("changed to %+v", c)
	}
	c = edit(contact.Edit{Phone: new("")})
	if c.Phone != "" || c.Name != "王芳" || c.Attributes["page"] != "/tea" {
		t.Errorf("what was not named changed: %+v", c)
	}
	_, ids, err := b.Get(t.Context(), as(identity.RoleAgent), "con_1")
	if err != nil || len(ids) != 1 || ids[0].External != "ext-con_1" {
		t.Errorf("identities %+v, %v", ids, err)
	}
	events, err := b.feed.Since(t.Context(), string(home), 0, 10)
	b.ok(err)
	if len(events) != 2 || events[0].Type != contact.Changed || events[0].Subject != "con_1" || string(events[0].Data) != `{"id":"con_1"}` || events[0].ID == events[1].ID {
		t.Errorf("events %+v", events)
	}
}

func TestUpdateRefuses(t *testing.T) {
	b := newBook(t)
	b.add(home, "con_1", "Alice")
	for name, tt := range map[string]struct {
		edit contact.Edit
		want []string // pointer and code of each field
	}{
		"a long name":        {contact.Edit{Name: new(strings.Repeat("长", contact.MaxName+1))}, []string{"/name too_long"}},
		"a name of lines":    {contact.Edit{Name: new("a\nb")}, []string{"/name characters"}},
		"a NUL":              {contact.Edit{Note: new("a\x00b")}, []string{"/note characters"}},
		"broken UTF-8":       {contact.Edit{Phone: new("\xff")}, []string{"/phone characters"}},
		"a long phone":       {contact.Edit{Phone: new(strings.Repeat("1", contact.MaxPhone+1))}, []string{"/phone too_long"}},
		"a long note":        {contact.Edit{Note: new(strings.Repeat("长", contact.MaxNote+1))}, []string{"/note too_long"}},
		"a long address":     {contact.Edit{Email: new(strings.Repeat("a", contact.MaxEmail) + "@example.com")}, []string{"/email too_long"}},
		"no address":         {contact.Edit{Email: new("alice")}, []string{"/email format"}},
		"an address, named":  {contact.Edit{Email: new("Alice <a@example.com>")}, []string{"/email format"}},
		"in brackets":        {contact.Edit{Email: new("<a@example.com>")}, []string{"/email format"}},
		"with a comment":     {contact.Edit{Email: new("a@example.com (work)")}, []string{"/email format"}},
		"two addresses":      {contact.Edit{Email: new("a@example.com, b@example.com")}, []string{"/email format"}},
		"an injected header": {contact.Edit{Email: new("a@example.com\r\nBcc: b@example.com")}, []string{"/email characters"}},
		"everything at once": {contact.Edit{Name: new("\x00"), Email: new("x"), Phone: new("\n")}, []string{"/name characters", "/phone characters", "/email format"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := b.Update(t.Context(), as(identity.RoleAgent), "con_1", tt.edit)
			e := errs.As(err)
			if err == nil || e.Kind != errs.Invalid || e.Code != "contact.invalid" {
				t.Fatalf("got %v", err)
			}
			var got []string
			for _, f := range e.Fields {
				got = append(got, f.Pointer+" "+f.Code)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("fields %q, want %q", got, tt.want)
			}
		})
	}
	if c, _, err := b.store.Get(t.Context(), home, "con_1"); err != nil || c.Name != "Alice" || c.Email != "" {
		t.Errorf("a refused change was made: %+v, %v", c, err)
	}
	for _, fine := range []contact.Edit{{}, {Email: new("")}, {Email: new("  ")}, {Email: new("用户@例子.中国")}, {Name: new(strings.Repeat("长", contact.MaxName))}} {
		if _, err := b.Update(t.Context(), as(identity.RoleAgent), "con_1", fine); err != nil {
			t.Errorf("%+v: %v", fine, err)
		}
	}
}

func TestList(t *testing.T) {
	b := newBook(t)
	b.add(home, "con_1", "Alice")
	b.add(home, "con_2", "王芳")
	b.add(home, "con_3", "Alan")
	names := func(query string, p page.Request) []string {
		t.Helper()
		got, err := b.List(t.Context(), as(identity.RoleAgent), contact.Filter{Reach: identity.Everywhere(), Query: query}, p)
		b.ok(err)
		var out []string
		for _, c := range got.Items {
			out = append(out, c.Name)
		}
		return out
	}
	for query, want := range map[string][]string{"": {"Alan", "王芳", "Alice"}, "  al ": {"Alan", "Alice"}, "芳": {"王芳"}, "nobody": nil} {
		if got := names(query, page.Request{}); !slices.Equal(got, want) {
			t.Errorf("%q finds %q, want %q", query, got, want)
		}
	}
	if got := names("", page.Request{Limit: 1}); !slices.Equal(got, []string{"Alan"}) {
		t.Errorf("the first page: %q", got)
	}
	if _, err := b.List(t.Context(), as(identity.RoleAgent), contact.Filter{Reach: identity.Everywhere()}, page.Request{Cursor: "rubbish"}); !errs.Is(err, errs.Invalid) {
		t.Errorf("a cursor of ours? %v", err)
	}
}
