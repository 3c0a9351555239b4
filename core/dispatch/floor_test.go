package dispatch_test

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/dispatch/dispatchtest"
	"github.com/patchbay-im/patchbay/core/identity"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// floor is a workspace with a running dispatcher on a fake clock.
type floor struct {
	testing.TB
	*recorder
	mem   *dispatchtest.Memory
	store dispatch.Store
	d     *dispatch.Dispatcher
	ws    identity.WorkspaceID
	stop  func()
	tabs  map[identity.MemberID]func() // ends a member's heartbeats

	policy dispatch.Policy
	nights *nights
}

// onFloor runs fn in a bubble, with a dispatcher on the given store (nil = a
// Memory of its own, which is always behind it).
func onFloor(t *testing.T, wrap func(*dispatchtest.Memory) dispatch.Store, fn func(f *floor)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := newFloor(t, wrap)
		f.open()
		defer func() { f.shut() }()
		fn(f)
	})
}

func newFloor(tb testing.TB, wrap func(*dispatchtest.Memory) dispatch.Store) *floor {
	tb.Helper()
	f := &floor{TB: tb, mem: dispatchtest.NewMemory(time.Now), tabs: map[identity.MemberID]func(){}, nights: &nights{}}
	f.store = f.mem
	if wrap != nil {
		f.store = wrap(f.mem)
	}
	f.ws = f.mem.NewWorkspace()
	return f
}

// open starts a dispatcher, as a start of the server does.
func (f *floor) open() {
	f.recorder = newRecorder()
	f.d = dispatch.New(dispatch.Config{Store: f.store, Announcer: f.recorder, Now: time.Now, Log: slog.New(slog.DiscardHandler), Policy: f.policy, Hours: f.nights})
	ctx, cancel := context.WithCancel(f.Context())
	done := make(chan error, 1)
	go func() { done <- f.d.Run(ctx) }()
	f.stop = func() {
		cancel()
		if err := <-done; err != nil {
			f.Errorf("run: %v", err)
		}
	}
	synctest.Wait()
}

func (f *floor) shut() {
	for m := range f.tabs {
		f.silence(m)
	}
	f.stop()
}

// pass lets time pass, and everything due happen.
func (f *floor) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// present makes a member who beats every 10 s until silence.
func (f *floor) present(capacity int) identity.MemberID {
	m := f.mem.NewMember(f.ws, capacity)
	f.come(m)
	return m
}

func (f *floor) come(m identity.MemberID) {
	ctx, cancel := context.WithCancel(f.Context())
	done := make(chan struct{})
	f.tabs[m] = func() { cancel(); <-done }
	go func() {
		defer close(done)
		for {
			f.d.Beat(f.ws, m, "tab of "+string(m))
			select {
			case <-ctx.Done():
				return
			case <-time.After(10 * time.Second):
			}
		}
	}()
	synctest.Wait()
}

// silence ends a member's heartbeats without a word.
func (f *floor) silence(m identity.MemberID) {
	if f.tabs[m] != nil {
		f.tabs[m]()
		delete(f.tabs, m)
	}
}

// ask makes an item that has waited for so long, and tells the dispatcher.
func (f *floor) ask(waited time.Duration) dispatch.Item {
	it := f.mem.NewItem(f.ws, time.Now().Add(-waited))
	f.d.Signal(f.ws, dispatch.Signal{Waits: []dispatch.Item{it}})
	synctest.Wait()
	return it
}

// do changes an item and tells the dispatcher, as the feed would.
func (f *floor) do(it dispatch.Item, act dispatchtest.Act, member identity.MemberID) {
	before, offer := f.owner(it), f.ringing(it)
	f.mem.Do(f.ws, it.Key, act, member)
	f.d.Signal(f.ws, f.signal(it.Key, before, member, offer.Member))
	synctest.Wait()
}

// signal is what the feed says after something was done.
func (f *floor) signal(k dispatch.Key, members ...identity.MemberID) dispatch.Signal {
	var sig dispatch.Signal
	if w, ok := f.waiting()[k]; ok {
		sig.Waits = []dispatch.Item{w}
	} else if o := f.ringing(dispatch.Item{Key: k}); o.Member != "" {
		sig.Offers = []dispatch.Offer{o}
	} else {
		sig.Gone = []dispatch.Key{k}
	}
	for _, m := range members {
		if m != "" {
			sig.Agents = append(sig.Agents, m)
		}
	}
	return sig
}

