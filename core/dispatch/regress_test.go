package dispatch_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/dispatch/dispatchtest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// tampered is a store whose claims go through a function.
type tampered struct {
	dispatch.Store
	mu    sync.Mutex
	claim func(ctx context.Context, c dispatch.Claim) error
}

// Under implements dispatch.Terms.
func (s *tampered) Under(term uint64) dispatch.Store { return tamperedTerm{s.Store.Under(term), s} }

// tamperedTerm is a term of a tampered store.
type tamperedTerm struct {
	dispatch.Store
	of *tampered
}

func (t tamperedTerm) Claims(ctx context.Context, _ identity.WorkspaceID, claims []dispatch.Claim) ([]error, error) {
	return dispatchtest.Each(ctx, claims, t.Claim)
}

func (t tamperedTerm) Claim(ctx context.Context, c dispatch.Claim) error {
	t.of.mu.Lock()
	claim := t.of.claim
	t.of.mu.Unlock()
	if claim == nil {
		claim = t.Store.Claim
	}
	return claim(ctx, c)
}

func (s *tampered) set(claim func(ctx context.Context, c dispatch.Claim) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.claim = claim
}

// Chatwoot #14495, #15275; Rocket.Chat #19352, #37776: two agents were
// assigned one conversation. Here two dispatchers that know nothing of one
// another serve the same workspace, and a person assigns by hand meanwhile.
func TestTwoDispatchersOneOwner(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFloor(t, nil)
		const items, agents, capacity = 300, 40, 5
		members, all := make([]identity.MemberID, agents), make([]dispatch.Item, items)
		for i := range members {
			members[i] = f.mem.NewMember(f.ws, capacity)
		}
		for i := range all {
			all[i] = f.mem.NewItem(f.ws, time.Now().Add(-time.Duration(i)*time.Second))
		}
		ctx, cancel := context.WithCancel(t.Context())
		var nodes, hands sync.WaitGroup
		for range 2 {
			d := dispatch.New(dispatch.Config{
				Store: f.mem, Announcer: newRecorder(),
				Now: time.Now, Log: slog.New(slog.DiscardHandler),
			})
			for _, m := range members {
				d.Beat(f.ws, m, "tab")
			}
			nodes.Go(func() { _ = d.Run(ctx) })
		}
		for i := range 20 {
			hands.Go(func() { f.mem.Do(f.ws, all[i].Key, dispatchtest.Assign, members[0]) })
		}
		hands.Wait()
		f.pass(5 * time.Second)
		owned := map[identity.MemberID]int{}
		for i, it := range all {
			owner := f.owner(it)
			owned[owner]++
			if i < 20 && owner != members[0] {
				t.Errorf("a choice made by hand was overwritten: %q", owner)
			}
		}
		for i, m := range members {
			if used := f.row(m).Used; used != owned[m] || i > 0 && used != capacity {
				t.Errorf("%s has used %d and owns %d, of %d", m, used, owned[m], capacity)
			}
		}
		if waits := len(f.waiting()); waits != owned[""] {
			t.Errorf("%d wait and %d are nobody's", waits, owned[""])
		}
		cancel()
		nodes.Wait()
	})
}

// Chatwoot #10583, #10376: the newest was served while an older one waited.
func TestNobodyOvertakes(t *testing.T) {
	t.Parallel()
	store := &tampered{}
	onFloor(t, func(m *dispatchtest.Memory) dispatch.Store { store.Store = m; return store }, func(f *floor) {
		var last dispatch.Key
		store.set(func(ctx context.Context, c dispatch.Claim) error {
			last = c.Item
			waiting, err := f.mem.Waiting(ctx, f.ws)
			if err != nil {
				return err
			}
			i := slices.IndexFunc(waiting, func(it dispatch.Item) bool { return it.Key == c.Item })
			mine := waiting[i].WaitingSince
			for _, it := range waiting {
				if it.WaitingSince.Before(mine) {
					f.Errorf("%s is served while %s has waited for longer", c.Item.ID, it.ID)
				}
			}
			return f.mem.Claim(ctx, c)
		})
		m := f.present(1)
		f.ask(0)
		for i := range 50 { // arrival times go up and down, as work comes back
			f.ask(time.Duration(i*7919%50) * time.Minute)
		}
		for range 50 {
			current := dispatch.Item{Key: last}
			f.owned(current, m)
			f.do(current, dispatchtest.Resolve, "")
		}
		if n := f.d.Stats().Assigned; n != 51 {
			f.Fatalf("%d assigned", n)
		}
	})
}

