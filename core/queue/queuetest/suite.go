package queuetest

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/identity/identitytest"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/team"
)

// Fixture is an implementation under test, and hands to arrange what the suite
// needs.
type Fixture struct {
	Store     queue.Store
	Skills    queue.Skills
	Directory queue.Directory
	Log       event.Log // of the same storage

	Workspace func(t testing.TB) identity.WorkspaceID
	Member    func(t testing.TB, w identity.WorkspaceID) identity.MemberID
	Inbox     func(t testing.TB, w identity.WorkspaceID) string
	Team      func(t testing.TB, w identity.WorkspaceID) team.ID
	Calendar  func(t testing.TB, w identity.WorkspaceID) calendar.ID
}

// Run runs the suite. open returns an empty, independent storage each time.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	identitytest.Cases(t, func(t *testing.T) *world {
		f := open(t)
		return &world{identitytest.NewTenant(t, f.Log, f.Workspace), f}
	}, map[string]func(*world){
		"a queue's life":       testLife,
		"a change that fails":  testFails,
		"one inbox, one queue": testInbox,
		"names":                testNames,
		"strangers":            testStrangers,
		"circles":              testCircles,
		"in use":               testInUse,
		"deleted queues":       testDeleted,
		"pages":                testPages,
		"as many as may be":    testTooMany,
		"broken text":          testText,
		"tenants apart":        testTenants,
		"skills":               testSkills,
		"who has what":         testAbilities,
	})
}

// world is one test case.
type world struct {
	*identitytest.Tenant
	Fixture
}

// bare returns a queue that asks nothing and is not stored yet.
func (w *world) bare(name string) queue.Queue {
	w.Now = w.Now.Add(time.Second)
	return queue.Queue{Workspace: w.WS, ID: queue.ID(w.IDs.New("que")), Name: name, Revision: 1, CreatedAt: w.Now, UpdatedAt: w.Now}
}

func (w *world) create(q queue.Queue) queue.Queue {
	w.Helper()
	w.OK(w.Store.Create(w.Context(), q))
	return q
}

func (w *world) skill(name string) queue.Skill {
	w.Helper()
	w.Now = w.Now.Add(time.Second)
	k := queue.Skill{Workspace: w.WS, ID: queue.SkillID(w.IDs.New("skl")), Name: name, CreatedAt: w.Now}
	w.OK(w.Skills.CreateSkill(w.Context(), k))
	return k
}

func testLife(w *world) {
	de, it := w.skill("Deutsch"), w.skill("技术")
	to := w.create(w.bare("Everybody"))
	q := w.bare("Sales")
	q.Description, q.Team, q.Inboxes = "售前", w.Team(w.T, w.WS), []string{w.Inbox(w.T, w.WS)}
	q.Plan = queue.Plan{
		Needs: []queue.Need{{Skill: de.ID, Level: 4}, {Skill: it.ID, Level: 2}}, Target: 2 * time.Minute, Value: 7, Exclusive: true,
		Ladder: []queue.Rung{
			{After: time.Minute, Lower: []queue.Need{{Skill: de.ID, Level: 2}}},
			{After: 2 * time.Minute, Drop: []queue.SkillID{it.ID}},
		},
		Overflow: queue.Overflow{Queue: to.ID, After: 5 * time.Minute}, Sticky: 30 * time.Second,
		Calendar: w.Calendar(w.T, w.WS), Outside: queue.Outside{Do: queue.Pass, Texts: map[string]string{queue.Chinese: "请等待"}},
		Callback: queue.Callbacks{Offered: queue.OfferedWait, Wait: 3 * time.Minute, Ask: queue.ReachEither},
		Left:     queue.Left{Do: queue.LeftTicket, After: 90 * time.Second},
	}
	before, e := w.Head(), w.Event(queue.Changed, string(q.ID))
	w.OK(w.Store.Create(w.Context(), q, e))
	got, err := w.Store.Queue(w.Context(), w.WS, q.ID)
	w.OK(err)
	w.Same(got, q)
	events, err := w.Log.Since(w.Context(), string(w.WS), before, 10)
	w.OK(err)
	if len(events) != 1 || events[0].ID != e.ID {
		w.Fatalf("events %+v", events)
	}
	changed, err := w.Store.Change(w.Context(), w.WS, q.ID, func(x *queue.Queue) error {
		w.Same(*x, q)
		x.Name, x.Plan, x.Inboxes, x.Team = "Support", queue.Plan{}, nil, ""
		x.CreatedAt, x.ID, x.Revision = x.CreatedAt.Add(time.Hour), "que_other", 90 // not theirs to change
		return nil
	})
	w.OK(err)
	q.Name, q.Plan, q.Inboxes, q.Team, q.Revision = "Support", queue.Plan{}, nil, "", 2
	w.Same(changed, q)
	got, err = w.Store.Queue(w.Context(), w.WS, q.ID)
	w.OK(err)
	w.Same(got, q)
	w.OK(w.Store.Delete(w.Context(), w.WS, q.ID, w.Now))
	_, err = w.Store.Queue(w.Context(), w.WS, q.ID)
	w.Refused(err, errs.NotFound, "not_found")
}

