package audittest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/audit"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// world is one store under test with the service on it.
type world struct {
	*testing.T
	store   audit.Store
	service *audit.Service
	ws      identity.WorkspaceID
	abroad  identity.WorkspaceID
	now     time.Time
}

// Run tests a store. open returns a new one with two workspaces that have no
// rows of the tests' actions.
func Run(t *testing.T, open func(t *testing.T) (audit.Store, identity.WorkspaceID, identity.WorkspaceID)) {
	t.Helper()
	for name, test := range map[string]func(w *world){
		"rows come back as they were kept": kept, "filters": filters, "pages": pages, "a chain is whole": whole,
		"retention leaves an anchor": trimmed, "kept for some months": months, "many at once": atOnce, "reading is recorded": reading,
	} {
		t.Run(name, func(t *testing.T) {
			w := &world{T: t, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
			w.store, w.ws, w.abroad = open(t)
			w.service = audit.NewService(w.store, func() time.Time { w.now = w.now.Add(time.Second); return w.now })
			test(w)
		})
	}
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) scope(role identity.Role) identity.Scope {
	return identity.Scope{Workspace: w.ws, Actor: identity.Actor{Kind: identity.ActorMember, ID: "mem_1", Name: "李雷", Role: role}}
}

func (w *world) ctx() context.Context {
	return identity.WithClient(w.Context(), identity.Client{Address: "192.0.2.7:4711", Via: "ses_1"})
}

// keep records an action of the owner.
func (w *world) keep(action, target string) {
	w.Helper()
	scope := w.scope(identity.RoleOwner)
	r := identity.Record(w.ctx(), scope, action, event.Party{Kind: "thing", ID: target, Name: "Thing " + target})
	w.ok(w.service.Keep(w.ctx(), scope, r.Say(map[string]string{"colour": "blue_" + target})))
}

func (w *world) rows(f audit.Filter) []audit.Row {
	w.Helper()
	p, err := w.store.Rows(w.Context(), w.ws, f, page.Request{Limit: page.MaxLimit})
	w.ok(err)
	return p.Items
}

func kept(w *world) {
	w.keep("test.made", "thg_1")
	got := w.rows(audit.Filter{Action: "test.made"})
	if len(got) != 1 {
		w.Fatalf("%d rows", len(got))
	}
	r := got[0].Record
	want := event.Record{
		Action: "test.made", Actor: event.Party{Kind: "agent", ID: "mem_1", Name: "李雷"}, Via: "ses_1", Address: "192.0.2.7",
		Target: event.Party{Kind: "thing", ID: "thg_1", Name: "Thing thg_1"}, Detail: []byte(`{"colour":"blue_thg_1"}`),
	}
	if fmt.Sprint(r) != fmt.Sprint(want) || !strings.HasPrefix(got[0].ID, "aud_") || got[0].At.IsZero() {
		w.Errorf("got  %+v\nwant %+v", got[0], want)
	}
}

func filters(w *world) {
	w.keep("test.made", "thg_1")
	middle := w.now.Add(500 * time.Millisecond)
	w.keep("test.gone", "thg_1")
	w.keep("testing.made", "thg_%")
	w.ok(w.store.Keep(w.Context(), event.Event{ID: "aud_X", Workspace: string(w.abroad), At: w.now, Audit: &event.Record{Action: "test.made"}}))
	for name, tt := range map[string]struct {
		f    audit.Filter
		want int
	}{
		"an action": {audit.Filter{Action: "test.made"}, 1}, "a noun": {audit.Filter{Action: "test."}, 2},
		"a target": {audit.Filter{Target: "thg_1"}, 2}, "an actor": {audit.Filter{Actor: "mem_1"}, 3}, "nobody": {audit.Filter{Actor: "mem_2"}, 0},
		"words": {audit.Filter{Words: "BLUE_THG_1"}, 2}, "a sign": {audit.Filter{Words: "%", Action: "testing.made"}, 1}, "no sign": {audit.Filter{Words: "b%e"}, 0},
		"before": {audit.Filter{To: middle, Actor: "mem_1"}, 1}, "since": {audit.Filter{From: middle, Actor: "mem_1"}, 2},
	} {
		if got := w.rows(tt.f); len(got) != tt.want {
			w.Errorf("%s: %d rows, want %d", name, len(got), tt.want)
		}
	}
}

func pages(w *world) {
	for i := range 7 {
		w.keep("test.made", fmt.Sprint("thg_", i))
	}
	var seen []string
	request := page.Request{Limit: 3}
	for {
		p, err := w.store.Rows(w.Context(), w.ws, audit.Filter{Action: "test.made"}, request)
		w.ok(err)
		for _, r := range p.Items {
			seen = append(seen, r.Record.Target.ID)
		}
		if p.Next == "" {
			break
		}
		request.Cursor = p.Next
	}
	if got := strings.Join(seen, " "); got != "thg_6 thg_5 thg_4 thg_3 thg_2 thg_1 thg_0" {
		w.Errorf("the pages are %s", got)
	}
	if _, err := w.store.Rows(w.Context(), w.ws, audit.Filter{}, page.Request{Cursor: "rubbish"}); !errs.Is(err, errs.Invalid) {
		w.Errorf("rubbish: %v", err)
	}
}

func (w *world) verify() audit.Report {
	w.Helper()
	r, err := audit.Verify(w.Context(), w.store, w.ws)
	w.ok(err)
	return r
}

func whole(w *world) {
	before := w.verify()
	for i := range 5 {
		w.keep("test.made", fmt.Sprint("thg_", i))
	}
	r := w.verify()
	if r.Fault != nil || r.Rows != before.Rows+5 || r.Head.Seq != before.Head.Seq+5 || r.Head.Hash == before.Head.Hash {
		w.Errorf("%+v after %+v", r, before)
	}
	if _, err := w.service.Verify(w.Context(), w.scope(identity.RoleAgent)); !errs.Is(err, errs.Forbidden) {
		w.Errorf("an agent verifies: %v", err)
	}
}

func trimmed(w *world) {
	for i := range 3 {
		w.keep("test.old", fmt.Sprint("thg_", i))
	}
	cut := w.now.Add(500 * time.Millisecond)
	for i := range 3 {
		w.keep("test.new", fmt.Sprint("thg_", i))
	}
	n, err := w.service.Trim(w.Context(), w.ws, cut)
	w.ok(err)
	if len(w.rows(audit.Filter{Action: "test.old"})) != 0 || len(w.rows(audit.Filter{Action: "test.new"})) != 3 || n < 3 {
		w.Errorf("%d rows went, and %v is left", n, w.rows(audit.Filter{}))
	}
	if r := w.verify(); r.Fault != nil || r.Rows != 4 || r.Head.Base != n {
		w.Errorf("after the cut: %+v", r)
	}
	if n, err := w.service.Trim(w.Context(), w.ws, cut); n != 0 || err != nil {
		w.Errorf("again: %d %v", n, err)
	}
	head, err := w.store.Head(w.Context(), w.ws)
	w.ok(err)
	err = w.store.Trim(w.Context(), w.ws, audit.Anchor{Through: head.Seq, Hash: audit.Origin}, event.Event{ID: "aud_Y", Workspace: string(w.ws), At: w.now, Audit: &event.Record{Action: audit.Trimmed}})
	if !errs.Is(err, errs.Conflict) || w.verify().Rows != 4 {
		w.Errorf("a cut at another hash: %v", err)
	}
}

// months keeps rows for half a year, by a service whose clock the test sets.
func months(w *world) {
	now := time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)
	w.service = audit.NewService(w.store, func() time.Time { return now })
	for _, month := range []time.Month{time.March, time.April, time.May} {
		now = time.Date(2026, month, 15, 12, 0, 0, 0, time.UTC)
		w.keep("test.made", month.String())
	}
	due := func(at time.Time, want bool, left ...string) {
		w.Helper()
		now = at
		n, err := w.service.TrimDue(w.Context(), w.ws)
		w.ok(err)
		var names []string
		for _, r := range w.rows(audit.Filter{Action: "test.made"}) {
			names = append(names, r.Record.Target.ID)
		}
		if (n > 0) != want || strings.Join(names, " ") != strings.Join(left, " ") {
			w.Errorf("%s: %d rows went, %v is left, want %v", at, n, names, left)
		}
		if r := w.verify(); r.Fault != nil {
			w.Errorf("%s: %v", at, r.Fault)
		}
	}
	due(time.Date(2126, 1, 1, 0, 0, 0, 0, time.UTC), false, "May", "April", "March") // for ever
	now = time.Date(2026, 5, 16, 0, 0, 0, 0, time.UTC)
	owner, ctx := w.scope(identity.RoleOwner), w.ctx()
	for _, bad := range []int{-1, 1, 5, 121} {
		if err := w.service.SetMonths(ctx, owner, bad); !errs.Is(err, errs.Invalid) {
			w.Errorf("%d months: %v", bad, err)
		}
	}
	for _, role := range []identity.Role{identity.RoleAuditor, identity.RoleAdministrator, identity.RoleSystemAdministrator, identity.RoleAgent} {
		if err := w.service.SetMonths(ctx, w.scope(role), 6); !errs.Is(err, errs.Forbidden) {
			w.Errorf("%s decides: %v", role, err)
		}
	}
	for range 2 { // the second time nothing changes, and nothing is recorded
		w.ok(w.service.SetMonths(ctx, owner, 6))
	}
	if got, err := w.service.Months(ctx, w.scope(identity.RoleAuditor)); got != 6 || err != nil {
		w.Errorf("%d months are told: %v", got, err)
	}
	if said := w.rows(audit.Filter{Action: audit.RetentionUpdated}); len(said) != 1 || string(said[0].Record.Detail) != `{"months":{"from":0,"to":6}}` {
		w.Errorf("the change left %v", said)
	}
	if got, err := w.store.Months(w.Context(), w.abroad); got != 0 || err != nil {
		w.Errorf("abroad: %d %v", got, err)
	}
	older := len(w.rows(audit.Filter{To: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)})) > 0 // of the fixture
	due(time.Date(2026, 9, 30, 23, 0, 0, 0, time.UTC), older, "May", "April", "March")
	due(time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), true, "May", "April")
	due(time.Date(2026, 10, 31, 0, 0, 0, 0, time.UTC), false, "May", "April") // once a month
	due(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), true)
	if got := len(w.rows(audit.Filter{Action: audit.Trimmed})); got < 2 {
		w.Errorf("%d rows say that the log was cut", got)
	}
}

