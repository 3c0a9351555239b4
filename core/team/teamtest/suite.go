package teamtest

import (
	"errors"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/team"
)

// Fixture is an implementation under test, and hands to arrange what the suite
// needs.
type Fixture struct {
	Store     team.Store
	Directory team.Directory
	Graveyard team.Graveyard
	Log       event.Log // of the same storage

	Workspace func(t testing.TB) identity.WorkspaceID
	Member    func(t testing.TB, w identity.WorkspaceID) identity.MemberID
	Inbox     func(t testing.TB, w identity.WorkspaceID) string
}

// Run runs the suite. open returns an empty, independent storage each time.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	for name, run := range map[string]func(*world){
		"create and read":        testCreate,
		"change":                 testChange,
		"a change that fails":    testChangeFails,
		"who belongs where":      testDirectory,
		"one inbox, one team":    testInboxOnce,
		"one inbox at once":      testInboxAtOnce,
		"one name":               testName,
		"strangers":              testStrangers,
		"delete":                 testDelete,
		"list in pages":          testPages,
		"as many as there may":   testTooMany,
		"broken text":            testText,
		"tenants apart":          testTenants,
		"purging what is not so": testPurge,
	} {
		t.Run(name, func(t *testing.T) {
			w := &world{T: t, Fixture: open(t), now: time.Date(2026, 3, 1, 12, 0, 0, 5_000_000, time.UTC)}
			w.ids = id.NewSource(func() time.Time { return w.now })
			w.ws = w.Workspace(t)
			run(w)
		})
	}
}

// world is one test case.
type world struct {
	*testing.T
	Fixture

	ids id.Source
	now time.Time
	ws  identity.WorkspaceID
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) refused(err error, kind errs.Kind, code string) {
	w.Helper()
	if !errs.Is(err, kind) || errs.As(err).Code != code {
		w.Fatalf("got %v, want %v %s", err, kind, code)
	}
}

func (w *world) same(got, want any) {
	w.Helper()
	if !reflect.DeepEqual(got, want) {
		w.Fatalf("got\n%+v, want\n%+v", got, want)
	}
}

// make returns a team that is not stored yet.
func (w *world) make(name string) team.Team {
	w.now = w.now.Add(time.Second)
	return team.Team{
		Workspace: w.ws, ID: team.ID(w.ids.New("tea")), Name: name, Description: "售前 " + name,
		Members: []identity.MemberID{w.Member(w.T, w.ws)}, Inboxes: []string{w.Inbox(w.T, w.ws)},
		CreatedAt: w.now, UpdatedAt: w.now,
	}
}

func (w *world) event(t team.Team) event.Event {
	return event.Event{
		ID: w.ids.New("chg"), Workspace: string(t.Workspace), Type: team.Changed, Subject: string(t.ID), At: w.now, Data: []byte(`{"id":"x"}`),
	}
}

func (w *world) create(name string) team.Team {
	w.Helper()
	t := w.make(name)
	w.ok(w.Store.Create(w.Context(), t))
	return t
}

func (w *world) head() uint64 {
	w.Helper()
	n, err := w.Log.Head(w.Context(), string(w.ws))
	w.ok(err)
	return n
}

func testCreate(w *world) {
	t, before := w.make("Sales"), w.head()
	t.Members = append(t.Members, w.Member(w.T, w.ws))
	slices.Sort(t.Members)
	e := w.event(t)
	w.ok(w.Store.Create(w.Context(), t, e))
	got, err := w.Store.Team(w.Context(), w.ws, t.ID)
	w.ok(err)
	w.same(got, t)
	events, err := w.Log.Since(w.Context(), string(w.ws), before, 10)
	w.ok(err)
	if len(events) != 1 || events[0].ID != e.ID || events[0].Type != team.Changed {
		w.Fatalf("events %+v", events)
	}
	bare := team.Team{Workspace: w.ws, ID: team.ID(w.ids.New("tea")), Name: "Bare", CreatedAt: w.now, UpdatedAt: w.now}
	w.ok(w.Store.Create(w.Context(), bare))
	got, err = w.Store.Team(w.Context(), w.ws, bare.ID)
	w.ok(err)
	w.same(got, bare)
	_, err = w.Store.Team(w.Context(), w.ws, "tea_none")
	w.refused(err, errs.NotFound, "not_found")
}

