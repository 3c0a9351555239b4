package dispatch_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/dispatch/dispatchtest"
	"github.com/patchbay-im/patchbay/core/identity"
)

// wire is a node's way to the store. It can be cut, and counts what the node
// wrote.
type wire struct {
	dispatch.Store
	mu    sync.Mutex
	cut   bool
	wrote int
}

var errCut = errors.New("no route to the store")

func (w *wire) severed(cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = cut
}

func (w *wire) broken() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cut {
		return errCut
	}
	return nil
}

func (w *wire) Alive(ctx context.Context, node string, until time.Time) error {
	if err := w.broken(); err != nil {
		return err
	}
	return w.Store.Alive(ctx, node, until)
}

func (w *wire) Under(term uint64) dispatch.Store { return wireTerm{w.Store.Under(term), w} }

type wireTerm struct {
	dispatch.Store
	of *wire
}

func (t wireTerm) Claims(ctx context.Context, _ identity.WorkspaceID, claims []dispatch.Claim) ([]error, error) {
	return dispatchtest.Each(ctx, claims, t.Claim)
}

func (t wireTerm) Claim(ctx context.Context, c dispatch.Claim) error {
	if err := t.of.broken(); err != nil {
		return err
	}
	err := t.Store.Claim(ctx, c)
	if err == nil {
		t.of.mu.Lock()
		t.of.wrote++
		t.of.mu.Unlock()
	}
	return err
}

// pair is two nodes at one store, which hear the same.
type pair struct {
	*testing.T
	mem   *dispatchtest.Memory
	ws    identity.WorkspaceID
	wires [2]*wire
	nodes [2]*dispatch.Dispatcher
	heard [2]*recorder
	ends  [2]func()
}

func onPair(t *testing.T, fn func(p *pair)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := &pair{T: t, mem: dispatchtest.NewMemory(time.Now)}
		p.ws = p.mem.NewWorkspace()
		for i, name := range []string{"first", "second"} {
			p.wires[i], p.heard[i] = &wire{Store: p.mem}, newRecorder()
			p.nodes[i] = dispatch.New(dispatch.Config{
				Store: p.wires[i], Announcer: p.heard[i], Now: time.Now, Log: slog.New(slog.DiscardHandler), Node: name,
				Policy: dispatch.Policy{Match: dispatch.BySkill{}},
			})
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() { defer close(done); _ = p.nodes[i].Run(ctx) }()
			p.ends[i] = sync.OnceFunc(func() { cancel(); <-done })
			synctest.Wait()
		}
		defer func() { p.ends[0](); p.ends[1]() }()
		fn(p)
	})
}

// pass lets time pass, in which a member's tab beats.
func (p *pair) pass(d time.Duration, there ...identity.MemberID) {
	for ; d > 0; d -= time.Second {
		for _, m := range there {
			for _, n := range p.nodes {
				n.Beat(p.ws, m, "tab")
			}
		}
		time.Sleep(min(d, time.Second))
		synctest.Wait()
	}
}

func (p *pair) ask() dispatch.Item {
	it := p.mem.NewItem(p.ws, time.Now())
	for _, n := range p.nodes {
		n.Signal(p.ws, dispatch.Signal{Waits: []dispatch.Item{it}})
	}
	synctest.Wait()
	return it
}

func (p *pair) owned(it dispatch.Item, by identity.MemberID) {
	p.Helper()
	if got := p.mem.Owner(p.ws, it.Key); got != by {
		p.Fatalf("%s is owned by %q, want %q", it.ID, got, by)
	}
}

func (p *pair) wrote(node, want int) {
	p.Helper()
	p.wires[node].mu.Lock()
	defer p.wires[node].mu.Unlock()
	if got := p.wires[node].wrote; got != want {
		p.Fatalf("node %d made %d assignments, want %d", node, got, want)
	}
}

// One node decides and tells people of it; the other knows as much.
func TestOneNodeDecides(t *testing.T) {
	onPair(t, func(p *pair) {
		m := p.mem.NewMember(p.ws, 2)
		p.pass(time.Second, m)
		one, two, three := p.ask(), p.ask(), p.ask()
		p.pass(time.Second, m)
		p.owned(one, m)
		p.owned(two, m)
		p.owned(three, "")
		p.wrote(0, 2)
		p.wrote(1, 0)
		if p.heard[0].announced(m).Open != 2 || len(p.heard[1].statuses) != 0 {
			p.Fatalf("announced: %+v and %+v", p.heard[0].statuses, p.heard[1].statuses)
		}
		for i, n := range p.nodes { // the feed says so to both
			n.Signal(p.ws, dispatch.Signal{Gone: []dispatch.Key{one.Key, two.Key}, Agents: []identity.MemberID{m}})
			synctest.Wait()
			if at := n.Position(p.ws, three.Key); at.Place != 1 || !at.Available {
				p.Errorf("node %d: place %d, available %t", i, at.Place, at.Available)
			}
			if s, err := n.Status(p.Context(), p.ws, m); err != nil || s != dispatch.Available {
				p.Errorf("node %d: %s, %v", i, s, err)
			}
		}
	})
}