func testFails(w *world) {
	q, before := w.create(w.bare("Sales")), w.Head()
	_, err := w.Store.Change(w.Context(), w.WS, q.ID, func(x *queue.Queue) error {
		x.Name = "Else"
		return queue.Stale()
	}, w.Event(queue.Changed, string(q.ID)))
	w.Refused(err, errs.Conflict, "queue.stale")
	got, err := w.Store.Queue(w.Context(), w.WS, q.ID)
	w.OK(err)
	w.Same(got, q)
	if w.Head() != before {
		w.Fatal("a failed change left an event")
	}
}

func testInbox(w *world) {
	inbox := w.Inbox(w.T, w.WS)
	results, all := make([]error, 6), make([]queue.Queue, 6)
	for i := range all {
		all[i] = w.bare(strconv.Itoa(i))
		all[i].Inboxes, all[i].Team = []string{inbox}, ""
	}
	var wg sync.WaitGroup
	for i, q := range all {
		wg.Go(func() { results[i] = w.Store.Create(w.Context(), q) })
	}
	wg.Wait()
	var won []queue.ID
	for i, err := range results {
		if err == nil {
			won = append(won, all[i].ID)
			continue
		}
		w.Refused(err, errs.Conflict, "queue.inbox_taken")
	}
	of, _, err := w.Directory.QueueOfInbox(w.Context(), w.WS, inbox)
	w.OK(err)
	w.Same([]queue.ID{of}, won)
	of, _, err = w.Directory.QueueOfInbox(w.Context(), w.WS, w.Inbox(w.T, w.WS))
	w.OK(err)
	w.Same(of, queue.ID(""))
}

func testNames(w *world) {
	a, b := w.create(w.bare("售后")), w.create(w.bare("B"))
	w.Refused(w.Store.Create(w.Context(), w.bare("售后")), errs.Conflict, "queue.name_taken")
	_, err := w.Store.Change(w.Context(), w.WS, b.ID, func(x *queue.Queue) error { x.Name = a.Name; return nil })
	w.Refused(err, errs.Conflict, "queue.name_taken")
	w.OK(w.Store.Delete(w.Context(), w.WS, a.ID, w.Now))
	w.create(w.bare("售后"))
}

func testStrangers(w *world) {
	abroad := w.Workspace(w.T)
	for pointer, q := range map[string]func(*queue.Queue){
		"/team_id":           func(q *queue.Queue) { q.Team = w.Team(w.T, abroad) },
		"/calendar_id":       func(q *queue.Queue) { q.Calendar = w.Calendar(w.T, abroad) },
		"/inbox_ids":         func(q *queue.Queue) { q.Inboxes = []string{w.Inbox(w.T, abroad)} },
		"/skills":            func(q *queue.Queue) { q.Needs = []queue.Need{{Skill: "skl_none", Level: 1}} },
		"/overflow/queue_id": func(q *queue.Queue) { q.Overflow = queue.Overflow{Queue: "que_none", After: time.Minute} },
	} {
		made := w.bare("A")
		q(&made)
		err := w.Store.Create(w.Context(), made)
		w.Refused(err, errs.Invalid, "queue.invalid")
		if f := errs.As(err).Fields; f[0].Pointer != pointer || f[0].Code != "unknown" {
			w.Fatalf("%s: %+v", pointer, f)
		}
	}
}

