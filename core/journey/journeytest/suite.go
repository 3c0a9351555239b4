package journeytest

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/journey"
	"github.com/patchbay-im/patchbay/core/page"
)

// People is what the suite needs of the contacts' storage.
type People interface {
	contact.Store
	contact.PageStore
	contact.NoteStore
	contact.MergeStore
}

// Fixture is an implementation under test.
type Fixture struct {
	Reader        journey.Reader
	Conversations conversationtest.Fixture
	People        People
}

// Run runs the suite. open returns an empty, independent storage each time.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	for name, run := range map[string]func(*world){
		"one scroll":     testScroll,
		"pages":          testPages,
		"wandering time": testClocks,
		"kinds":          testKinds,
		"merged":         testMerged,
		"tenants apart":  testTenants,
		"many talks":     testMany,
	} {
		t.Run(name, func(t *testing.T) {
			f := open(t)
			run(&world{World: conversationtest.NewWorld(t, f.Conversations), f: f})
		})
	}
}

// world is one test case.
type world struct {
	*conversationtest.World
	f Fixture
}

func (w *world) read(id contact.ID, limit int, kinds ...journey.Kind) []journey.Item {
	w.Helper()
	if len(kinds) == 0 {
		kinds = journey.Kinds()
	}
	var out []journey.Item
	for r := (page.Request{Limit: limit}); ; {
		p, err := w.f.Reader.Journey(w.Context(), w.WS, id, journey.Query{Kinds: kinds, Reach: identity.Everywhere()}, r)
		w.OK(err)
		if len(p.Items) > limit {
			w.Fatalf("%d items on a page of %d", len(p.Items), limit)
		}
		out = append(out, p.Items...)
		if r.Cursor = p.Next; r.Cursor == "" {
			return out
		}
	}
}

// words tells items in words.
func words(items []journey.Item) []string {
	var out []string
	for _, it := range items {
		s := string(it.Kind)
		switch {
		case it.Change != nil && it.Change.Message != nil:
			s += " " + it.Change.Message.Text
		case it.Change != nil:
			s += " " + string(it.Change.Type)
		case it.View != nil:
			s += " " + it.View.URL
		case it.Note != nil:
			s += " " + it.Note.Text
		}
		out = append(out, s)
	}
	return out
}

func (w *world) looked(url string) {
	w.Helper()
	w.OK(w.f.People.AddPageViews(w.Context(), w.WS, string(w.Live.ID), "web", []contact.PageView{{At: w.Tick(), URL: url}}, 100))
}

func (w *world) noted(of contact.ID, text string) {
	w.Helper()
	at := w.Tick()
	w.OK(w.f.People.AddNote(w.Context(), contact.Note{Workspace: w.WS, ID: contact.NoteID(w.IDs.New("nte")), Contact: of, Text: text, CreatedAt: at, UpdatedAt: at}))
}

// merge takes the customer of one conversation for that of another.
func (w *world) merge(source, into conversation.Conversation) contact.Merge {
	w.Helper()
	scope := identity.Scope{Workspace: w.WS, Actor: identity.Actor{Kind: identity.ActorMember, ID: string(w.Owner.ID), Role: identity.RoleAgent}}
	m, _, err := w.merging().Merge(w.Context(), scope, source.Contact, into.Contact)
	w.OK(err)
	return m
}

func (w *world) merging() *contact.Merging {
	return contact.NewMerging(w.f.People, w.f.People, func() time.Time { return w.Tick() })
}

func testScroll(w *world) {
	web := w.Receive(w.Live, "web", "", "from the site")
	app := w.Receive(w.Inbox, "app", "", "from the app")
	w.looked("https://shop.example/tea")
	w.noted(web.Contact, "a regular")
	w.merge(app, web)
	w.Change(app.ID, func(c *conversation.Conversation) error {
		c.AddNote(w.Turn(w.Owner), conversation.Words("n1", "internal"))
		c.Resolve(w.Turn(w.Owner))
		return nil
	})
	w.Receive(w.Live, "web", "", "again")
	got := words(w.read(web.Contact, 100))
	want := []string{
		"message again", "conversation conversation.resolved", "note internal", "merge", "contact_note a regular", "page_view https://shop.example/tea",
	}
	if !slices.Equal(got[:len(want)], want) {
		w.Errorf("the journey is %q, want %q first", got, want)
	}
	for _, text := range []string{"message from the app", "message from the site", "conversation conversation.created", "change conversation.queued"} {
		if !slices.Contains(got, text) {
			w.Errorf("no %s in %q", text, got)
		}
	}
	for _, it := range w.read(web.Contact, 100) {
		if it.Change == nil {
			continue
		}
		if inbox := map[conversation.ID]string{web.ID: string(w.Live.ID), app.ID: string(w.Inbox.ID)}[it.Conversation]; inbox != string(it.Inbox) || it.Change.Conversation != it.Conversation {
			w.Errorf("%+v is of %s", it, inbox)
		}
	}
}

