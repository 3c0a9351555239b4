// Package client is the clients of the crash harness: visitors and members
// over WebSocket and REST, a far side that posts webhooks, and subscribers who
// only listen. Each behaves as a good client does: it sends a message under
// one id until it is answered, resumes where it was, and keeps what it was
// promised and shown for the verdict.
//
// Concurrency: every client runs in goroutines of its own; World and Ledger
// are shared and safe for concurrent use.
//
// Lifecycle: Run of a client returns when its context ends. Those that write
// stop writing when World.Halt is called, after their last message is answered.
package client

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/crash/verdict"
	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// World is what the clients of one run share.
type World struct {
	Base       string // of the server, without a slash at the end
	Live, Echo rig.Inbox
	EchoPrefix string
	Members    []rig.Member
	Ledger     *Ledger

	mu            sync.Mutex
	conversations []string
	known         map[string]bool

	halting sync.Once
	halted  chan struct{}
}

// NewWorld returns a World without conversations.
func NewWorld(base string) *World {
	return &World{Base: base, Ledger: &Ledger{}, known: map[string]bool{}, halted: make(chan struct{})}
}

// Halt ends the writing.
func (w *World) Halt() { w.halting.Do(func() { close(w.halted) }) }

func (w *World) isHalted() bool {
	select {
	case <-w.halted:
		return true
	default:
		return false
	}
}

// learn notes that there is a conversation to write into.
func (w *World) learn(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.known[id] {
		w.known[id] = true
		w.conversations = append(w.conversations, id)
	}
}

// any returns a conversation by chance; "" when there is none yet.
func (w *World) any(r *rand.Rand) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.conversations) == 0 {
		return ""
	}
	return w.conversations[r.IntN(len(w.conversations))]
}

// Client is one client of the run. It listens (Run), writes (Write), or both.
type Client interface {
	Name() string
}

// party is what all clients have: a name, chance, and the world.
type party struct {
	world *World
	name  string

	mu  sync.Mutex
	rng *rand.Rand
}

func newParty(w *World, name string, seed uint64) *party {
	h := uint64(14695981039346656037) // FNV-1a: each client gets chances of its own
	for _, b := range []byte(name) {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return &party{world: w, name: name, rng: rand.New(rand.NewPCG(seed, h))}
}

// Name is what the verdict calls the client.
func (p *party) Name() string { return p.name }

// chance is true p times of a hundred.
func (p *party) chance(percent int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rng.IntN(100) < percent
}

func (p *party) between(low, high time.Duration) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return low + time.Duration(p.rng.Int64N(int64(high-low)+1))
}

func (p *party) below(n int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rng.IntN(n)
}

func (p *party) conversation() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.world.any(p.rng)
}

// uuid makes an id for a message.
func (p *party) uuid() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, b := p.rng.Uint64(), p.rng.Uint64()
	return fmt.Sprintf("%08x-%04x-7%03x-8%03x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48&0xfff, b&0xffffffffffff)
}

// rest waits for a while between low and high; false when ctx ended.
func (p *party) rest(ctx context.Context, low, high time.Duration) bool {
	t := time.NewTimer(p.between(low, high))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// retry waits as long as a client waits before it tries again.
func (p *party) retry(ctx context.Context) bool {
	return p.rest(ctx, 2*time.Millisecond, 15*time.Millisecond)
}

func (p *party) fault(invariant, format string, args ...any) {
	p.world.Ledger.fault(invariant, p.name+": "+fmt.Sprintf(format, args...))
}

// text makes something to say: words, Chinese, an emoji, sometimes much.
func (p *party) text(kind, id string) string {
	word := "text"
	if kind == kindNote {
		word = noteMark
	}
	out := word + " " + id
	switch p.below(10) {
	case 0:
		out += " 你好，请问发货了吗？"
	case 1:
		out += " 🍵👩‍💻"
	case 2:
		out += strings.Repeat(" and so on, at some length", 20)
	}
	return out
}

// noteMark begins every note: no customer may ever be sent it.
const (
	noteMark = "NOTE-FOR-COLLEAGUES"
	kindText = "text"
	kindNote = "note"
)

// Evidence collects what the clients can swear to.
func (w *World) Evidence(clients []Client) verdict.Evidence {
	e := verdict.Evidence{Live: w.Live.ID, Echo: w.Echo.ID, EchoPrefix: w.EchoPrefix}
	w.Ledger.into(&e)
	for _, c := range clients {
		if s, ok := c.(witness); ok {
			s.testify(&e)
		}
	}
	return e
}

// witness is a client that kept what it saw.
type witness interface {
	testify(e *verdict.Evidence)
}