func testChange(w *world) {
	t := w.create("Sales")
	extra, inbox := w.Member(w.T, w.ws), w.Inbox(w.T, w.ws)
	before := w.head()
	changed, err := w.Store.Change(w.Context(), w.ws, t.ID, func(x *team.Team) error {
		w.same(*x, t)
		x.Name, x.Members, x.Inboxes = "Support", []identity.MemberID{extra}, []string{inbox}
		x.UpdatedAt = t.UpdatedAt.Add(time.Minute)
		x.CreatedAt, x.ID = x.UpdatedAt, "tea_other" // not theirs to change
		return nil
	}, w.event(t))
	w.ok(err)
	t.Name, t.Members, t.Inboxes, t.UpdatedAt = "Support", []identity.MemberID{extra}, []string{inbox}, t.UpdatedAt.Add(time.Minute)
	w.same(changed, t)
	got, err := w.Store.Team(w.Context(), w.ws, t.ID)
	w.ok(err)
	w.same(got, t)
	if w.head() != before+1 {
		w.Fatal("no event")
	}
}

func testChangeFails(w *world) {
	t, before := w.create("Sales"), w.head()
	broken := errors.New("broken")
	_, err := w.Store.Change(w.Context(), w.ws, t.ID, func(x *team.Team) error {
		x.Name = "Else"
		return broken
	}, w.event(t))
	if !errors.Is(err, broken) {
		w.Fatal(err)
	}
	_, err = w.Store.Change(w.Context(), w.ws, t.ID, func(x *team.Team) error {
		x.Name, x.Members = "Else", []identity.MemberID{"mem_none"}
		return nil
	}, w.event(t))
	w.refused(err, errs.Invalid, "team.invalid")
	got, err := w.Store.Team(w.Context(), w.ws, t.ID)
	w.ok(err)
	w.same(got, t)
	if w.head() != before {
		w.Fatal("a failed change left an event")
	}
	_, err = w.Store.Change(w.Context(), w.ws, "tea_none", func(*team.Team) error { return nil })
	w.refused(err, errs.NotFound, "not_found")
}

func testDirectory(w *world) {
	a, b := w.create("A"), w.make("B")
	b.Members = append(b.Members, a.Members[0])
	slices.Sort(b.Members)
	w.ok(w.Store.Create(w.Context(), b))
	teams, err := w.Directory.TeamsOf(w.Context(), w.ws, a.Members[0])
	w.ok(err)
	w.same(teams, []team.ID{a.ID, b.ID})
	members, err := w.Directory.MembersOf(w.Context(), w.ws, b.ID)
	w.ok(err)
	w.same(members, b.Members)
	w.belongs(w.ws, a.Members[0], []string{string(a.ID), string(b.ID)}, slices.Concat(a.Inboxes, b.Inboxes))
	w.belongs(w.ws, "mem_none", nil, nil)
	of, err := w.Directory.TeamOfInbox(w.Context(), w.ws, b.Inboxes[0])
	w.ok(err)
	w.same(of, b.ID)
	of, err = w.Directory.TeamOfInbox(w.Context(), w.ws, w.Inbox(w.T, w.ws))
	w.ok(err)
	w.same(of, team.ID(""))
	teams, err = w.Directory.TeamsOf(w.Context(), w.ws, "mem_none")
	w.ok(err)
	members, err = w.Directory.MembersOf(w.Context(), w.ws, "tea_none")
	w.ok(err)
	if len(teams)+len(members) > 0 {
		w.Fatal(teams, members)
	}
}

