package teamtest

import (
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/identity/identitytest"
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
	identitytest.Cases(t, func(t *testing.T) *world {
		f := open(t)
		return &world{identitytest.NewTenant(t, f.Log, f.Workspace), f}
	}, map[string]func(*world){
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
	})
}

// world is one test case.
type world struct {
	*identitytest.Tenant
	Fixture
}

// make returns a team that is not stored yet.
func (w *world) make(name string) team.Team {
	w.Now = w.Now.Add(time.Second)
	return team.Team{
		Workspace: w.WS, ID: team.ID(w.IDs.New("tea")), Name: name, Description: "售前 " + name,
		Members: []identity.MemberID{w.Member(w.T, w.WS)}, Inboxes: []string{w.Inbox(w.T, w.WS)},
		CreatedAt: w.Now, UpdatedAt: w.Now,
	}
}

func (w *world) event(t team.Team) event.Event { return w.Event(team.Changed, string(t.ID)) }

func (w *world) create(name string) team.Team {
	w.Helper()
	t := w.make(name)
	w.OK(w.Store.Create(w.Context(), t))
	return t
}

func testCreate(w *world) {
	t, before := w.make("Sales"), w.Head()
	t.Members = append(t.Members, w.Member(w.T, w.WS))
	slices.Sort(t.Members)
	e := w.event(t)
	w.OK(w.Store.Create(w.Context(), t, e))
	got, err := w.Store.Team(w.Context(), w.WS, t.ID)
	w.OK(err)
	w.Same(got, t)
	events, err := w.Log.Since(w.Context(), string(w.WS), before, 10)
	w.OK(err)
	if len(events) != 1 || events[0].ID != e.ID || events[0].Type != team.Changed {
		w.Fatalf("events %+v", events)
	}
	bare := team.Team{Workspace: w.WS, ID: team.ID(w.IDs.New("tea")), Name: "Bare", CreatedAt: w.Now, UpdatedAt: w.Now}
	w.OK(w.Store.Create(w.Context(), bare))
	got, err = w.Store.Team(w.Context(), w.WS, bare.ID)
	w.OK(err)
	w.Same(got, bare)
	_, err = w.Store.Team(w.Context(), w.WS, "tea_none")
	w.Refused(err, errs.NotFound, "not_found")
}

func testChange(w *world) {
	t := w.create("Sales")
	extra, inbox := w.Member(w.T, w.WS), w.Inbox(w.T, w.WS)
	before := w.Head()
	changed, err := w.Store.Change(w.Context(), w.WS, t.ID, func(x *team.Team) error {
		w.Same(*x, t)
		x.Name, x.Members, x.Inboxes = "Support", []identity.MemberID{extra}, []string{inbox}
		x.UpdatedAt = t.UpdatedAt.Add(time.Minute)
		x.CreatedAt, x.ID = x.UpdatedAt, "tea_other" // not theirs to change
		return nil
	}, w.event(t))
	w.OK(err)
	t.Name, t.Members, t.Inboxes, t.UpdatedAt = "Support", []identity.MemberID{extra}, []string{inbox}, t.UpdatedAt.Add(time.Minute)
	w.Same(changed, t)
	got, err := w.Store.Team(w.Context(), w.WS, t.ID)
	w.OK(err)
	w.Same(got, t)
	if w.Head() != before+1 {
		w.Fatal("no event")
	}
}

func testChangeFails(w *world) {
	t, before := w.create("Sales"), w.Head()
	broken := errors.New("broken")
	_, err := w.Store.Change(w.Context(), w.WS, t.ID, func(x *team.Team) error {
		x.Name = "Else"
		return broken
	}, w.event(t))
	if !errors.Is(err, broken) {
		w.Fatal(err)
	}
	_, err = w.Store.Change(w.Context(), w.WS, t.ID, func(x *team.Team) error {
		x.Name, x.Members = "Else", []identity.MemberID{"mem_none"}
		return nil
	}, w.event(t))
	w.Refused(err, errs.Invalid, "team.invalid")
	got, err := w.Store.Team(w.Context(), w.WS, t.ID)
	w.OK(err)
	w.Same(got, t)
	if w.Head() != before {
		w.Fatal("a failed change left an event")
	}
	_, err = w.Store.Change(w.Context(), w.WS, "tea_none", func(*team.Team) error { return nil })
	w.Refused(err, errs.NotFound, "not_found")
}