// Chatwoot #9587, #4158: a conversation was reopened onto an agent who left.
func TestReopenedWorkDoesNotGoToWhoLeft(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		left := f.present(5)
		it := f.ask(time.Hour)
		f.do(it, dispatchtest.Answer, "")
		f.silence(left)
		f.pass(time.Minute)
		f.owned(it, left) // nobody awaits an answer, so nothing was taken back
		f.do(it, dispatchtest.Requeue, "")
		f.owned(it, "")
		next := f.present(5)
		f.owned(it, next)
	})
}

// Libredesk #385: auto-assignment overwrote a manual one. The news of the
// manual assignment has not arrived when the dispatcher decides.
func TestManualChoiceIsNotOverwritten(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		it := f.ask(time.Minute)
		chosen := f.mem.NewMember(f.ws, 1)
		f.mem.Do(f.ws, it.Key, dispatchtest.Assign, chosen)
		other := f.present(5)
		f.owned(it, chosen)
		if s := f.d.Stats(); s.Refused != 1 || s.Assigned != 0 {
			f.Fatalf("%+v", s)
		}
		next := f.ask(0)
		f.owned(next, other) // the refusal cost the agent nothing
		f.status(other, dispatch.AgentStatus{Status: dispatch.Available, Capacity: 5, Open: 1})
	})
}

// An agent is filled by hand, and the news has not arrived.
func TestFullAgentIsNotOverfilled(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		full := f.present(1)
		f.pass(time.Second)
		free := f.present(1)
		byHand := f.mem.NewItem(f.ws, time.Now())
		f.mem.Do(f.ws, byHand.Key, dispatchtest.Assign, full)
		it := f.ask(0)
		f.owned(it, free)
		f.status(full, dispatch.AgentStatus{Status: dispatch.Available, Capacity: 1, Open: 1})
		if n := f.row(full).Used; n != 1 {
			f.Fatalf("used %d of 1", n)
		}
	})
}

// A person may override the capacity; dispatch gives nothing until there is
// room again.
func TestOverride(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		m := f.present(1)
		one, two := f.ask(0), f.ask(0)
		f.do(two, dispatchtest.Assign, m)
		three := f.ask(0)
		f.status(m, dispatch.AgentStatus{Status: dispatch.Available, Capacity: 1, Open: 2})
		f.do(one, dispatchtest.Resolve, "")
		f.owned(three, "")
		f.do(two, dispatchtest.Resolve, "")
		f.owned(three, m)
	})
}

// Rocket.Chat #20945: work on hold ate capacity.
func TestSleepingWorkLeavesRoom(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		m := f.present(1)
		one := f.ask(time.Minute)
		two := f.ask(0)
		f.owned(two, "")
		f.do(one, dispatchtest.Snooze, "")
		f.owned(two, m)
	})
}

// Rocket.Chat #23404: a chat that was put back kept its old agent and was
// never assigned.
func TestWorkPutBackIsAssigned(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		first := f.present(1)
		it := f.ask(time.Minute)
		f.owned(it, first)
		next := f.present(1)
		f.do(it, dispatchtest.Requeue, "")
		f.owned(it, next)
	})
}

