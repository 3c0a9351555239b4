package dispatchtest

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/identity"
)

// patience is how long a case waits for what must come.
const patience = time.Minute

// RunPeers plays what went wrong in other products, each on a dispatcher that
// runs over a store, while other customers come and go. Those that are a matter
// of the store alone are cases of Run.
func RunPeers(t *testing.T, fixture func(t *testing.T) Fixture) {
	t.Helper()
	for name, fn := range map[string]func(*floor){
		"the oldest is served first":               testOldestFirst,
		"work is not given back to who left":       testNotToWhoLeft,
		"work that is put back is assigned":        testPutBack,
		"nobody is shown who is not there":         testNotThere,
		"a dispatcher by mistake assigns no twice": testTwoDispatchers,
	} {
		t.Run(name, func(t *testing.T) {
			f := fixture(t)
			h := &house{T: t, f: f, ws: f.NewWorkspace(t), now: epoch()}
			fn(&floor{house: h})
		})
	}
}

// floor is a workspace in which a dispatcher runs.
type floor struct {
	*house
	d     *dispatch.Dispatcher
	later atomic.Int64 // how much later it is than by the clock

	mu    sync.Mutex
	items []dispatch.Item
}

// nobody is an Announcer whom nobody hears.
type nobody struct{}

func (nobody) QueueMoved(context.Context, identity.WorkspaceID, dispatch.QueueNews)          {}
func (nobody) PresenceChanged(context.Context, identity.WorkspaceID, []dispatch.AgentStatus) {}

func (f *floor) open(store dispatch.Store) *dispatch.Dispatcher {
	d := dispatch.New(dispatch.Config{
		Store: store, Announcer: nobody{}, Log: slog.New(slog.DiscardHandler), Policy: dispatch.Policy{Match: dispatch.BySkill{}},
		Now: func() time.Time { return time.Now().Add(time.Duration(f.later.Load())) }, Grace: time.Millisecond,
	})
	ctx, cancel := context.WithCancel(f.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = d.Run(ctx) }()
	f.Cleanup(func() { cancel(); <-done })
	return d
}

// opens starts the dispatcher of the case.
func (f *floor) opens() { f.d = f.open(f.f.Store) }

// comes makes a member who is there.
func (f *floor) comes(capacity int) identity.MemberID {
	f.Helper()
	m := f.member(capacity)
	f.d.Beat(f.ws, m, "tab")
	return m
}

// asks makes an item that has waited for so long, and tells of it.
func (f *floor) asks(waited time.Duration) dispatch.Item {
	f.Helper()
	it := f.item(waited)
	f.mu.Lock()
	f.items = append(f.items, it)
	f.mu.Unlock()
	f.tell(f.d)
	return it
}

// tell says what the feed would: all that the store has by now.
func (f *floor) tell(d *dispatch.Dispatcher) {
	f.Helper()
	waiting := f.waiting()
	rows, err := f.f.Store.Agents(f.Context(), f.ws)
	if err != nil {
		f.Fatal(err)
	}
	var s dispatch.Signal
	f.mu.Lock()
	for _, it := range f.items {
		if w, waits := waiting[it.Key]; waits {
			s.Waits = append(s.Waits, w)
		} else {
			s.Gone = append(s.Gone, it.Key)
		}
	}
	f.mu.Unlock()
	for _, row := range rows {
		s.Agents = append(s.Agents, row.Member)
	}
	d.Signal(f.ws, s)
}

// does changes an item and tells of it.
func (f *floor) does(it dispatch.Item, act Act, member identity.MemberID) {
	f.Helper()
	f.do(it, act, member)
	f.tell(f.d)
}

// stored is a member's row, or none for who may not be given work.
func (f *floor) stored(m identity.MemberID) (row dispatch.AgentRow) {
	f.Helper()
	rows, err := f.f.Store.Loads(f.Context(), f.ws, []identity.MemberID{m})
	if err != nil {
		f.Fatal(err)
	}
	if len(rows) == 1 {
		row = rows[0]
	}
	return row
}

// online reports whether a member is stored as there.
func (f *floor) online(m identity.MemberID) bool { return f.stored(m).Online }

// carries expects a load.
func (f *floor) carries(m identity.MemberID, want int) {
	f.Helper()
	if got := f.stored(m).Used; got != want {
		f.Fatalf("%s has used %d, want %d", m, got, want)
	}
}

// until waits for what must come.
func (f *floor) until(what string, so func() bool) {
	f.Helper()
	for began := time.Now(); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > patience {
			f.Fatalf("it never came to that: %s", what)
		}
	}
}

func (f *floor) has(it dispatch.Item, want identity.MemberID) {
	f.Helper()
	f.until(it.ID+" is owned by "+string(want), func() bool { return f.f.Owner(f.T, f.ws, it.Key) == want })
}

// Chatwoot #10583, #10376: the newest was served while an older one waited.
func testOldestFirst(f *floor) {
	order := &inOrder{Store: f.f.Store}
	items := make([]dispatch.Item, 24)
	for i := range items { // arrival times go up and down, as work comes back
		items[i] = f.item(time.Duration(1+i*7919%24) * time.Minute)
	}
	f.items = items
	d := f.open(order)
	var wg sync.WaitGroup
	for range 3 {
		m := f.member(1)
		d.Beat(f.ws, m, "tab")
		wg.Go(func() { // works until nothing is left
			for {
				mine := -1
				f.until("somebody has work", func() bool {
					mine = slices.IndexFunc(items, func(it dispatch.Item) bool { return f.f.Owner(f.T, f.ws, it.Key) == m && !order.done(it.Key) })
					return mine >= 0 || order.left(len(items)) == 0
				})
				if mine < 0 {
					return
				}
				order.finish(items[mine].Key)
				f.do(items[mine], Resolve, "")
				f.tell(d)
			}
		})
	}
	wg.Wait()
	slices.SortFunc(items, func(a, b dispatch.Item) int { return a.WaitingSince.Compare(b.WaitingSince) })
	for i, key := range order.keys() {
		if key != items[i].Key {
			f.Fatalf("%s was given out as number %d", key.ID, i+1)
		}
	}
}