func testDirectory(w *world) {
	a, b := w.create("A"), w.make("B")
	b.Members = append(b.Members, a.Members[0])
	slices.Sort(b.Members)
	w.OK(w.Store.Create(w.Context(), b))
	teams, err := w.Directory.TeamsOf(w.Context(), w.WS, a.Members[0])
	w.OK(err)
	w.Same(teams, []team.ID{a.ID, b.ID})
	members, err := w.Directory.MembersOf(w.Context(), w.WS, b.ID)
	w.OK(err)
	w.Same(members, b.Members)
	w.belongs(w.WS, a.Members[0], []string{string(a.ID), string(b.ID)}, slices.Concat(a.Inboxes, b.Inboxes))
	w.belongs(w.WS, "mem_none", nil, nil)
	of, err := w.Directory.TeamOfInbox(w.Context(), w.WS, b.Inboxes[0])
	w.OK(err)
	w.Same(of, b.ID)
	of, err = w.Directory.TeamOfInbox(w.Context(), w.WS, w.Inbox(w.T, w.WS))
	w.OK(err)
	w.Same(of, team.ID(""))
	teams, err = w.Directory.TeamsOf(w.Context(), w.WS, "mem_none")
	w.OK(err)
	members, err = w.Directory.MembersOf(w.Context(), w.WS, "tea_none")
	w.OK(err)
	if len(teams)+len(members) > 0 {
		w.Fatal(teams, members)
	}
}

// belongs checks where a member belongs.
func (w *world) belongs(ws identity.WorkspaceID, m identity.MemberID, teams, inboxes []string) {
	w.Helper()
	slices.Sort(inboxes)
	t, i, err := w.Directory.Belongs(w.Context(), ws, m)
	w.OK(err)
	if !slices.Equal(t, teams) || !slices.Equal(i, inboxes) {
		w.Fatalf("%s belongs to %v and %v, want %v and %v", m, t, i, teams, inboxes)
	}
}

func testInboxOnce(w *world) {
	a, b := w.create("A"), w.make("B")
	b.Inboxes = append(b.Inboxes, a.Inboxes[0])
	w.Refused(w.Store.Create(w.Context(), b), errs.Conflict, "team.inbox_taken")
	_, err := w.Store.Change(w.Context(), w.WS, a.ID, func(x *team.Team) error { x.Inboxes = nil; return nil })
	w.OK(err)
	slices.Sort(b.Inboxes)
	w.OK(w.Store.Create(w.Context(), b))
	of, err := w.Directory.TeamOfInbox(w.Context(), w.WS, a.Inboxes[0])
	w.OK(err)
	w.Same(of, b.ID)
}

func testInboxAtOnce(w *world) {
	inbox := w.Inbox(w.T, w.WS)
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
		w.Refused(err, errs.Conflict, "team.inbox_taken")
	}
	if won != 1 {
		w.Fatalf("%d teams have the inbox", won)
	}
}

func testName(w *world) {
	a, b := w.create("售后"), w.create("B")
	w.Refused(w.Store.Create(w.Context(), w.make("售后")), errs.Conflict, "team.name_taken")
	_, err := w.Store.Change(w.Context(), w.WS, b.ID, func(x *team.Team) error { x.Name = a.Name; return nil })
	w.Refused(err, errs.Conflict, "team.name_taken")
	w.OK(w.Store.Delete(w.Context(), w.WS, a.ID, w.Now))
	w.create("售后")
}

func testStrangers(w *world) {
	abroad := w.Workspace(w.T)
	theirs, inbox := w.Member(w.T, abroad), w.Inbox(w.T, abroad)
	before := w.Head()
	for _, m := range []identity.MemberID{theirs, "mem_none", ""} {
		t := w.make("A")
		t.Members = []identity.MemberID{m}
		w.Refused(w.Store.Create(w.Context(), t, w.event(t)), errs.Invalid, "team.invalid")
	}
	for _, i := range []string{inbox, "inb_none", ""} {
		t := w.make("A")
		t.Inboxes = []string{i}
		w.Refused(w.Store.Create(w.Context(), t, w.event(t)), errs.Invalid, "team.invalid")
	}
	if w.Head() < before {
		w.Fatal("the feed went back")
	}
	events, err := w.Log.Since(w.Context(), string(w.WS), before, 100)
	w.OK(err)
	for _, e := range events {
		if e.Type == team.Changed {
			w.Fatal("a refused team left an event")
		}
	}
}

