package contacttest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/contact/importing"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// Fixture is an implementation under test.
type Fixture struct {
	Store         contact.Store
	Pages         contact.PageStore
	Notes         contact.NoteStore
	Organisations contact.OrganisationStore
	Merges        contact.MergeStore
	Imports       interface {
		importing.Store
		importing.Desk
	}
	Log event.Log // of the same storage

	// Workspace makes a workspace with one inbox.
	Workspace func(t testing.TB) (workspace identity.WorkspaceID, inbox string)
	// Create stores a contact as a conversation's transaction would; it
	// returns what that transaction says.
	Create func(t testing.TB, c contact.Contact, who contact.Identity) error
	// Within runs the contact side of such a transaction.
	Within func(t testing.TB, workspace identity.WorkspaceID, fn func(contact.Tx) error) error
}

// Run runs the suite. open returns an empty, independent storage each time.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	for name, run := range map[string]func(*world){
		"get":              testGet,
		"list":             testList,
		"list in pages":    testPages,
		"search":           testSearch,
		"update":           testUpdate,
		"update fails":     testUpdateFails,
		"broken text":      testText,
		"tenants apart":    testTenants,
		"one identity":     testIdentity,
		"wild attribute":   testAttributes,
		"orders":           testOrders,
		"transaction":      testTx,
		"page views":       testPageViews,
		"notes":            testNotes,
		"organisations":    testOrganisations,
		"person":           testPerson,
		"merge":            testMerge,
		"merge refuses":    testMergeRefuses,
		"merge chain":      testMergeChain,
		"merge and undo":   testMergeUndo,
		"merge at once":    testMergeAtOnce,
		"merge at random":  testMergeRandom,
		"import":           testImport,
		"import refuses":   testImportRefuses,
		"import matches":   testImportMatches,
		"import resumes":   testImportResumes,
		"import overtaken": testImportOvertaken,
		"import list":      testImportList,
		"duplicates":       testDuplicates,
	} {
		t.Run(name, func(t *testing.T) {
			w := &world{T: t, f: open(t), now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
			w.ids = id.NewSource(func() time.Time { return w.now })
			w.ws, w.inbox = w.f.Workspace(t)
			run(w)
		})
	}
}

// world is one test case.
type world struct {
	*testing.T
	f     Fixture
	ids   id.Source
	now   time.Time
	ws    identity.WorkspaceID
	inbox string
}

func (w *world) tick() time.Time {
	w.now = w.now.Add(time.Second)
	return w.now
}

// contact stores a contact by a name.
func (w *world) contact(name string) contact.Contact {
	w.Helper()
	c := contact.Contact{
		Workspace: w.ws, ID: contact.ID(w.ids.New("con")), Name: name, Attributes: map[string]any{},
		CreatedAt: w.tick(), UpdatedAt: w.now,
	}
	w.ok(w.f.Create(w.T, c, w.who(c)))
	return c
}

