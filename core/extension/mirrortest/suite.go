// Package mirrortest is the conformance suite of extension.Mirror, and an
// in-memory fake that passes it.
package mirrortest

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Fixture is an implementation under test, with the people that records are
// about.
type Fixture struct {
	Mirror extension.Mirror
	// Workspace makes a workspace.
	Workspace func(tb testing.TB) identity.WorkspaceID
	// Connect makes a connection, Disconnect deletes it.
	Connect    func(tb testing.TB, w identity.WorkspaceID) extension.Connection
	Disconnect func(tb testing.TB, c extension.Connection)
	// Contact makes a contact with addresses, "" = none, and Merge lets one stand
	// for another from now on.
	Contact func(tb testing.TB, w identity.WorkspaceID, email, phone string) string
	Merge   func(tb testing.TB, w identity.WorkspaceID, source, into string)
}

// mirror is a fixture with a workspace, a connection and a clock.
type mirror struct {
	*testing.T
	Fixture
	w   identity.WorkspaceID
	c   extension.Connection
	now time.Time
}

// Run is what every mirror must keep.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	for name, test := range map[string]func(*mirror){
		"whom a record is kept for": owners, "a record that goes": leavers, "a record that moves": movers, "as it was brought": faithful,
		"a page is stored once": pages, "one puller at a time": takers, "one of many pullers": oneTaker, "how far pulls have come": progress,
		"what lookups found": lookups, "merged contacts": merged, "workspaces apart": apart, "a connection that is gone": disconnected,
	} {
		t.Run(name, func(t *testing.T) {
			f := open(t)
			w := f.Workspace(t)
			test(&mirror{T: t, Fixture: f, w: w, c: f.Connect(t, w), now: time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)})
		})
	}
}

func (m *mirror) ok(err error) {
	m.Helper()
	if err != nil {
		m.Fatal(err)
	}
}

// at is a pull of a kind of record that has come to a cursor; "" = none.
func (m *mirror) at(object, cursor string) extension.PullState {
	return extension.PullState{Workspace: m.w, Connection: m.c.ID, Object: object, Cursor: []byte(cursor)}
}

func (m *mirror) take(x extension.PullState, until time.Time) bool {
	m.Helper()
	mine, err := m.Mirror.Take(m.Context(), x, m.now, until)
	m.ok(err)
	return mine
}

// pulled begins a pull and stores its first page.
func (m *mirror) pulled(records []extension.Far, marks ...extension.Marks) {
	m.Helper()
	x := m.at(records[0].Object, "")
	states, err := m.Mirror.Pulls(m.Context(), m.c)
	m.ok(err)
	x.Cursor = states[x.Object].Cursor
	if !m.take(x, m.now.Add(time.Minute)) || !m.keep(x, fmt.Sprint(string(x.Cursor), "+"), records, marks...) {
		m.Fatal("the page was not stored")
	}
	m.ok(m.Mirror.Note(m.Context(), x))
}

func (m *mirror) keep(from extension.PullState, cursor string, records []extension.Far, marks ...extension.Marks) bool {
	m.Helper()
	kept, err := m.Mirror.Keep(m.Context(), from, extension.Page{Records: records, Cursor: []byte(cursor)}, marks, m.now)
	m.ok(err)
	return kept
}

// of lists a contact's records, each as its object, its id and its title.
func (m *mirror) of(w identity.WorkspaceID, contact string) string {
	m.Helper()
	all, err := m.Mirror.Of(m.Context(), w, contact)
	m.ok(err)
	var out strings.Builder
	for _, list := range all {
		for _, r := range list {
			out.WriteString(r.Object + " " + r.ID + " " + r.Title + "; ")
		}
	}
	return out.String()
}

func (m *mirror) want(contact, records string) {
	m.Helper()
	if got := m.of(m.w, contact); got != records {
		m.Errorf("of %s there is %q, want %q", contact, got, records)
	}
}