// cskefu #36, #252, #342; Chatwoot #411, #1595, #3877, #11687: agents were
// shown online who were not. One tab dies in silence, one is closed.
func TestNobodyIsShownWhoIsNotThere(t *testing.T) {
	t.Parallel()
	onFloor(t, nil, func(f *floor) {
		m := f.present(3)
		f.status(m, dispatch.AgentStatus{Status: dispatch.Available, Capacity: 3})
		f.silence(m)
		f.pass(20 * time.Second)
		f.d.Beat(f.ws, m, "other")
		f.d.Leave(f.ws, m, "other")
		f.pass(10 * time.Second)
		f.status(m, dispatch.AgentStatus{Status: dispatch.Offline, Capacity: 3})
		if f.row(m).Online || f.d.Available(f.ws, "") {
			f.Fatal("stored online, or told available")
		}
	})
}

// The claim commits, and the answer is lost.
func TestClaimOfUnknownOutcome(t *testing.T) {
	t.Parallel()
	store := &tampered{}
	onFloor(t, func(m *dispatchtest.Memory) dispatch.Store { store.Store = m; return store }, func(f *floor) {
		store.set(func(ctx context.Context, c dispatch.Claim) error {
			return errors.Join(f.mem.Claim(ctx, c), errors.New("connection reset"))
		})
		m := f.present(2)
		one := f.ask(time.Minute)
		store.set(nil)
		f.pass(time.Second)
		two := f.ask(0)
		f.pass(time.Second)
		f.owned(one, m)
		f.owned(two, m)
		if n := f.row(m).Used; n != 2 {
			f.Fatalf("used %d", n)
		}
		f.status(m, dispatch.AgentStatus{Status: dispatch.Available, Capacity: 2, Open: 2})
	})
}

// A refusal that says nothing of why costs the item a while, and nobody else anything.
func TestPoisonedItem(t *testing.T) {
	t.Parallel()
	store := &tampered{}
	onFloor(t, func(m *dispatchtest.Memory) dispatch.Store { store.Store = m; return store }, func(f *floor) {
		poisoned := f.ask(time.Hour)
		store.set(func(ctx context.Context, c dispatch.Claim) error {
			if c.Item == poisoned.Key {
				return errs.New(errs.Invalid, "item.odd", "It is odd.")
			}
			return f.mem.Claim(ctx, c)
		})
		m := f.present(2)
		it := f.ask(0)
		f.owned(it, m)
		f.owned(poisoned, "")
		store.set(nil)
		f.pass(125 * time.Second) // the shadow check finds that it waits
		f.owned(poisoned, m)
	})
}

func TestStopFinishesClaims(t *testing.T) {
	t.Parallel()
	store := &tampered{}
	onFloor(t, func(m *dispatchtest.Memory) dispatch.Store { store.Store = m; return store }, func(f *floor) {
		inFlight := make(chan struct{})
		store.set(func(ctx context.Context, c dispatch.Claim) error {
			close(inFlight)
			time.Sleep(3 * time.Second)
			return f.mem.Claim(ctx, c)
		})
		m := f.present(1)
		it := f.ask(0)
		<-inFlight
		f.shut()
		f.owned(it, m)
		store.set(nil)
		f.open()
	})
}

// A store that contradicts itself must not be hammered.
func TestContradictionPauses(t *testing.T) {
	t.Parallel()
	store := &tampered{}
	onFloor(t, func(m *dispatchtest.Memory) dispatch.Store { store.Store = m; return store }, func(f *floor) {
		store.set(func(context.Context, dispatch.Claim) error { return dispatch.ErrAgentFull() })
		f.present(5)
		f.ask(0)
		f.pass(10 * time.Second)
		if n := f.d.Stats().Refused; n < 5 || n > 300 {
			f.Fatalf("%d claims in 10 s", n)
		}
		store.set(nil)
		f.pass(5 * time.Second)
		if n := f.d.Stats().Assigned; n != 1 {
			f.Fatalf("%d assigned", n)
		}
	})
}