func atOnce(w *world) {
	const many = 20
	done := make(chan error, many)
	for i := range many {
		go func() {
			done <- w.store.Keep(w.Context(), event.Event{
				ID: fmt.Sprint("aud_", i), Workspace: string(w.ws), At: w.now, Audit: &event.Record{Action: "test.raced"},
			})
		}()
	}
	for range many {
		w.ok(<-done)
	}
	if r := w.verify(); r.Fault != nil || len(w.rows(audit.Filter{Action: "test.raced"})) != many {
		w.Errorf("%+v", r)
	}
}

func reading(w *world) {
	for range 3 {
		_, err := w.service.List(w.ctx(), w.scope(identity.RoleAuditor), audit.Filter{}, page.Request{})
		w.ok(err)
	}
	if got := w.rows(audit.Filter{Action: audit.Read}); len(got) != 1 || got[0].Record.Via != "ses_1" {
		w.Errorf("reading left %v", got)
	}
	if _, err := w.service.List(w.ctx(), w.scope(identity.RoleAdministrator), audit.Filter{}, page.Request{}); !errs.Is(err, errs.Forbidden) {
		w.Errorf("an administrator reads: %v", err)
	}
	each, err := w.service.Export(w.ctx(), w.scope(identity.RoleAuditor), audit.Filter{Action: "audit."}, "csv")
	w.ok(err)
	n := 0
	w.ok(each(func(audit.Row) error { n++; return nil }))
	if n != 2 {
		w.Errorf("the export has %d rows: the reading and itself are meant", n)
	}
}
