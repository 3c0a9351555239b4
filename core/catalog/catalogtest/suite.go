package catalogtest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/team"
)

// Fixture is an implementation under test.
type Fixture struct {
	Store catalog.Store
	Log   event.Log // of the same storage

	// Workspace makes a workspace with a member and two teams.
	Workspace func(tb testing.TB) (identity.WorkspaceID, identity.MemberID, [2]team.ID)
}

// Run runs the suite. open returns an empty, independent storage each time.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	for name, run := range map[string]func(*world){
		"labels":                 testLabels,
		"a label's way out":      testGraveyard,
		"one name at once":       testOneName,
		"attributes":             testAttributes,
		"canned replies":         testCanned,
		"search":                 testSearch,
		"shadows":                testShadows,
		"pages":                  testPages,
		"uses at once":           testUses,
		"tenants apart":          testTenants,
		"a change that fails":    testFailure,
		"text that cannot be":    testText,
		"events commit with it":  testEvents,
		"whose it is must exist": testOwners,
	} {
		t.Run(name, func(t *testing.T) {
			w := &world{T: t, f: open(t), now: time.Date(2026, 3, 1, 12, 0, 0, 7_000_000, time.UTC)}
			w.ids = id.NewSource(func() time.Time { return w.now })
			w.ws, w.me, w.teams = w.f.Workspace(t)
			run(w)
		})
	}
}

type world struct {
	*testing.T
	f     Fixture
	now   time.Time
	ids   id.Source
	ws    identity.WorkspaceID
	me    identity.MemberID
	teams [2]team.ID
}

func (w *world) tick() time.Time {
	w.now = w.now.Add(time.Second)
	return w.now
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) code(err error, want string) {
	w.Helper()
	if err == nil || errs.As(err).Code != want {
		w.Fatalf("got %v, want %s", err, want)
	}
}

func (w *world) event(kind, subject string) event.Event {
	return event.Event{ID: w.ids.New("chg"), Workspace: string(w.ws), Type: kind, Subject: subject, At: w.tick(), Data: []byte(`{"id":"` + subject + `"}`)}
}

func (w *world) label(name string) catalog.Label {
	return catalog.Label{Workspace: w.ws, ID: catalog.LabelID(w.ids.New("lab")), Name: name, Color: "#2f80ed", Description: "说明 🙂", CreatedAt: w.tick()}
}

func (w *world) labels() []catalog.Label {
	w.Helper()
	list, err := w.f.Store.Labels(w.Context(), w.ws)
	w.ok(err)
	return list
}

func testLabels(w *world) {
	s, ctx := w.f.Store, w.Context()
	b, a := w.label("billing"), w.label("Anger")
	w.ok(s.CreateLabel(ctx, b))
	w.ok(s.CreateLabel(ctx, a))
	if got := w.labels(); !slices.Equal(got, []catalog.Label{a, b}) {
		w.Fatalf("got %+v", got)
	}
	w.code(s.CreateLabel(ctx, w.label("BILLING")), "label.taken")
	_, err := s.ChangeLabel(ctx, w.ws, a.ID, func(l *catalog.Label) error { l.Name = "Billing"; return nil })
	w.code(err, "label.taken")
	got, err := s.ChangeLabel(ctx, w.ws, a.ID, func(l *catalog.Label) error {
		l.Name, l.Color, l.ID, l.CreatedAt = "ANGER", "#ff0000", "lab_x", time.Time{}
		return nil
	})
	w.ok(err)
	a.Name, a.Color = "ANGER", "#ff0000"
	if got != a || w.labels()[0] != a {
		w.Fatalf("got %+v and %+v, want %+v", got, w.labels()[0], a)
	}
	_, err = s.ChangeLabel(ctx, w.ws, "lab_none", func(*catalog.Label) error { return nil })
	w.code(err, "not_found")
}

func testGraveyard(w *world) {
	s, ctx := w.f.Store, w.Context()
	l := w.label("old")
	w.ok(s.CreateLabel(ctx, l))
	w.ok(s.PurgeLabel(ctx, w.ws, l.ID)) // is not deleted
	w.ok(s.DeleteLabel(ctx, w.ws, l.ID, w.tick()))
	w.code(s.DeleteLabel(ctx, w.ws, l.ID, w.tick()), "not_found")
	_, err := s.ChangeLabel(ctx, w.ws, l.ID, func(*catalog.Label) error { return nil })
	w.code(err, "not_found")
	w.ok(s.CreateLabel(ctx, w.label("OLD"))) // the name is free again
	gone, err := s.DeletedLabels(ctx, 10)
	w.ok(err)
	if len(w.labels()) != 1 || !slices.Equal(gone, []catalog.Gone{{Workspace: w.ws, ID: l.ID}}) {
		w.Fatalf("%d labels, gone %+v", len(w.labels()), gone)
	}
	w.ok(s.PurgeLabel(ctx, w.ws, l.ID))
	w.ok(s.PurgeLabel(ctx, w.ws, l.ID))
	gone, err = s.DeletedLabels(ctx, 10)
	w.ok(err)
	if len(gone) != 0 {
		w.Fatalf("still there: %+v", gone)
	}
}

func testOneName(w *world) {
	var wg sync.WaitGroup
	made := make(chan error, 8)
	for i := range cap(made) {
		l := w.label(strings.Repeat("x", 3))
		l.Description = strconv.Itoa(i)
		wg.Go(func() { made <- w.f.Store.CreateLabel(w.Context(), l) })
	}
	wg.Wait()
	close(made)
	n := 0
	for err := range made {
		if err == nil {
			n++
		} else if !errs.Is(err, errs.Conflict) {
			w.Error(err)
		}
	}
	if n != 1 || len(w.labels()) != 1 {
		w.Fatalf("%d of them succeeded", n)
	}
}