// belongs checks where a member belongs.
func (w *world) belongs(ws identity.WorkspaceID, m identity.MemberID, teams, inboxes []string) {
	w.Helper()
	slices.Sort(inboxes)
	t, i, err := w.Directory.Belongs(w.Context(), ws, m)
	w.ok(err)
	if !slices.Equal(t, teams) || !slices.Equal(i, inboxes) {
		w.Fatalf("%s belongs to %v and %v, want %v and %v", m, t, i, teams, inboxes)
	}
}

func testInboxOnce(w *world) {
	a, b := w.create("A"), w.make("B")
	b.Inboxes = append(b.Inboxes, a.Inboxes[0])
	w.refused(w.Store.Create(w.Context(), b), errs.Conflict, "team.inbox_taken")
	_, err := w.Store.Change(w.Context(), w.ws, a.ID, func(x *team.Team) error { x.Inboxes = nil; return nil })
	w.ok(err)
	slices.Sort(b.Inboxes)
	w.ok(w.Store.Create(w.Context(), b))
	of, err := w.Directory.TeamOfInbox(w.Context(), w.ws, a.Inboxes[0])
	w.ok(err)
	w.same(of, b.ID)
}

func testInboxAtOnce(w *world) {
	inbox := w.Inbox(w.T, w.ws)
	teams := make([]team.Team, 6)
	for i := range teams {
		teams[i] = w.make(strconv.Itoa(i))
		teams[i].Inboxes = []string{inbox}
	}
	results := make([]error, len(teams))
	var wg sync.WaitGroup
	for i, t := range teams {
		wg.Go(func() { results[i] = w.Store.Create(w.Context(), t) })
	}
	wg.Wait()
	won := 0
	for _, err := range results {
		if err == nil {
			won++
			continue
		}
		w.refused(err, errs.Conflict, "team.inbox_taken")
	}
	if won != 1 {
		w.Fatalf("%d teams have the inbox", won)
	}
}

func testName(w *world) {
	a, b := w.create("售后"), w.create("B")
	w.refused(w.Store.Create(w.Context(), w.make("售后")), errs.Conflict, "team.name_taken")
	_, err := w.Store.Change(w.Context(), w.ws, b.ID, func(x *team.Team) error { x.Name = a.Name; return nil })
	w.refused(err, errs.Conflict, "team.name_taken")
	w.ok(w.Store.Delete(w.Context(), w.ws, a.ID, w.now))
	w.create("售后")
}

func testStrangers(w *world) {
	abroad := w.Workspace(w.T)
	theirs, inbox := w.Member(w.T, abroad), w.Inbox(w.T, abroad)
	before := w.head()
	for _, m := range []identity.MemberID{theirs, "mem_none", ""} {
		t := w.make("A")
		t.Members = []identity.MemberID{m}
		w.refused(w.Store.Create(w.Context(), t, w.event(t)), errs.Invalid, "team.invalid")
	}
	for _, i := range []string{inbox, "inb_none", ""} {
		t := w.make("A")
		t.Inboxes = []string{i}
		w.refused(w.Store.Create(w.Context(), t, w.event(t)), errs.Invalid, "team.invalid")
	}
	if w.head() < before {
		w.Fatal("the feed went back")
	}
	events, err := w.Log.Since(w.Context(), string(w.ws), before, 100)
	w.ok(err)
	for _, e := range events {
		if e.Type == team.Changed {
			w.Fatal("a refused team left an event")
		}
	}
}