func far(id, title string) extension.Far {
	return extension.Far{Object: "party", ID: id, Title: title, Fields: json.RawMessage(`{}`)}
}

func email(all ...string) extension.Marks { return extension.Marks{Emails: all} }

// A record is kept for the one contact that has one of its marks.
func owners(m *mirror) {
	ann := m.Contact(m, m.w, "ann@example.com", "+4930111")
	bob := m.Contact(m, m.w, "bob@example.com", "")
	none := m.Contact(m, m.w, "", "")
	m.pulled([]extension.Far{far("1", "a"), far("2", "b"), far("3", "c"), far("4", "d"), far("5", "e"), far("6", "f")},
		email("ann@example.com"),                    // one
		email("ann@example.com", "bob@example.com"), // two people
		email("nobody@example.com"),
		extension.Marks{Emails: []string{"ann@example.com"}, Phones: []string{"+4930111"}}, // the same twice
		extension.Marks{Emails: []string{"bob@example.com"}, Phones: []string{"+4930111"}}, // two people again
		extension.Marks{},
	)
	m.want(ann, "party 1 a; party 4 d; ")
	m.want(bob, "")
	m.want(none, "")
	// An address that two people have says nothing.
	m.Contact(m, m.w, "ann@example.com", "")
	m.pulled([]extension.Far{far("7", "g"), far("8", "h")}, email("ann@example.com"), extension.Marks{Phones: []string{"+4930111"}})
	m.want(ann, "party 1 a; party 4 d; party 8 h; ")
}

// A record goes when it was deleted at the far side, or is about nobody any more.
func leavers(m *mirror) {
	ann := m.Contact(m, m.w, "ann@example.com", "")
	mark := email("ann@example.com")
	m.pulled([]extension.Far{far("1", "a"), far("2", "b"), far("3", "c")}, mark, mark, mark)
	deleted := far("1", "a")
	deleted.Deleted = true
	m.pulled([]extension.Far{deleted, far("2", "b")}, mark, email("other@example.com"))
	m.want(ann, "party 3 c; ")
	never := far("9", "x")
	never.Deleted = true
	m.pulled([]extension.Far{never}, mark)
	m.want(ann, "party 3 c; ")
}

// A record that is about somebody else now is that one's.
func movers(m *mirror) {
	ann, bob := m.Contact(m, m.w, "ann@example.com", ""), m.Contact(m, m.w, "bob@example.com", "")
	m.pulled([]extension.Far{far("1", "a")}, email("ann@example.com"))
	m.pulled([]extension.Far{far("1", "b")}, email("bob@example.com"))
	m.want(ann, "")
	m.want(bob, "party 1 b; ")
	// The last of a page counts.
	m.pulled([]extension.Far{far("1", "c"), far("1", "d")}, email("bob@example.com"), email("ann@example.com"))
	m.want(ann, "party 1 d; ")
	m.want(bob, "")
}

// What was brought is given back, byte by byte, in order.
func faithful(m *mirror) {
	ann := m.Contact(m, m.w, "ann@example.com", "")
	changed := time.Date(2025, 2, 3, 4, 5, 6, 789_000, time.UTC)
	full := extension.Far{
		Object: "order", ID: "Z/1 ü", Title: "订单 😀 '; DROP", URL: "https://crm.example/?a=1&b=%20", UpdatedAt: changed,
		Fields: json.RawMessage(`{"b":1.50,"a":"\u0000",  "c":[null,"订"]}`),
	}
	mark := email("ann@example.com")
	m.pulled([]extension.Far{full}, mark)
	m.pulled([]extension.Far{far("2", "b"), far("10", "a"), far("1", "c")}, mark, mark, mark)
	m.want(ann, "order Z/1 ü 订单 😀 '; DROP; party 1 c; party 10 a; party 2 b; ")
	all, err := m.Mirror.Of(m.Context(), m.w, ann)
	m.ok(err)
	got := all[m.c.ID][0]
	if got.URL != full.URL || string(got.Fields) != string(full.Fields) || !got.UpdatedAt.Equal(changed) || !got.SeenAt.Equal(m.now) || got.Deleted {
		m.Errorf("it came back as %+v", got)
	}
	if x := all[m.c.ID][1]; !x.UpdatedAt.IsZero() {
		m.Errorf("one without a time has %v", x.UpdatedAt)
	}
}

