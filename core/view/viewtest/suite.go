package viewtest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/view"
)

// Fixture is an implementation under test, in one storage with conversations.
type Fixture struct {
	Store         view.Store
	Lister        view.Lister
	Conversations conversationtest.Fixture
}

// world is a workspace with views.
type world struct {
	*conversationtest.World
	f Fixture
}

// Run runs the suite. open returns an empty, independent storage each time.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	for name, run := range map[string]func(*world){
		"a view and its event":      testView,
		"views of their owners":     testOwners,
		"no more than many":         testMany,
		"views of another tenant":   testForeign,
		"pages in every order":      testOrders,
		"pages while things move":   testMoving,
		"merged ones are not there": testMerged,
		"cursors of another order":  testCursors,
		"lists of another tenant":   testForeignLists,
	} {
		t.Run(name, func(t *testing.T) {
			f := open(t)
			run(&world{World: conversationtest.NewWorld(t, f.Conversations), f: f})
		})
	}
}

func (w *world) event(v view.ID) event.Event {
	return event.Event{ID: w.IDs.New("chg"), Workspace: string(w.WS), Type: view.Changed, Subject: string(v), At: w.Tick(), Data: []byte(`{"id":"x"}`)}
}

func (w *world) view(owner, name string) view.View {
	v := view.View{
		Workspace: w.WS, ID: view.ID(w.IDs.New("vie")), Scope: view.Workspace, Owner: owner, Name: name, Filter: json.RawMessage(`{"and":[]}`),
		Sort: view.WaitingAsc, Columns: []string{"number"}, Position: -1, CreatedBy: w.Owner.ID, CreatedAt: w.Tick(), UpdatedAt: w.Tick(),
	}
	if owner != "" {
		v.Scope = view.Personal
	}
	return v
}

func (w *world) create(v view.View) view.View {
	w.Helper()
	v, err := w.f.Store.Create(w.Context(), v, w.event(v.ID))
	w.OK(err)
	return v
}

func (w *world) changes() int {
	w.Helper()
	events, err := w.f.Conversations.Log.Since(w.Context(), string(w.WS), 0, 1000)
	w.OK(err)
	n := 0
	for _, e := range events {
		if e.Type == view.Changed {
			n++
		}
	}
	return n
}

func testView(w *world) {
	v := w.create(w.view("", "All that waits 等"))
	got, err := w.f.Store.View(w.Context(), w.WS, v.ID)
	w.OK(err)
	conversationtest.Same(w.World, got, v)
	next, err := w.f.Store.Update(w.Context(), w.WS, v.ID, func(v *view.View) error {
		v.Name, v.Columns, v.Sort, v.Filter, v.Owner, v.Scope = "other", nil, view.CreatedAsc, json.RawMessage(`{"field":"unread","op":"is","value":true}`), string(w.Owner.ID), view.Personal
		return nil
	}, w.event(v.ID))
	w.OK(err)
	got, err = w.f.Store.View(w.Context(), w.WS, v.ID)
	w.OK(err)
	conversationtest.Same(w.World, got, next)
	refuse := errs.New(errs.Forbidden, "forbidden", "no")
	_, err = w.f.Store.Update(w.Context(), w.WS, v.ID, func(*view.View) error { return refuse }, w.event(v.ID))
	w.Fails(err, errs.Forbidden)
	w.Fails(w.f.Store.Delete(w.Context(), w.WS, v.ID, func(view.View) error { return refuse }, w.event(v.ID)), errs.Forbidden)
	w.OK(w.f.Store.Delete(w.Context(), w.WS, v.ID, func(view.View) error { return nil }, w.event(v.ID)))
	_, err = w.f.Store.View(w.Context(), w.WS, v.ID)
	w.Fails(err, errs.NotFound)
	w.Fails(w.f.Store.Delete(w.Context(), w.WS, v.ID, func(view.View) error { return nil }, w.event(v.ID)), errs.NotFound)
	conversationtest.Same(w.World, w.changes(), 3) // what failed tells nobody
}