func (w *world) who(c contact.Contact) contact.Identity {
	return contact.Identity{Workspace: c.Workspace, Inbox: w.inbox, External: "ext-" + string(c.ID), Contact: c.ID}
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func same[T any](w *world, got, want T) {
	w.Helper()
	if g, x := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != x {
		w.Fatalf("got  %s\nwant %s", g, x)
	}
}

func (w *world) list(query string, limit int) []string {
	w.Helper()
	var names []string
	r := page.Request{Limit: limit}
	for {
		p, err := w.f.Store.List(w.Context(), w.ws, contact.Filter{Reach: identity.Everywhere(), Query: query}, r)
		w.ok(err)
		if len(p.Items) > r.Size() {
			w.Fatalf("a page of %d, want at most %d", len(p.Items), r.Size())
		}
		for _, c := range p.Items {
			names = append(names, c.Name)
		}
		if r.Cursor = p.Next; p.Next == "" {
			return names
		}
	}
}

func testGet(w *world) {
	c := contact.Contact{
		Workspace: w.ws, ID: contact.ID(w.ids.New("con")), Name: "王小明 😀", Email: "wang@example.com", Phone: "+86 10 1234",
		Note: "常客\nVIP", Attributes: map[string]any{"page": "/价格", "empty": ""}, CreatedAt: w.tick(), UpdatedAt: w.now,
	}
	w.ok(w.f.Create(w.T, c, w.who(c)))
	got, whos, err := w.f.Store.Get(w.Context(), w.ws, c.ID)
	w.ok(err)
	same(w, got, c)
	whos[0].Plugin = "" // joined, of an inbox that the fixture makes
	same(w, whos, []contact.Identity{w.who(c)})
	if _, _, err := w.f.Store.Get(w.Context(), w.ws, "con_none"); !errs.Is(err, errs.NotFound) {
		w.Fatalf("an unknown contact gives %v", err)
	}
}

func testList(w *world) {
	same(w, len(w.list("", 10)), 0)
	w.contact("a")
	w.contact("b")
	w.contact("c")
	same(w, w.list("", 10), []string{"c", "b", "a"})
}

func testPages(w *world) {
	var want []string
	for n := range 7 {
		if n == 3 {
			w.now = w.now.Add(-time.Second) // two at one instant
		}
		want = append([]string{w.contact(fmt.Sprint("n", n)).Name}, want...)
	}
	got := w.list("", 2)
	if len(got) != len(want) {
		w.Fatalf("got %v, want each of %v once", got, want)
	}
	first, err := w.f.Store.List(w.Context(), w.ws, contact.Filter{Reach: identity.Everywhere()}, page.Request{Limit: 3})
	w.ok(err)
	w.contact("newer")
	rest, err := w.f.Store.List(w.Context(), w.ws, contact.Filter{Reach: identity.Everywhere()}, page.Request{Limit: 10, Cursor: first.Next})
	w.ok(err)
	same(w, len(rest.Items), 4)
	for _, c := range rest.Items {
		if c.Name == "newer" || c.ID == first.Items[2].ID {
			w.Fatalf("%s came on the second page", c.Name)
		}
	}
	if _, err := w.f.Store.List(w.Context(), w.ws, contact.Filter{Reach: identity.Everywhere()}, page.Request{Cursor: "not ours"}); !errs.Is(err, errs.Invalid) {
		w.Fatalf("a foreign cursor gives %v", err)
	}
}

func testSearch(w *world) {
	w.contact("Wang Wei")
	w.contact("李雷")
	w.contact("100%_sure")
	w.contact(`back\slash`)
	c := w.contact("Zoë")
	_, err := w.f.Store.Update(w.Context(), w.ws, c.ID, func(c *contact.Contact) ([]event.Event, error) {
		c.Email, c.Phone = "Zoe@Example.com", "+49 30 777"
		return nil, nil
	})
	w.ok(err)
	for query, want := range map[string][]string{
		"wang": {"Wang Wei"}, "WEI": {"Wang Wei"}, "李": {"李雷"}, "雷": {"李雷"}, "zoe@example": {"Zoë"}, "777": {"Zoë"},
		"100%": {"100%_sure"}, "0%_s": {"100%_sure"}, "%": {"100%_sure"}, "_": {"100%_sure"}, `\`: {`back\slash`},
		"nobody": nil, "'; DROP TABLE contact; --": nil, "ZOë": {"Zoë"}, strings.Repeat("x", 100_000): nil, "\x00": nil, "\xff": nil,
	} {
		if got := w.list(query, 10); fmt.Sprint(got) != fmt.Sprint(want) {
			w.Errorf("%.40q finds %v, want %v", query, got, want)
		}
	}
}

func (w *world) event(c contact.Contact) event.Event {
	return event.Event{
		ID: w.ids.New("chg"), Workspace: string(w.ws), Type: contact.Changed, Subject: string(c.ID), At: w.now,
		Data: []byte(`{"id":"` + string(c.ID) + `"}`),
	}
}

func testUpdate(w *world) {
	c := w.contact("before")
	e, want := w.event(c), c
	want.Name, want.Email, want.Note, want.UpdatedAt = "后来", "a@example.com", "n", w.tick()
	want.Attributes = map[string]any{"vip": "yes"}
	got, err := w.f.Store.Update(w.Context(), w.ws, c.ID, func(x *contact.Contact) ([]event.Event, error) {
		same(w, *x, c)
		*x = want
		return []event.Event{e}, nil
	})
	w.ok(err)
	same(w, got, want)
	got, whos, err := w.f.Store.Get(w.Context(), w.ws, c.ID)
	w.ok(err)
	same(w, got, want)
	same(w, len(whos), 1)
	events, err := w.f.Log.Since(w.Context(), string(w.ws), 0, 10)
	w.ok(err)
	if len(events) != 1 || events[0].ID != e.ID || events[0].Feed != 1 || string(events[0].Data) != string(e.Data) {
		w.Fatalf("the feed holds %+v", events)
	}
}

func testUpdateFails(w *world) {
	c := w.contact("before")
	boom := errs.New(errs.Conflict, "test", "no")
	_, err := w.f.Store.Update(w.Context(), w.ws, c.ID, func(x *contact.Contact) ([]event.Event, error) {
		x.Name = "after"
		return []event.Event{w.event(c)}, boom
	})
	if !errs.Is(err, errs.Conflict) {
		w.Fatalf("got %v, want the error of the change", err)
	}
	got, _, err := w.f.Store.Get(w.Context(), w.ws, c.ID)
	w.ok(err)
	same(w, got, c)
	head, err := w.f.Log.Head(w.Context(), string(w.ws))
	w.ok(err)
	same(w, head, 0)
	_, err = w.f.Store.Update(w.Context(), w.ws, "con_none", func(*contact.Contact) ([]event.Event, error) { return nil, nil })
	if !errs.Is(err, errs.NotFound) {
		w.Fatalf("an unknown contact gives %v", err)
	}
}

func testText(w *world) {
	c := w.contact("before")
	for _, bad := range []string{"nul\x00", "broken\xff", "half \xe4\xbd"} {
		_, err := w.f.Store.Update(w.Context(), w.ws, c.ID, func(x *contact.Contact) ([]event.Event, error) {
			x.Name = bad
			return []event.Event{w.event(c)}, nil
		})
		if !errs.Is(err, errs.Invalid) {
			w.Fatalf("%q gives %v, want invalid", bad, err)
		}
		d := contact.Contact{Workspace: w.ws, ID: contact.ID(w.ids.New("con")), Name: bad, CreatedAt: w.now, UpdatedAt: w.now}
		if err := w.f.Create(w.T, d, w.who(d)); !errs.Is(err, errs.Invalid) {
			w.Fatalf("a contact named %q gives %v, want invalid", bad, err)
		}
	}
	same(w, w.list("", 10), []string{"before"})
}

func testTenants(w *world) {
	c := w.contact("mine")
	other, _ := w.f.Workspace(w.T)
	if _, _, err := w.f.Store.Get(w.Context(), other, c.ID); !errs.Is(err, errs.NotFound) {
		w.Fatalf("another workspace's contact gives %v", err)
	}
	_, err := w.f.Store.Update(w.Context(), other, c.ID, func(x *contact.Contact) ([]event.Event, error) {
		x.Name = "stolen"
		return nil, nil
	})
	if !errs.Is(err, errs.NotFound) {
		w.Fatalf("an update of another workspace's contact gives %v", err)
	}
	p, err := w.f.Store.List(w.Context(), other, contact.Filter{Reach: identity.Everywhere()}, page.Request{})
	w.ok(err)
	same(w, len(p.Items), 0)
	same(w, w.list("", 10), []string{"mine"})
}

func testIdentity(w *world) {
	c := w.contact("first")
	d := contact.Contact{Workspace: w.ws, ID: contact.ID(w.ids.New("con")), Name: "second", CreatedAt: w.now, UpdatedAt: w.now}
	who := w.who(c)
	who.Contact = d.ID
	if err := w.f.Create(w.T, d, who); !errs.Is(err, errs.Conflict) {
		w.Fatalf("the same external id again gives %v, want a conflict", err)
	}
	same(w, w.list("", 10), []string{"first"})
}

func testAttributes(w *world) {
	c := contact.Contact{
		Workspace: w.ws, ID: contact.ID(w.ids.New("con")), CreatedAt: w.tick(), UpdatedAt: w.now,
		Attributes: map[string]any{`"quoted"`: `{"a":[1]}`, "<b>": "&amp;", "emoji 🎉": strings.Repeat("长", contact.MaxAttribute)},
	}
	w.ok(w.f.Create(w.T, c, w.who(c)))
	got, _, err := w.f.Store.Get(w.Context(), w.ws, c.ID)
	w.ok(err)
	same(w, got, c)
}