func testDelete(w *world) {
	t := w.create("Sales")
	e := w.event(t)
	w.ok(w.Store.Delete(w.Context(), w.ws, t.ID, w.now, e))
	_, err := w.Store.Team(w.Context(), w.ws, t.ID)
	w.refused(err, errs.NotFound, "not_found")
	w.refused(w.Store.Delete(w.Context(), w.ws, t.ID, w.now), errs.NotFound, "not_found")
	_, err = w.Store.Change(w.Context(), w.ws, t.ID, func(*team.Team) error { return nil })
	w.refused(err, errs.NotFound, "not_found")
	all, err := w.Store.Teams(w.Context(), w.ws, page.Request{})
	w.ok(err)
	of, err := w.Directory.TeamOfInbox(w.Context(), w.ws, t.Inboxes[0])
	w.ok(err)
	teams, err := w.Directory.TeamsOf(w.Context(), w.ws, t.Members[0])
	w.ok(err)
	members, err := w.Directory.MembersOf(w.Context(), w.ws, t.ID)
	w.ok(err)
	if len(all.Items) > 0 || of != "" || len(teams)+len(members) > 0 {
		w.Fatal("a deleted team is there", all.Items, of, teams, members)
	}
	w.belongs(w.ws, t.Members[0], nil, nil)
	gone, err := w.Graveyard.Deleted(w.Context(), 10)
	w.ok(err)
	w.same(gone, []team.Gone{{Workspace: w.ws, ID: t.ID, At: w.now}})
	w.ok(w.Graveyard.Purge(w.Context(), w.ws, t.ID))
	gone, err = w.Graveyard.Deleted(w.Context(), 10)
	w.ok(err)
	if len(gone) > 0 {
		w.Fatal(gone)
	}
}

func testPurge(w *world) {
	t := w.create("Sales")
	w.ok(w.Graveyard.Purge(w.Context(), w.ws, t.ID))
	w.ok(w.Graveyard.Purge(w.Context(), w.ws, "tea_none"))
	_, err := w.Store.Team(w.Context(), w.ws, t.ID)
	w.ok(err)
}

func testPages(w *world) {
	want := []team.Team{w.create("C"), w.create("B"), w.create("A")}
	var got []team.Team
	request := page.Request{Limit: 2}
	for {
		p, err := w.Store.Teams(w.Context(), w.ws, request)
		w.ok(err)
		got = append(got, p.Items...)
		if request.Cursor = p.Next; p.Next == "" {
			break
		}
	}
	w.same(got, want)
	_, err := w.Store.Teams(w.Context(), w.ws, page.Request{Cursor: "?"})
	w.refused(err, errs.Invalid, "page.cursor_invalid")
}

func testTooMany(w *world) {
	for i := range team.MaxTeams {
		w.now = w.now.Add(time.Second)
		w.ok(w.Store.Create(w.Context(), team.Team{
			Workspace: w.ws, ID: team.ID(w.ids.New("tea")), Name: strconv.Itoa(i), CreatedAt: w.now, UpdatedAt: w.now,
		}))
	}
	t := w.make("one more")
	w.refused(w.Store.Create(w.Context(), t), errs.Conflict, "team.too_many")
}

func testText(w *world) {
	for _, text := range []string{"nul\x00", "bad\xff"} {
		t := w.make(text)
		if err := w.Store.Create(w.Context(), t); !errs.Is(err, errs.Invalid) {
			w.Fatalf("%q: %v", text, err)
		}
	}
}

func testTenants(w *world) {
	t := w.create("Sales")
	abroad := w.Workspace(w.T)
	_, err := w.Store.Team(w.Context(), abroad, t.ID)
	w.refused(err, errs.NotFound, "not_found")
	_, err = w.Store.Change(w.Context(), abroad, t.ID, func(*team.Team) error { return nil })
	w.refused(err, errs.NotFound, "not_found")
	w.refused(w.Store.Delete(w.Context(), abroad, t.ID, w.now), errs.NotFound, "not_found")
	all, err := w.Store.Teams(w.Context(), abroad, page.Request{})
	w.ok(err)
	of, err := w.Directory.TeamOfInbox(w.Context(), abroad, t.Inboxes[0])
	w.ok(err)
	teams, err := w.Directory.TeamsOf(w.Context(), abroad, t.Members[0])
	w.ok(err)
	members, err := w.Directory.MembersOf(w.Context(), abroad, t.ID)
	w.ok(err)
	if len(all.Items) > 0 || of != "" || len(teams)+len(members) > 0 {
		w.Fatal("another workspace sees a team")
	}
	w.belongs(abroad, t.Members[0], nil, nil)
	_, err = w.Store.Team(w.Context(), w.ws, t.ID)
	w.ok(err)
}