func testOwners(w *world) {
	a, b, mine, team := w.create(w.view("", "a")), w.create(w.view("", "b")), w.create(w.view("mem_me", "m")), w.create(w.view("tea_1", "t"))
	w.create(w.view("mem_other", "o"))
	names := func(owners ...string) string {
		w.Helper()
		views, err := w.f.Store.Views(w.Context(), w.WS, owners)
		w.OK(err)
		var s strings.Builder
		for _, v := range views {
			s.WriteString(v.Name)
		}
		return s.String()
	}
	conversationtest.Same(w.World, names(""), "ab")
	conversationtest.Same(w.World, []int{a.Position, b.Position, mine.Position, team.Position}, []int{0, 1, 0, 0})
	conversationtest.Same(w.World, names("mem_me", "tea_1"), "mt")
	conversationtest.Same(w.World, names("nobody"), "")
	_, err := w.f.Store.Update(w.Context(), w.WS, a.ID, func(v *view.View) error { v.Position = 7; return nil }, w.event(a.ID))
	w.OK(err)
	conversationtest.Same(w.World, names(""), "ba")
}

func testMany(w *world) {
	for range view.MaxViews {
		w.create(w.view("mem_me", "v"))
	}
	v := w.view("mem_me", "one too many")
	_, err := w.f.Store.Create(w.Context(), v, w.event(v.ID))
	w.Fails(err, errs.Conflict)
	w.create(w.view("", "somebody else's"))
}

func testForeign(w *world) {
	v := w.create(w.view("", "ours"))
	other, _ := w.Workspace("other@example.com")
	_, err := w.f.Store.View(w.Context(), other, v.ID)
	w.Fails(err, errs.NotFound)
	views, err := w.f.Store.Views(w.Context(), other, []string{""})
	w.OK(err)
	conversationtest.Same(w.World, len(views), 0)
	e := w.event(v.ID)
	e.Workspace = string(other)
	_, err = w.f.Store.Update(w.Context(), other, v.ID, func(*view.View) error { return nil }, e)
	w.Fails(err, errs.NotFound)
	w.Fails(w.f.Store.Delete(w.Context(), other, v.ID, func(view.View) error { return nil }, e), errs.NotFound)
	v.Workspace, e.Workspace = "wsp_none", "wsp_none"
	_, err = w.f.Store.Create(w.Context(), v, e)
	w.Fails(err, errs.NotFound)
}

// fill makes conversations in all states, some at the same instant.
func (w *world) fill(n int) {
	w.Helper()
	for i := range n {
		at := w.Tick().Truncate(5 * time.Second)
		c, err := w.TryReceive(w.Inbox, fmt.Sprint("c", i), "", "text", at)
		w.OK(err)
		turn := w.Turn(w.Owner)
		turn.At = at
		w.Change(c.ID, func(c *conversation.Conversation) error {
			c.Priority = conversation.Priorities()[i%5]
			if i%3 == 0 {
				if _, err := c.Send(turn, conversation.Written{Text: "answer"}); err != nil {
					return err
				}
			}
			if i%4 == 0 {
				c.Resolve(turn)
			} else {
				c.AddNote(turn, conversation.Written{Text: "note"})
			}
			return nil
		})
	}
}

func (w *world) pages(q view.Query, limit int) []conversation.Conversation {
	w.Helper()
	var out []conversation.Conversation
	for p := (page.Request{Limit: limit}); ; {
		got, err := w.f.Lister.Find(w.Context(), w.WS, q, p)
		w.OK(err)
		if len(got.Items) > limit || got.Next != "" && len(got.Items) < limit {
			w.Fatalf("a page of %d, limit %d, more %v", len(got.Items), limit, got.Next != "")
		}
		out = append(out, got.Items...)
		if p.Cursor = got.Next; p.Cursor == "" {
			return out
		}
	}
}

func testOrders(w *world) {
	w.fill(23)
	for _, sort := range view.Sorts() {
		all := w.pages(view.Query{Reach: identity.Everywhere(), Sort: sort, Me: w.Owner.ID}, 200)
		if len(all) != 23 {
			w.Fatalf("%s lists %d of 23", sort, len(all))
		}
		if !slices.IsSortedFunc(all, func(a, b conversation.Conversation) int { return compareKeys(keyOf(sort, a), keyOf(sort, b)) }) {
			w.Errorf("%s is out of order", sort)
		}
		for _, limit := range []int{1, 2, 5, 22, 23} {
			conversationtest.Same(w.World, idsOf(w.pages(view.Query{Reach: identity.Everywhere(), Sort: sort, Me: w.Owner.ID}, limit)), idsOf(all))
		}
	}
}

