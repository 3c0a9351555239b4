package calendartest

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/identity/identitytest"
	"github.com/patchbay-im/patchbay/core/page"
)

// Fixture is an implementation under test, and a hand to arrange what the suite
// needs.
type Fixture struct {
	Store     calendar.Store
	Log       event.Log // of the same storage
	Workspace func(t testing.TB) identity.WorkspaceID
	// Follow makes a queue of a name that follows a calendar.
	Follow func(t testing.TB, w identity.WorkspaceID, id calendar.ID, name string)
}

// Run runs the suite. open returns an empty, independent storage each time.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	identitytest.Cases(t, func(t *testing.T) *world {
		f := open(t)
		return &world{identitytest.NewTenant(t, f.Log, f.Workspace), f}
	}, map[string]func(*world){
		"create and read":      testCreate,
		"change":               testChange,
		"a change that fails":  testChangeFails,
		"one name":             testName,
		"delete":               testDelete,
		"delete in use":        testDeleteInUse,
		"list in pages":        testPages,
		"as many as there may": testTooMany,
		"broken text":          testText,
		"tenants apart":        testTenants,
	})
}

// world is one test case.
type world struct {
	*identitytest.Tenant
	Fixture
}

// make returns a calendar that is not stored yet, with everything in it.
func (w *world) make(name string) calendar.Calendar {
	w.Now = w.Now.Add(time.Second)
	day := calendar.DateOf(2026, time.December, 24)
	h := calendar.Hours{Zone: "Asia/Shanghai", Exceptions: []calendar.Exception{
		{Name: "春节", From: day, To: day, Effect: calendar.Closed},
		{Name: "补班", From: day + 1, To: day + 1, Effect: calendar.AsWeekday, Weekday: time.Monday},
		{Name: "short", From: day + 2, To: day + 4, Effect: calendar.OwnHours, Hours: []calendar.Interval{{From: 540, To: 720}}},
	}}
	h.Week[time.Monday] = []calendar.Interval{{From: 540, To: 720}, {From: 780, To: 1440}}
	h.Week[time.Sunday] = []calendar.Interval{{From: 0, To: 1}}
	return calendar.Calendar{Workspace: w.WS, ID: calendar.ID(w.IDs.New("cal")), Name: name, Hours: h, Revision: 1, CreatedAt: w.Now, UpdatedAt: w.Now}
}

func (w *world) event(c calendar.Calendar) event.Event {
	return w.Event(calendar.Changed, string(c.ID))
}

func (w *world) create(name string) calendar.Calendar {
	w.Helper()
	c := w.make(name)
	w.OK(w.Store.Create(w.Context(), c))
	return c
}

func testCreate(w *world) {
	c, before := w.make("Office 办公室"), w.Head()
	w.OK(w.Store.Create(w.Context(), c, w.event(c)))
	got, err := w.Store.Calendar(w.Context(), w.WS, c.ID)
	w.OK(err)
	w.Same(got, c)
	if w.Head() != before+1 {
		w.Fatal("no event")
	}
	_, err = w.Store.Calendar(w.Context(), w.WS, "cal_none")
	w.Refused(err, errs.NotFound, "not_found")
}

func testChange(w *world) {
	c := w.create("Office")
	before := w.Head()
	changed, err := w.Store.Change(w.Context(), w.WS, c.ID, func(x *calendar.Calendar) error {
		w.Same(*x, c)
		x.Name, x.Revision, x.UpdatedAt = "Shop", 2, c.UpdatedAt.Add(time.Minute)
		x.Hours.Zone, x.Hours.Exceptions = "Europe/Berlin", x.Hours.Exceptions[:1]
		x.CreatedAt, x.ID = x.UpdatedAt, "cal_other" // not theirs to change
		return nil
	}, w.event(c))
	w.OK(err)
	c.Name, c.Revision, c.UpdatedAt = "Shop", 2, c.UpdatedAt.Add(time.Minute)
	c.Hours.Zone, c.Hours.Exceptions = "Europe/Berlin", c.Hours.Exceptions[:1]
	w.Same(changed, c)
	got, err := w.Store.Calendar(w.Context(), w.WS, c.ID)
	w.OK(err)
	w.Same(got, c)
	if w.Head() != before+1 {
		w.Fatal("no event")
	}
}