func testCircles(w *world) {
	over := func(to queue.ID) func(*queue.Queue) error {
		return func(q *queue.Queue) error {
			q.Overflow = queue.Overflow{Queue: to, After: time.Minute}
			return nil
		}
	}
	a, b, c := w.create(w.bare("A")), w.create(w.bare("B")), w.create(w.bare("C"))
	_, err := w.Store.Change(w.Context(), w.WS, a.ID, over(a.ID))
	w.Refused(err, errs.Invalid, "queue.circle")
	_, err = w.Store.Change(w.Context(), w.WS, a.ID, over(b.ID))
	w.OK(err)
	_, err = w.Store.Change(w.Context(), w.WS, b.ID, over(c.ID))
	w.OK(err)
	_, err = w.Store.Change(w.Context(), w.WS, c.ID, over(a.ID))
	w.Refused(err, errs.Invalid, "queue.circle")
	if m := errs.As(err).Message; m != "Queues would overflow in a circle: C → A → B → C." {
		w.Fatal(m)
	}
}

func testInUse(w *world) {
	k, to := w.skill("Deutsch"), w.create(w.bare("Everybody"))
	q := w.bare("Sales")
	q.Needs, q.Overflow = []queue.Need{{Skill: k.ID, Level: 1}}, queue.Overflow{Queue: to.ID, After: time.Minute}
	w.create(q)
	w.Refused(w.Store.Delete(w.Context(), w.WS, to.ID, w.Now), errs.Conflict, "queue.in_use")
	w.Refused(w.Skills.DeleteSkill(w.Context(), w.WS, k.ID), errs.Conflict, "queue.in_use")
	w.OK(w.Store.Delete(w.Context(), w.WS, q.ID, w.Now))
	w.OK(w.Store.Delete(w.Context(), w.WS, to.ID, w.Now))
	w.OK(w.Skills.DeleteSkill(w.Context(), w.WS, k.ID))
}

func testDeleted(w *world) {
	q := w.bare("Sales")
	q.Inboxes = []string{w.Inbox(w.T, w.WS)}
	w.create(q)
	w.OK(w.Directory.Purge(w.Context(), w.WS, q.ID)) // not deleted: stays
	w.OK(w.Store.Delete(w.Context(), w.WS, q.ID, w.Now))
	w.Refused(w.Store.Delete(w.Context(), w.WS, q.ID, w.Now), errs.NotFound, "not_found")
	of, _, err := w.Directory.QueueOfInbox(w.Context(), w.WS, q.Inboxes[0])
	w.OK(err)
	w.Same(of, queue.ID(""))
	gone, err := w.Directory.Deleted(w.Context(), 10)
	w.OK(err)
	w.Same(gone, []queue.Gone{{Workspace: w.WS, ID: q.ID, At: w.Now}})
	w.OK(w.Directory.Purge(w.Context(), w.WS, q.ID))
	gone, err = w.Directory.Deleted(w.Context(), 10)
	w.OK(err)
	if len(gone) > 0 {
		w.Fatal(gone)
	}
}

func testPages(w *world) {
	want := []queue.Queue{w.create(w.bare("C")), w.create(w.bare("B")), w.create(w.bare("A"))}
	w.Same(identitytest.InPages(w.Tenant, func(r page.Request) (page.Page[queue.Queue], error) { return w.Store.Queues(w.Context(), w.WS, r) }), want)
	_, err := w.Skills.Skills(w.Context(), w.WS, page.Request{Cursor: "?"})
	w.Refused(err, errs.Invalid, "page.cursor_invalid")
}

func testTooMany(w *world) {
	for i := range queue.MaxQueues {
		w.create(w.bare(strconv.Itoa(i)))
	}
	w.Refused(w.Store.Create(w.Context(), w.bare("one more")), errs.Conflict, "queue.too_many")
}