// ringing returns the offer of an item; the zero Offer when there is none.
func (f *floor) ringing(it dispatch.Item) dispatch.Offer {
	for _, o := range f.mem.Ringing(f.ws) {
		if o.Item.Key == it.Key {
			return o
		}
	}
	return dispatch.Offer{}
}

// answer has a member accept or reject, and tells the dispatcher, as the feed would.
func (f *floor) answer(it dispatch.Item, member identity.MemberID, accept bool) error {
	sig, err := f.answered(it, member, accept)
	if err == nil {
		f.d.Signal(f.ws, sig)
		synctest.Wait()
	}
	return err
}

// answered is answer without the telling.
func (f *floor) answered(it dispatch.Item, member identity.MemberID, accept bool) (sig dispatch.Signal, err error) {
	if accept {
		err = f.mem.Accept(f.ws, it.Key, member)
	} else {
		err = f.mem.Reject(f.ws, it.Key, member)
	}
	if err != nil {
		return sig, err
	}
	sig = f.signal(it.Key, member)
	if !accept {
		sig.Refused = []dispatch.Refusal{{Key: it.Key, Member: member}}
	}
	return sig, nil
}

// changed tells that a member is another.
func (f *floor) changed(m identity.MemberID) {
	f.d.Signal(f.ws, dispatch.Signal{Agents: []identity.MemberID{m}})
	synctest.Wait()
}

// seen returns a member's effective status.
func (f *floor) seen(m identity.MemberID) dispatch.Status {
	f.Helper()
	status, err := f.d.Status(f.Context(), f.ws, m)
	if err != nil {
		f.Fatalf("status of %s: %v", m, err)
	}
	return status
}

func (f *floor) waiting() map[dispatch.Key]dispatch.Item { return f.mem.Queue(f.ws) }

func (f *floor) owner(it dispatch.Item) identity.MemberID { return f.mem.Owner(f.ws, it.Key) }

func (f *floor) owned(it dispatch.Item, want identity.MemberID) {
	f.Helper()
	if got := f.owner(it); got != want {
		f.Fatalf("%s is owned by %q, want %q", it.ID, got, want)
	}
}

func (f *floor) row(m identity.MemberID) dispatch.AgentRow {
	f.Helper()
	rows, err := f.mem.Loads(f.Context(), f.ws, []identity.MemberID{m})
	if err != nil || len(rows) != 1 {
		f.Fatalf("row of %s: %v, %v", m, rows, err)
	}
	return rows[0]
}

// status expects what colleagues see, asked and announced.
func (f *floor) status(m identity.MemberID, want dispatch.AgentStatus) {
	f.Helper()
	f.pass(250 * time.Millisecond) // the longest an announcement may take
	want.Member = m
	all := f.d.Presence(f.ws)
	i := slices.IndexFunc(all, func(s dispatch.AgentStatus) bool { return s.Member == m })
	if i >= 0 {
		want.Since = all[i].Since // a matter of TestSince
	}
	if i < 0 || all[i] != want || f.seen(m) != want.Status {
		f.Fatalf("%s is seen in %+v, want %+v", m, all, want)
	}
	if got := f.announced(m); got != want {
		f.Fatalf("%s was announced as %+v, want %+v", m, got, want)
	}
}

// recorder is an Announcer that keeps what people know.
type recorder struct {
	mu       sync.Mutex
	places   map[dispatch.Key]int
	last     map[dispatch.Key]dispatch.Position
	hopes    map[dispatch.Key]bool // whether somebody was available, as last told with a place
	statuses map[identity.MemberID]dispatch.AgentStatus
	queue    []time.Time // of every announcement
}

func newRecorder() *recorder {
	return &recorder{
		last: map[dispatch.Key]dispatch.Position{}, places: map[dispatch.Key]int{}, hopes: map[dispatch.Key]bool{}, statuses: map[identity.MemberID]dispatch.AgentStatus{},
	}
}

func (r *recorder) QueueMoved(_ context.Context, _ identity.WorkspaceID, news dispatch.QueueNews) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range news.Moved {
		r.places[p.Key] = p.Place
		r.hopes[p.Key], r.last[p.Key] = p.Available, p
	}
	r.queue = append(r.queue, time.Now())
}

func (r *recorder) PresenceChanged(_ context.Context, _ identity.WorkspaceID, agents []dispatch.AgentStatus) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range agents {
		r.statuses[a.Member] = a
	}
}

func (r *recorder) announced(m identity.MemberID) dispatch.AgentStatus {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.statuses[m]
}

func (r *recorder) place(it dispatch.Item) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.places[it.Key]
}