// A page is stored with its cursor, and only from where the pull was.
func pages(m *mirror) {
	ann := m.Contact(m, m.w, "ann@example.com", "")
	mark := email("ann@example.com")
	if m.keep(m.at("party", ""), "1", []extension.Far{far("1", "a")}, mark) {
		m.Error("a page of a pull that nobody began was stored")
	}
	if !m.take(m.at("party", ""), m.now.Add(time.Minute)) || !m.keep(m.at("party", ""), "1", []extension.Far{far("1", "a")}, mark) {
		m.Fatal("the first page was not stored")
	}
	if m.keep(m.at("party", ""), "1", []extension.Far{far("2", "b")}, mark) {
		m.Error("the same page was stored twice")
	}
	if m.keep(m.at("party", "7"), "8", []extension.Far{far("3", "c")}, mark) {
		m.Error("a page from another cursor was stored")
	}
	m.want(ann, "party 1 a; ")
	// A page without a cursor leaves it where it is.
	if !m.keep(m.at("party", "1"), "", nil) || !m.keep(m.at("party", "1"), "2", []extension.Far{far("4", "d")}, mark) {
		m.Error("the next page was not stored")
	}
	states, err := m.Mirror.Pulls(m.Context(), m.c)
	m.ok(err)
	if got := states["party"]; string(got.Cursor) != "2" || len(states) != 1 {
		m.Errorf("the pull stands at %+v", states)
	}
	m.want(ann, "party 1 a; party 4 d; ")
}

// While one pulls nobody else does, until it has stored a page, says that it is
// over, or has not been heard of for too long.
func takers(m *mirror) {
	x, until := m.at("party", ""), m.now.Add(time.Minute)
	if !m.take(x, until) || m.take(x, until) {
		m.Error("two pull at once, or none")
	}
	if !m.take(m.at("order", ""), until) {
		m.Error("another kind is not free")
	}
	m.now = until
	if !m.take(x, m.now.Add(time.Minute)) {
		m.Error("what was not heard of for long is not free")
	}
	m.ok(m.Mirror.Note(m.Context(), x))
	if !m.take(x, m.now.Add(time.Minute)) {
		m.Error("what is over is not free")
	}
	if !m.keep(x, "1", nil) || !m.take(m.at("party", "1"), m.now.Add(time.Minute)) {
		m.Error("the next page is not free")
	}
}