func testText(w *world) {
	for _, text := range []string{"nul\x00", "bad\xff"} {
		if err := w.Store.Create(w.Context(), w.bare(text)); !errs.Is(err, errs.Invalid) {
			w.Fatalf("%q: %v", text, err)
		}
	}
}

func testTenants(w *world) {
	q, k, abroad := w.create(w.bare("Sales")), w.skill("Deutsch"), w.Workspace(w.T)
	_, err := w.Store.Queue(w.Context(), abroad, q.ID)
	w.Refused(err, errs.NotFound, "not_found")
	_, err = w.Store.Change(w.Context(), abroad, q.ID, func(*queue.Queue) error { return nil })
	w.Refused(err, errs.NotFound, "not_found")
	w.Refused(w.Store.Delete(w.Context(), abroad, q.ID, w.Now), errs.NotFound, "not_found")
	_, err = w.Skills.Skill(w.Context(), abroad, k.ID)
	w.Refused(err, errs.NotFound, "not_found")
	_, err = w.Skills.RenameSkill(w.Context(), abroad, k.ID, "x")
	w.Refused(err, errs.NotFound, "not_found")
	w.Refused(w.Skills.DeleteSkill(w.Context(), abroad, k.ID), errs.NotFound, "not_found")
	m := w.Member(w.T, abroad)
	w.Refused(w.Skills.SetAbilities(w.Context(), abroad, m, []queue.Need{{Skill: k.ID, Level: 1}}), errs.Invalid, "queue.invalid")
	w.Refused(w.Skills.SetAbilities(w.Context(), w.WS, m, nil), errs.NotFound, "not_found")
}

func testSkills(w *world) {
	a, b, before := w.skill("Deutsch"), w.skill("技术"), w.Head()
	renamed, err := w.Skills.RenameSkill(w.Context(), w.WS, a.ID, "German", w.Event(queue.SkillChanged, string(a.ID)))
	w.OK(err)
	a.Name = "German"
	w.Same(renamed, a)
	if w.Head() != before+1 {
		w.Fatal("no event")
	}
	_, err = w.Skills.RenameSkill(w.Context(), w.WS, a.ID, b.Name)
	w.Refused(err, errs.Conflict, "queue.name_taken")
	w.Refused(w.Skills.CreateSkill(w.Context(), queue.Skill{Workspace: w.WS, ID: "skl_x", Name: b.Name, CreatedAt: w.Now}), errs.Conflict, "queue.name_taken")
	p, err := w.Skills.Skills(w.Context(), w.WS, page.Request{})
	w.OK(err)
	w.Same(p.Items, []queue.Skill{a, b})
	w.OK(w.Skills.DeleteSkill(w.Context(), w.WS, b.ID))
	w.Refused(w.Skills.DeleteSkill(w.Context(), w.WS, b.ID), errs.NotFound, "not_found")
}

func testAbilities(w *world) {
	a, b, m := w.skill("Deutsch"), w.skill("技术"), w.Member(w.T, w.WS)
	has, err := w.Skills.Abilities(w.Context(), w.WS, m)
	w.OK(err)
	if len(has) > 0 {
		w.Fatal(has)
	}
	want := []queue.Need{{Skill: a.ID, Level: 5}, {Skill: b.ID, Level: 1}}
	w.OK(w.Skills.SetAbilities(w.Context(), w.WS, m, want, w.Event(identity.MemberChanged, string(m))))
	has, err = w.Skills.Abilities(w.Context(), w.WS, m)
	w.OK(err)
	w.Same(has, want)
	k, err := w.Skills.Skill(w.Context(), w.WS, a.ID)
	w.OK(err)
	w.Same(k.Members, []queue.Ability{{Member: m, Level: 5}})
	w.OK(w.Skills.DeleteSkill(w.Context(), w.WS, a.ID))
	has, err = w.Skills.Abilities(w.Context(), w.WS, m)
	w.OK(err)
	w.Same(has, want[1:])
	w.Refused(w.Skills.SetAbilities(w.Context(), w.WS, m, []queue.Need{{Skill: a.ID, Level: 1}}), errs.Invalid, "queue.invalid")
	_, err = w.Skills.Abilities(w.Context(), w.WS, "mem_none")
	w.Refused(err, errs.NotFound, "not_found")
}