func idsOf(all []conversation.Conversation) []conversation.ID {
	out := make([]conversation.ID, len(all))
	for i, c := range all {
		out[i] = c.ID
	}
	return out
}

// testMoving changes what is listed between two pages: nothing that stays in
// its place repeats or is left out.
func testMoving(w *world) {
	w.fill(12)
	q := view.Query{Reach: identity.Everywhere(), Sort: view.CreatedDesc}
	first, err := w.f.Lister.Find(w.Context(), w.WS, q, page.Request{Limit: 5})
	w.OK(err)
	w.Receive(w.Inbox, "new", "", "comes in front")
	gone := first.Items[4].ID
	w.Change(gone, func(c *conversation.Conversation) error {
		c.AddNote(w.Turn(w.Owner), conversation.Written{Text: "touched"})
		return nil
	})
	rest, err := w.f.Lister.Find(w.Context(), w.WS, q, page.Request{Limit: 50, Cursor: first.Next})
	w.OK(err)
	conversationtest.Same(w.World, len(first.Items)+len(rest.Items), 12)
	for _, c := range rest.Items {
		if slices.Contains(idsOf(first.Items), c.ID) {
			w.Errorf("%s is on both pages", c.ID)
		}
	}
}

func testMerged(w *world) {
	w.fill(4)
	all := w.pages(view.Query{Reach: identity.Everywhere(), Sort: view.UpdatedDesc}, 50)
	w.Change(all[0].ID, func(c *conversation.Conversation) error {
		c.MergedInto = all[1].ID
		c.AddNote(w.Turn(w.Owner), conversation.Written{Text: "merged"})
		return nil
	})
	for _, sort := range view.Sorts() {
		if ids := idsOf(w.pages(view.Query{Reach: identity.Everywhere(), Sort: sort}, 50)); slices.Contains(ids, all[0].ID) || len(ids) != 3 {
			w.Errorf("%s lists %v", sort, ids)
		}
	}
	n, err := w.f.Lister.Count(w.Context(), w.WS, view.Query{Reach: identity.Everywhere()}, 50)
	w.OK(err)
	conversationtest.Same(w.World, n, 3)
	among, err := w.f.Lister.Among(w.Context(), w.WS, view.Query{Reach: identity.Everywhere()}, idsOf(all))
	w.OK(err)
	conversationtest.Same(w.World, len(among), 3)
}

func testCursors(w *world) {
	w.fill(3)
	got, err := w.f.Lister.Find(w.Context(), w.WS, view.Query{Reach: identity.Everywhere(), Sort: view.UpdatedDesc}, page.Request{Limit: 1})
	w.OK(err)
	for name, cursor := range map[string]string{
		"of another order": got.Next, "rubbish": "rubbish", "of another list": page.Encode("1", "2", "3"),
		"of a stretch there is not": page.Encode(string(view.CreatedAsc), "9", "3", "cnv_1"), "without a number": page.Encode(string(view.CreatedAsc), "0", "x", "cnv_1"),
	} {
		if _, err := w.f.Lister.Find(w.Context(), w.WS, view.Query{Reach: identity.Everywhere(), Sort: view.CreatedAsc}, page.Request{Cursor: cursor}); !errs.Is(err, errs.Invalid) {
			w.Errorf("a cursor %s: %v", name, err)
		}
	}
}

func testForeignLists(w *world) {
	c := w.Receive(w.Inbox, "ext", "", "ours")
	other, _ := w.Workspace("other@example.com")
	got, err := w.f.Lister.Find(w.Context(), other, view.Query{Reach: identity.Everywhere()}, page.Request{})
	w.OK(err)
	conversationtest.Same(w.World, len(got.Items), 0)
	among, err := w.f.Lister.Among(w.Context(), other, view.Query{Reach: identity.Everywhere()}, []conversation.ID{c.ID})
	w.OK(err)
	conversationtest.Same(w.World, len(among), 0)
	by := filter.Node{Leaf: filter.Condition{Field: view.Fields(nil)["contact"], Op: filter.Is, Values: []filter.Value{{Text: string(c.Contact)}}}}
	n, err := w.f.Lister.Count(w.Context(), other, view.Query{Reach: identity.Everywhere(), Where: by.Plan(filter.Env{})}, 10)
	w.OK(err)
	conversationtest.Same(w.World, n, 0)
}