func oneTaker(m *mirror) {
	var wg sync.WaitGroup
	var won atomic.Int64
	for range 20 {
		wg.Go(func() {
			mine, err := m.Mirror.Take(m.Context(), m.at("party", ""), m.now, m.now.Add(time.Minute))
			if err != nil {
				m.Error(err)
			}
			if mine {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		m.Errorf("%d pull at once", won.Load())
	}
}

// What a pull ended with is told by kind of record.
func progress(m *mirror) {
	for _, object := range []string{"party", "order"} {
		m.take(m.at(object, ""), m.now.Add(time.Minute))
	}
	if states, err := m.Mirror.Pulls(m.Context(), m.c); err != nil || len(states) != 2 || !states["party"].PulledAt.IsZero() || len(states["party"].Cursor) != 0 {
		m.Errorf("before an end: %+v, %v", states, err)
	}
	x := m.at("party", "")
	x.PulledAt, x.Failure = m.now, "plugin.no_answer"
	m.ok(m.Mirror.Note(m.Context(), x))
	states, err := m.Mirror.Pulls(m.Context(), m.c)
	m.ok(err)
	got := states["party"]
	if !got.PulledAt.Equal(m.now) || got.Failure != "plugin.no_answer" || got.Workspace != m.w || got.Connection != m.c.ID || got.Object != "party" ||
		states["order"].Failure != "" {
		m.Errorf("after it: %+v", states)
	}
	if states, err := m.Mirror.Pulls(m.Context(), m.Connect(m, m.w)); err != nil || len(states) != 0 {
		m.Errorf("of another connection: %+v, %v", states, err)
	}
}

// What a lookup found is kept for the contact that was looked for.
func lookups(m *mirror) {
	ann, bob := m.Contact(m, m.w, "", ""), m.Contact(m, m.w, "", "")
	remember := func(contact string, all ...extension.Far) {
		m.Helper()
		m.ok(m.Mirror.Remember(m.Context(), m.c, contact, all, m.now))
	}
	remember(ann)
	remember(ann, far("1", "a"), far("2", "b"))
	m.now = m.now.Add(time.Hour)
	remember(ann, far("1", "new"))
	m.want(ann, "party 1 new; party 2 b; ")
	remember(bob, far("1", "moved"))
	m.want(ann, "party 2 b; ")
	m.want(bob, "party 1 moved; ")
	remember("con_nobody", far("3", "c"))
	all, err := m.Mirror.Of(m.Context(), m.w, bob)
	if m.ok(err); !all[m.c.ID][0].SeenAt.Equal(m.now) {
		m.Errorf("seen at %v", all[m.c.ID][0].SeenAt)
	}
	m.want("con_nobody", "")
}

// Who stands for others has their records too; what is about one of them is the
// survivor's.
func merged(m *mirror) {
	ann, twin := m.Contact(m, m.w, "ann@example.com", ""), m.Contact(m, m.w, "twin@example.com", "")
	m.pulled([]extension.Far{far("1", "a"), far("2", "b")}, email("ann@example.com"), email("twin@example.com"))
	m.Merge(m, m.w, twin, ann)
	m.want(ann, "party 1 a; party 2 b; ")
	m.pulled([]extension.Far{far("3", "c"), far("4", "d")}, email("twin@example.com"), email("ann@example.com", "twin@example.com"))
	m.want(ann, "party 1 a; party 2 b; party 3 c; party 4 d; ")
}

// A workspace has nothing of another's.
func apart(m *mirror) {
	theirs := m.Workspace(m)
	ann, other := m.Contact(m, m.w, "ann@example.com", ""), m.Contact(m, theirs, "far@example.com", "")
	m.pulled([]extension.Far{far("1", "a"), far("2", "b")}, email("ann@example.com"), email("far@example.com"))
	m.ok(m.Mirror.Remember(m.Context(), m.c, other, []extension.Far{far("3", "c")}, m.now))
	m.want(ann, "party 1 a; ")
	for _, contact := range []string{ann, other} {
		if got := m.of(theirs, contact); got != "" {
			m.Errorf("another workspace has %q", got)
		}
	}
}

// With its connection goes all that it brought.
func disconnected(m *mirror) {
	ann := m.Contact(m, m.w, "ann@example.com", "")
	m.pulled([]extension.Far{far("1", "a")}, email("ann@example.com"))
	m.Disconnect(m, m.c)
	m.want(ann, "")
	m.ok(m.Mirror.Remember(m.Context(), m.c, ann, []extension.Far{far("2", "b")}, m.now))
	m.want(ann, "")
	if m.keep(m.at("party", "+"), "2", []extension.Far{far("3", "c")}, email("ann@example.com")) {
		m.Error("a page was stored")
	}
	if states, err := m.Mirror.Pulls(m.Context(), m.c); err != nil || len(states) != 0 {
		m.Errorf("pulls: %+v, %v", states, err)
	}
}