func testDelete(w *world) {
	t := w.create("Sales")
	e := w.event(t)
	w.OK(w.Store.Delete(w.Context(), w.WS, t.ID, w.Now, e))
	_, err := w.Store.Team(w.Context(), w.WS, t.ID)
	w.Refused(err, errs.NotFound, "not_found")
	w.Refused(w.Store.Delete(w.Context(), w.WS, t.ID, w.Now), errs.NotFound, "not_found")
	_, err = w.Store.Change(w.Context(), w.WS, t.ID, func(*team.Team) error { return nil })
	w.Refused(err, errs.NotFound, "not_found")
	all, err := w.Store.Teams(w.Context(), w.WS, page.Request{})
	w.OK(err)
	of, err := w.Directory.TeamOfInbox(w.Context(), w.WS, t.Inboxes[0])
	w.OK(err)
	teams, err := w.Directory.TeamsOf(w.Context(), w.WS, t.Members[0])
	w.OK(err)
	members, err := w.Directory.MembersOf(w.Context(), w.WS, t.ID)
	w.OK(err)
	if len(all.Items) > 0 || of != "" || len(teams)+len(members) > 0 {
		w.Fatal("a deleted team is there", all.Items, of, teams, members)
	}
	w.belongs(w.WS, t.Members[0], nil, nil)
	gone, err := w.Graveyard.Deleted(w.Context(), 10)
	w.OK(err)
	w.Same(gone, []team.Gone{{Workspace: w.WS, ID: t.ID, At: w.Now}})
	w.OK(w.Graveyard.Purge(w.Context(), w.WS, t.ID))
	gone, err = w.Graveyard.Deleted(w.Context(), 10)
	w.OK(err)
	if len(gone) > 0 {
		w.Fatal(gone)
	}
}

func testPurge(w *world) {
	t := w.create("Sales")
	w.OK(w.Graveyard.Purge(w.Context(), w.WS, t.ID))
	w.OK(w.Graveyard.Purge(w.Context(), w.WS, "tea_none"))
	_, err := w.Store.Team(w.Context(), w.WS, t.ID)
	w.OK(err)
}

func testPages(w *world) {
	want := []team.Team{w.create("C"), w.create("B"), w.create("A")}
	w.Same(identitytest.InPages(w.Tenant, func(r page.Request) (page.Page[team.Team], error) { return w.Store.Teams(w.Context(), w.WS, r) }), want)
}

func testTooMany(w *world) {
	for i := range team.MaxTeams {
		w.Now = w.Now.Add(time.Second)
		w.OK(w.Store.Create(w.Context(), team.Team{
			Workspace: w.WS, ID: team.ID(w.IDs.New("tea")), Name: strconv.Itoa(i), CreatedAt: w.Now, UpdatedAt: w.Now,
		}))
	}
	t := w.make("one more")
	w.Refused(w.Store.Create(w.Context(), t), errs.Conflict, "team.too_many")
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
	w.Refused(err, errs.NotFound, "not_found")
	_, err = w.Store.Change(w.Context(), abroad, t.ID, func(*team.Team) error { return nil })
	w.Refused(err, errs.NotFound, "not_found")
	w.Refused(w.Store.Delete(w.Context(), abroad, t.ID, w.Now), errs.NotFound, "not_found")
	all, err := w.Store.Teams(w.Context(), abroad, page.Request{})
	w.OK(err)
	of, err := w.Directory.TeamOfInbox(w.Context(), abroad, t.Inboxes[0])
	w.OK(err)
	teams, err := w.Directory.TeamsOf(w.Context(), abroad, t.Members[0])
	w.OK(err)
	members, err := w.Directory.MembersOf(w.Context(), abroad, t.ID)
	w.OK(err)
	if len(all.Items) > 0 || of != "" || len(teams)+len(members) > 0 {
		w.Fatal("another workspace sees a team")
	}
	w.belongs(abroad, t.Members[0], nil, nil)
	_, err = w.Store.Team(w.Context(), w.WS, t.ID)
	w.OK(err)
}