func testChangeFails(w *world) {
	c, before := w.create("Office"), w.Head()
	broken := errors.New("broken")
	_, err := w.Store.Change(w.Context(), w.WS, c.ID, func(x *calendar.Calendar) error {
		x.Name = "Else"
		return broken
	}, w.event(c))
	if !errors.Is(err, broken) {
		w.Fatal(err)
	}
	got, err := w.Store.Calendar(w.Context(), w.WS, c.ID)
	w.OK(err)
	w.Same(got, c)
	if w.Head() != before {
		w.Fatal("a failed change left an event")
	}
	_, err = w.Store.Change(w.Context(), w.WS, "cal_none", func(*calendar.Calendar) error { return nil })
	w.Refused(err, errs.NotFound, "not_found")
}

func testName(w *world) {
	w.create("Office")
	w.Refused(w.Store.Create(w.Context(), w.make("Office")), errs.Conflict, "calendar.name_taken")
	other := w.create("Shop")
	_, err := w.Store.Change(w.Context(), w.WS, other.ID, func(x *calendar.Calendar) error {
		x.Name = "Office"
		return nil
	})
	w.Refused(err, errs.Conflict, "calendar.name_taken")
	_, err = w.Store.Change(w.Context(), w.WS, other.ID, func(*calendar.Calendar) error { return nil })
	w.OK(err)
}

func testDelete(w *world) {
	c := w.create("Office")
	before := w.Head()
	w.OK(w.Store.Delete(w.Context(), w.WS, c.ID, w.event(c)))
	_, err := w.Store.Calendar(w.Context(), w.WS, c.ID)
	w.Refused(err, errs.NotFound, "not_found")
	if w.Head() != before+1 {
		w.Fatal("no event")
	}
	w.Refused(w.Store.Delete(w.Context(), w.WS, c.ID, w.event(c)), errs.NotFound, "not_found")
	if w.Head() != before+1 {
		w.Fatal("a second deletion left an event")
	}
	w.create("Office") // the name is free again
}

func testDeleteInUse(w *world) {
	c, free := w.create("Office"), w.create("Unused")
	w.Follow(w.T, w.WS, c.ID, "Sales")
	w.Follow(w.T, w.WS, c.ID, "Help")
	before := w.Head()
	err := w.Store.Delete(w.Context(), w.WS, c.ID, w.event(c))
	w.Refused(err, errs.Conflict, "calendar.in_use")
	if got := errs.As(err).Message; got != "Queues follow it: Help, Sales. Give them other hours first." {
		w.Fatal(got)
	}
	if w.Head() != before {
		w.Fatal("a deletion that was refused left an event")
	}
	_, err = w.Store.Calendar(w.Context(), w.WS, c.ID)
	w.OK(err)
	w.OK(w.Store.Delete(w.Context(), w.WS, free.ID))
}

func testPages(w *world) {
	var want, got []calendar.ID
	for i := range 5 {
		want = append(want, w.create(strconv.Itoa(i)).ID)
	}
	for _, c := range identitytest.InPages(w.Tenant, func(r page.Request) (page.Page[calendar.Calendar], error) {
		return w.Store.Calendars(w.Context(), w.WS, r)
	}) {
		got = append(got, c.ID)
	}
	w.Same(got, want)
}

func testTooMany(w *world) {
	for i := range calendar.MaxCalendars {
		w.create(strconv.Itoa(i))
	}
	w.Refused(w.Store.Create(w.Context(), w.make("one more")), errs.Conflict, "calendar.too_many")
}

func testText(w *world) {
	for _, text := range []string{"a\x00b", "a\xffb"} {
		w.Refused(w.Store.Create(w.Context(), w.make(text)), errs.Invalid, "storage.text")
	}
}

func testTenants(w *world) {
	c := w.create("Office")
	other := w.Workspace(w.T)
	_, err := w.Store.Calendar(w.Context(), other, c.ID)
	w.Refused(err, errs.NotFound, "not_found")
	_, err = w.Store.Change(w.Context(), other, c.ID, func(*calendar.Calendar) error { return nil })
	w.Refused(err, errs.NotFound, "not_found")
	w.Refused(w.Store.Delete(w.Context(), other, c.ID), errs.NotFound, "not_found")
	p, err := w.Store.Calendars(w.Context(), other, page.Request{})
	w.OK(err)
	if len(p.Items) > 0 {
		w.Fatal(p.Items)
	}
	theirs := w.make("Office") // names are apart, too
	theirs.Workspace = other
	w.OK(w.Store.Create(w.Context(), theirs))
}