func testAttributes(w *world) {
	s, ctx := w.f.Store, w.Context()
	attribute := func(of catalog.Target, key string, typ catalog.Type, options ...string) catalog.Attribute {
		return catalog.Attribute{
			Workspace: w.ws, ID: catalog.AttributeID(w.ids.New("cat")), Target: of, Key: key, Name: "名 " + key, Type: typ, Options: options,
			Required: key == "plan", CreatedAt: w.tick(),
		}
	}
	plan, vip := attribute(catalog.OfConversation, "plan", catalog.List, "专业", `"pro"`, "<b>"), attribute(catalog.OfContact, "plan", catalog.Boolean)
	w.ok(s.CreateAttribute(ctx, plan))
	w.ok(s.CreateAttribute(ctx, vip))
	w.code(s.CreateAttribute(ctx, attribute(catalog.OfContact, "plan", catalog.Text)), "attribute.taken")
	for of, want := range map[catalog.Target][]catalog.Attribute{catalog.OfConversation: {plan}, catalog.OfContact: {vip}, "": {plan, vip}} {
		got, err := s.Attributes(ctx, w.ws, of)
		w.ok(err)
		if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			w.Fatalf("of %q: got %+v, want %+v", of, got, want)
		}
	}
	got, err := s.ChangeAttribute(ctx, w.ws, plan.ID, func(a *catalog.Attribute) error {
		a.Name, a.Options, a.Required, a.Key, a.Type = "Plan", []string{"one"}, false, "other", catalog.Text
		return nil
	})
	w.ok(err)
	if got.Name != "Plan" || len(got.Options) != 1 || got.Required || got.Key != "plan" || got.Type != catalog.List {
		w.Fatalf("got %+v", got)
	}
	w.ok(s.DeleteAttribute(ctx, w.ws, plan.ID))
	w.code(s.DeleteAttribute(ctx, w.ws, plan.ID), "not_found")
	_, err = s.ChangeAttribute(ctx, w.ws, plan.ID, func(*catalog.Attribute) error { return nil })
	w.code(err, "not_found")
}

func (w *world) canned(scope catalog.Scope, shortcut, text string) catalog.Canned {
	c := catalog.Canned{
		Workspace: w.ws, ID: catalog.CannedID(w.ids.New("can")), Scope: scope, Shortcut: shortcut, Title: "Title of " + shortcut, Text: text,
		Locale: "zh-CN", CreatedAt: w.tick(), UpdatedAt: w.now,
	}
	switch scope {
	case catalog.Personal:
		c.Member = w.me
	case catalog.OfTeam:
		c.Team = w.teams[0]
	case catalog.Workspace:
	}
	return c
}

func (w *world) put(c catalog.Canned) catalog.Canned {
	w.Helper()
	w.ok(w.f.Store.CreateCanned(w.Context(), c))
	return c
}

func (w *world) mine() catalog.CannedQuery {
	return catalog.CannedQuery{Member: w.me, Teams: w.teams[:1]}
}

func (w *world) find(q catalog.CannedQuery, want ...catalog.Canned) {
	w.Helper()
	p, err := w.f.Store.FindCanned(w.Context(), w.ws, q, page.Request{})
	w.ok(err)
	var got, wanted []string
	for _, c := range p.Items {
		got = append(got, string(c.ID)+" "+string(c.Scope)+" "+c.Shortcut)
	}
	for _, c := range want {
		wanted = append(wanted, string(c.ID)+" "+string(c.Scope)+" "+c.Shortcut)
	}
	if !slices.Equal(got, wanted) {
		w.Fatalf("%+v finds\n%s\nwant\n%s", q, strings.Join(got, "\n"), strings.Join(wanted, "\n"))
	}
}

func testCanned(w *world) {
	s, ctx := w.f.Store, w.Context()
	c := w.put(w.canned(catalog.OfTeam, "hi", "你好 {{contact.name}}\n\t'\"%_\\"))
	got, err := s.Canned(ctx, w.ws, c.ID)
	w.ok(err)
	if got != c {
		w.Fatalf("got %+v, want %+v", got, c)
	}
	w.code(s.CreateCanned(ctx, w.canned(catalog.OfTeam, "hi", "x")), "canned.taken")
	other := w.canned(catalog.OfTeam, "hi", "x")
	other.Team = w.teams[1]
	w.put(other)
	w.put(w.canned(catalog.Workspace, "hi", "x"))
	bye := w.put(w.canned(catalog.OfTeam, "bye", "x"))
	_, err = s.ChangeCanned(ctx, w.ws, bye.ID, func(c *catalog.Canned) error { c.Shortcut = "hi"; return nil })
	w.code(err, "canned.taken")
	got, err = s.ChangeCanned(ctx, w.ws, bye.ID, func(c *catalog.Canned) error {
		c.Title, c.Text, c.Locale, c.UpdatedAt, c.Scope, c.Uses = "T", "再见", "", w.tick(), catalog.Workspace, 9
		return nil
	})
	w.ok(err)
	if got.Title != "T" || got.Text != "再见" || got.Locale != "" || !got.UpdatedAt.Equal(w.now) || got.Scope != catalog.OfTeam || got.Uses != 0 {
		w.Fatalf("got %+v", got)
	}
	w.find(catalog.CannedQuery{Member: w.me, Teams: w.teams[:1], Words: "再"}, got)
	w.ok(s.DeleteCanned(ctx, w.ws, bye.ID))
	w.code(s.DeleteCanned(ctx, w.ws, bye.ID), "not_found")
	_, err = s.Canned(ctx, w.ws, bye.ID)
	w.code(err, "not_found")
	w.code(s.UseCanned(ctx, w.ws, bye.ID), "not_found")
}