// inOrder remembers what was given out, in its order.
type inOrder struct {
	dispatch.Store
	mu       sync.Mutex
	given    []dispatch.Key
	finished []dispatch.Key
}

func (o *inOrder) Under(term uint64) dispatch.Store { return inOrderTerm{o.Store.Under(term), o} }

type inOrderTerm struct {
	dispatch.Store
	of *inOrder
}

func (t inOrderTerm) Claims(ctx context.Context, ws identity.WorkspaceID, claims []dispatch.Claim) ([]error, error) {
	t.of.mu.Lock()
	defer t.of.mu.Unlock()
	results, err := t.Store.Claims(ctx, ws, claims)
	for i, refused := range results {
		if refused == nil {
			t.of.given = append(t.of.given, claims[i].Item)
		}
	}
	return results, err //nolint:wrapcheck // the port's own error
}

func (o *inOrder) keys() []dispatch.Key {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.given)
}

func (o *inOrder) finish(k dispatch.Key) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.finished = append(o.finished, k)
}

// left is how many of n are not finished.
func (o *inOrder) left(n int) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return n - len(o.finished)
}

func (o *inOrder) done(k dispatch.Key) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Contains(o.finished, k)
}

// askFor makes as many items, which one member is given.
func (f *floor) askFor(m identity.MemberID, n int) []dispatch.Item {
	f.Helper()
	out := make([]dispatch.Item, n)
	for i := range out {
		out[i] = f.asks(time.Duration(i+1) * time.Minute)
	}
	for _, it := range out {
		f.has(it, m)
	}
	return out
}

// requeued puts items back, all at once, and expects a member to be given them.
func (f *floor) requeued(items []dispatch.Item, next identity.MemberID) {
	f.Helper()
	var wg sync.WaitGroup
	for _, it := range items {
		wg.Go(func() { f.does(it, Requeue, "") })
	}
	wg.Wait()
	for _, it := range items {
		f.has(it, next)
	}
}

// Chatwoot #9587, #4158: a conversation was reopened onto an agent who left.
func testNotToWhoLeft(f *floor) {
	f.opens()
	left := f.comes(8)
	items := f.askFor(left, 4)
	for _, it := range items {
		f.does(it, Answer, "")
	}
	f.d.Leave(f.ws, left, "tab")
	f.until("the agent is gone", func() bool { return !f.online(left) })
	for _, it := range items {
		f.owner(it, left) // nobody awaits an answer
	}
	f.requeued(items, f.comes(8)) // as conversations are when their customer writes
	f.carries(left, 0)
}

// Rocket.Chat #23404: a chat that was put back kept its old agent and was
// never assigned.
func testPutBack(f *floor) {
	f.opens()
	first := f.comes(4)
	items := f.askFor(first, 4)
	f.f.Suspend(f.T, f.ws, first)
	next := f.comes(4)
	f.requeued(items, next)
	f.carries(next, 4)
}

// cskefu #36, #252, #342; Chatwoot #411, #1595, #3877, #11687: agents were shown
// online who were not. One tab dies in silence, another is closed.
func testNotThere(f *floor) {
	f.opens()
	m := f.comes(3)
	it := f.asks(time.Minute)
	f.has(it, m)
	seen := func() dispatch.Status {
		s, err := f.d.Status(f.Context(), f.ws, m)
		if err != nil {
			f.Fatal(err)
		}
		return s
	}
	f.until("the agent is there", func() bool { return seen() == dispatch.Available })
	f.d.Beat(f.ws, m, "other")
	f.d.Leave(f.ws, m, "other")
	f.later.Add(int64(time.Minute))
	f.tell(f.d)
	f.until("nobody is there", func() bool { return seen() == dispatch.Offline && !f.d.Available(f.ws, "") })
	f.until("it is stored", func() bool { return !f.online(m) })
	f.has(it, "")
	for _, s := range f.d.Presence(f.ws) {
		if s.Status != dispatch.Offline {
			f.Fatalf("%+v", s)
		}
	}
}

// Chatwoot #14495, #15275; Rocket.Chat #19352, #37776: two agents were assigned
// one conversation. Two dispatchers run that know nothing of each other, each
// with all agents.
func testTwoDispatchers(f *floor) {
	f.opens()
	both := []*dispatch.Dispatcher{f.d, f.open(f.f.Store)}
	members := make([]identity.MemberID, 4)
	for i := range members {
		members[i] = f.member(3)
		for _, d := range both {
			d.Beat(f.ws, members[i], "tab")
		}
	}
	items := make([]dispatch.Item, 12)
	for i := range items {
		items[i] = f.asks(time.Duration(i+1) * time.Minute)
		f.tell(both[1])
	}
	for _, it := range items {
		f.until("everything is given out", func() bool { return f.f.Owner(f.T, f.ws, it.Key) != "" })
	}
	for _, m := range members {
		f.carries(m, 3)
	}
}