// Every size of a page gives the same journey, and what comes in meanwhile
// stays off the later pages.
func testPages(w *world) {
	web, app := w.Receive(w.Live, "web", "", "0"), w.Receive(w.Inbox, "app", "", "0")
	w.merge(app, web)
	for n := range 12 {
		switch n % 4 {
		case 0:
			w.Receive(w.Live, "web", "", fmt.Sprint("web ", n))
		case 1:
			w.Receive(w.Inbox, "app", "", fmt.Sprint("app ", n))
		case 2:
			w.looked(fmt.Sprint("https://shop.example/", n))
		case 3:
			w.noted([]contact.ID{web.Contact, app.Contact}[n%2], fmt.Sprint("note ", n))
		}
	}
	whole := words(w.read(web.Contact, 100))
	for _, limit := range []int{1, 2, 3, 7} {
		if got := words(w.read(web.Contact, limit)); !slices.Equal(got, whole) {
			w.Errorf("in pages of %d: %q, want %q", limit, got, whole)
		}
	}
	first, err := w.f.Reader.Journey(w.Context(), w.WS, web.Contact, journey.Query{Kinds: journey.Kinds(), Reach: identity.Everywhere()}, page.Request{Limit: 3})
	w.OK(err)
	w.Receive(w.Live, "web", "", "late")
	w.looked("https://shop.example/late")
	w.noted(web.Contact, "late")
	w.Receive(w.Inbox, "app", "", "late")
	rest, err := w.f.Reader.Journey(w.Context(), w.WS, web.Contact, journey.Query{Kinds: journey.Kinds(), Reach: identity.Everywhere()}, page.Request{Limit: 100, Cursor: first.Next})
	w.OK(err)
	if got := append(words(first.Items), words(rest.Items)...); !slices.Equal(got, whole) {
		w.Errorf("with news meanwhile: %q, want %q", got, whole)
	}
	if _, err := w.f.Reader.Journey(w.Context(), w.WS, web.Contact, journey.Query{Kinds: journey.Kinds(), Reach: identity.Everywhere()}, page.Request{Cursor: "not ours"}); !errs.Is(err, errs.Invalid) {
		w.Errorf("a foreign cursor gives %v", err)
	}
	if _, err := w.f.Reader.Journey(w.Context(), w.WS, "con_none", journey.Query{Kinds: journey.Kinds(), Reach: identity.Everywhere()}, page.Request{}); !errs.Is(err, errs.NotFound) {
		w.Errorf("of nobody: %v", err)
	}
}

// A clock that was set back loses nothing and shows nothing twice.
func testClocks(w *world) {
	start := w.Tick()
	c, err := w.TryReceive(w.Inbox, "a", "", "0", start)
	w.OK(err)
	for n, minutes := range []int{5, 3, 9, 1, 7, 7, 2} {
		_, err := w.TryReceive(w.Inbox, "a", "", strconv.Itoa(n+1), start.Add(time.Duration(minutes)*time.Minute))
		w.OK(err)
	}
	want := words(w.read(c.Contact, 100, journey.Message))
	if len(want) != 8 {
		w.Errorf("the messages are %q", want)
	}
	for limit := 1; limit < 6; limit++ {
		if got := words(w.read(c.Contact, limit, journey.Message)); !slices.Equal(got, want) {
			w.Errorf("in pages of %d: %q, want %q", limit, got, want)
		}
	}
}

func testKinds(w *world) {
	c := w.Receive(w.Live, "web", "", "hello")
	w.looked("https://shop.example/")
	for kind, want := range map[journey.Kind][]string{
		journey.Message: {"message hello"}, journey.PageView: {"page_view https://shop.example/"}, journey.Conversation: {"conversation conversation.created"},
		journey.Change: {"change conversation.queued"}, journey.Note: nil, journey.Rating: nil, journey.Merge: nil, journey.ContactNote: nil,
	} {
		if got := words(w.read(c.Contact, 1, kind)); !slices.Equal(got, want) {
			w.Errorf("%s: %q, want %q", kind, got, want)
		}
	}
	both := words(w.read(c.Contact, 1, journey.Message, journey.PageView))
	if !slices.Equal(both, []string{"page_view https://shop.example/", "message hello"}) {
		w.Errorf("two kinds: %q", both)
	}
}

func testMerged(w *world) {
	one, two := w.Receive(w.Inbox, "one", "", "of one"), w.Receive(w.Inbox, "two", "", "of two")
	m := w.merge(one, two)
	if got := w.read(one.Contact, 10); len(got) != 0 {
		w.Errorf("a merged contact has %q", words(got))
	}
	if got := words(w.read(two.Contact, 10, journey.Message)); len(got) != 2 {
		w.Errorf("the other has %q", got)
	}
	scope := identity.Scope{Workspace: w.WS, Actor: identity.Actor{Kind: identity.ActorMember, ID: string(w.Owner.ID), Role: identity.RoleAgent}}
	_, _, err := w.merging().Undo(w.Context(), scope, m.ID)
	w.OK(err)
	if got := words(w.read(one.Contact, 10, journey.Message, journey.Merge)); !slices.Equal(got, []string{"merge", "message of one"}) {
		w.Errorf("after the undo it has %q", got)
	}
}

func testTenants(w *world) {
	c := w.Receive(w.Inbox, "one", "", "secret")
	other, _ := w.Workspace("stranger@example.com")
	if _, err := w.f.Reader.Journey(w.Context(), other, c.Contact, journey.Query{Kinds: journey.Kinds(), Reach: identity.Everywhere()}, page.Request{}); !errs.Is(err, errs.NotFound) {
		w.Errorf("another workspace reads %v", err)
	}
}

// A customer of very many conversations: more than are read together.
func testMany(w *world) {
	const talks = 70
	var first conversation.Conversation
	for n := range talks {
		c := w.Receive(w.Inbox, fmt.Sprint("ext", n), "", strconv.Itoa(n))
		if n == 0 {
			first = c
			continue
		}
		w.merge(c, first)
	}
	got := words(w.read(first.Contact, 13, journey.Message))
	if len(got) != talks || got[0] != fmt.Sprint("message ", talks-1) || got[talks-1] != "message 0" {
		w.Errorf("%d messages: %q", len(got), got)
	}
}