// A node that cannot reach the store is replaced. When it can again it changes
// nothing, and follows.
func TestAnotherNodeTakesOver(t *testing.T) {
	onPair(t, func(p *pair) {
		m := p.mem.NewMember(p.ws, 5)
		p.pass(time.Second, m)
		p.wires[0].severed(true)
		it := p.ask()
		p.pass(20*time.Second, m)
		p.owned(it, m)
		p.wrote(1, 1)
		p.wires[0].severed(false)
		again := p.ask()
		p.pass(20*time.Second, m)
		p.owned(again, m)
		p.wrote(0, 0)
		p.wrote(1, 2)
		if open := p.nodes[1].Presence(p.ws)[0].Open; open != 2 {
			p.Fatalf("%d open", open)
		}
	})
}

// Time passes at a node that listens, too: it knows who may serve by now.
func TestTimeAtTheOtherNode(t *testing.T) {
	onPair(t, func(p *pair) {
		m := p.mem.NewMember(p.ws, 1)
		p.mem.SetProfile(p.ws, m, dispatch.ProfileOf("b"))
		p.pass(time.Second, m)
		p.owned(p.ask(), m) // so that the other waits on
		it := p.mem.NewItem(p.ws, time.Now())
		it.Class, it.Ladder = "a", []dispatch.Rung{{After: time.Minute, Class: "b"}}
		for _, n := range p.nodes {
			n.Signal(p.ws, dispatch.Signal{Waits: []dispatch.Item{it}})
		}
		p.pass(2*time.Second, m)
		if s := p.nodes[1].Position(p.ws, it.Key); s.Available {
			p.Fatalf("at once: %+v", s)
		}
		p.pass(time.Minute, m)
		if s := p.nodes[1].Position(p.ws, it.Key); !s.Available {
			p.Fatalf("after a minute: %+v", s)
		}
	})
}

// What the bus lost of a choice is found by the comparison, and a tab that closes
// does not undo it.
func TestChoiceThatIsNotTold(t *testing.T) {
	onPair(t, func(p *pair) {
		m := p.mem.NewMember(p.ws, 5)
		p.pass(time.Second, m)
		if err := p.nodes[1].Choose(p.Context(), p.ws, m, dispatch.Away, "lunch"); err != nil {
			p.Fatal(err)
		}
		p.pass(3*time.Minute, m)
		if s, err := p.nodes[0].Status(p.Context(), p.ws, m); err != nil || s != dispatch.Away {
			p.Fatalf("the leading node says %s, %v", s, err)
		}
		p.pass(time.Minute) // gone
		rows, err := p.mem.Loads(p.Context(), p.ws, []identity.MemberID{m})
		if err != nil || rows[0].Online || rows[0].Status != dispatch.Away || rows[0].Reason != "lunch" {
			p.Fatalf("stored is %+v, %v", rows, err)
		}
	})
}

// A node that ends hands over at once, and nobody loses their work by it.
func TestNodeResigns(t *testing.T) {
	onPair(t, func(p *pair) {
		m := p.mem.NewMember(p.ws, 5)
		p.pass(time.Second, m)
		before := p.ask()
		p.ends[0]()
		after := p.ask()
		p.pass(4*time.Second, m)
		p.owned(before, m)
		p.owned(after, m)
		p.wrote(0, 1)
		p.wrote(1, 1)
	})
}

// What a member chooses at the node that listens counts at the one that leads.
func TestChoiceAtTheOtherNode(t *testing.T) {
	onPair(t, func(p *pair) {
		m := p.mem.NewMember(p.ws, 5)
		p.pass(time.Second, m)
		if err := p.nodes[1].Choose(p.Context(), p.ws, m, dispatch.Away, "lunch"); err != nil {
			p.Fatal(err)
		}
		p.nodes[0].Signal(p.ws, dispatch.Signal{Agents: []identity.MemberID{m}})
		it := p.ask()
		p.pass(time.Second, m)
		p.owned(it, "")
		if got := p.heard[0].announced(m); got.Status != dispatch.Away || got.Reason != "lunch" {
			p.Fatalf("announced as %+v", got)
		}
		if err := p.nodes[0].Choose(p.Context(), p.ws, m, dispatch.Available, ""); err != nil {
			p.Fatal(err)
		}
		p.pass(time.Second, m)
		p.owned(it, m)
	})
}
