package conversation

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/lru"
)

// How signals leave. They are best effort: one for which there is no room is
// not sent, and none waits.
const (
	SignalEvery    = 4 * time.Second // signs of typing in a conversation; far sides show one for about five
	signalBudget   = 2 * time.Second
	signalsAtOnce  = 32
	signalsOfOne   = 4 // of them to one plugin: one that is slow leaves room for others
	maxSignalled   = 10_000
	readLookBehind = 50 // changes among which the message that was read last is looked for
)

// Signals shows things to a far side; a channel.FarSide does.
type Signals interface {
	Signal(ctx context.Context, inbox channel.Inbox, s channel.Signal) error
}

// signals are those under way, and when members were last shown to type.
type signals struct {
	mu     sync.Mutex
	typed  *lru.Map[ID, time.Time]
	cancel map[ID]context.CancelFunc // of signs of typing under way
	all    int
	busy   map[channel.PluginID]int
}

// MemberTypes shows the customer of a conversation that a member writes to them,
// where the channel can. It does not block, and may be called as often as
// somebody types. The member's right to write has been checked.
func (s *Service) MemberTypes(ctx context.Context, w identity.WorkspaceID, id ID) {
	if s.Signals == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), signalBudget)
	if !s.signals.begin(id, s.Now(), cancel) {
		cancel()
		return
	}
	go func() {
		defer cancel()
		defer s.signals.end(id)
		c, err := s.Reader.Get(ctx, w, id)
		if err != nil || c.MergedInto != "" || c.State == Resolved || c.CanSpend(s.windows(c.Plugin), s.Now()) != nil || !s.room(c.Plugin, channel.CanTyping) {
			return
		}
		defer s.signals.leave(c.Plugin)
		s.signal(ctx, c, channel.Signal{Kind: channel.SignalTyping})
	}()
}

// begin takes room for a sign of typing; false when there is none, or one was
// sent a moment ago.
func (g *signals) begin(id ID, now time.Time, cancel context.CancelFunc) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.typed == nil {
		g.typed, g.cancel = lru.New[ID, time.Time](maxSignalled), make(map[ID]context.CancelFunc)
	}
	if last, known := g.typed.Get(id); known && now.Sub(last) < SignalEvery {
		return false
	}
	if g.cancel[id] != nil || len(g.cancel) >= signalsAtOnce {
		return false
	}
	g.typed.Put(id, now)
	g.cancel[id] = cancel
	return true
}

func (g *signals) end(id ID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.cancel, id)
}

// over ends what is shown of typing in a conversation: the message is there.
func (g *signals) over(id ID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if cancel := g.cancel[id]; cancel != nil {
		cancel()
	}
	if g.typed != nil {
		g.typed.Remove(id)
	}
}

// wrote ends what is shown of typing where a message was written.
func (s *Service) wrote(p Post, err error) {
	if err == nil && p.Kind == Text {
		s.signals.over(p.Conversation)
	}
}

// take takes room for a signal to a plugin; false when there is none.
func (g *signals) take(p channel.PluginID) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.all >= signalsAtOnce || g.busy[p] >= signalsOfOne {
		return false
	}
	if g.busy == nil {
		g.busy = make(map[channel.PluginID]int)
	}
	g.all++
	g.busy[p]++
	return true
}

func (g *signals) leave(p channel.PluginID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all--
	if g.busy[p]--; g.busy[p] == 0 {
		delete(g.busy, p)
	}
}

// room takes room for a signal to a plugin that can show it; false when it
// cannot, or there is none.
func (s *Service) room(p channel.PluginID, ability string) bool {
	return s.capabilities(p).Able(ability) && s.maySend(p) == nil && s.signals.take(p)
}

// signal shows something to the customer of a conversation, unless its inbox is
// switched off. What becomes of it is nobody's business.
func (s *Service) signal(ctx context.Context, c Conversation, g channel.Signal) {
	inbox, err := s.Inboxes.Inbox(ctx, c.Inbox)
	if err != nil || !inbox.Enabled {
		return
	}
	g.Conversation, g.Recipient, g.Thread = string(c.ID), c.Address(), c.Thread
	_ = s.Signals.Signal(ctx, inbox, g)
}

// signalRead shows the customer that members have read up to a seq; before is
// how far they had. It does not block.
func (s *Service) signalRead(ctx context.Context, c Conversation, before, upTo uint64) {
	if before >= c.LastInboundSeq || !s.room(c.Plugin, channel.CanRead) {
		return
	}
	go func() {
		defer s.signals.leave(c.Plugin)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), signalBudget)
		defer cancel()
		changes, err := s.Reader.Timeline(ctx, c.Workspace, c.ID, Range{Before: upTo + 1, Limit: readLookBehind})
		if err != nil {
			return
		}
		if m := lastOfCustomer(changes, before); m != nil {
			s.signal(ctx, c, channel.Signal{Kind: channel.SignalRead, Target: m.ClientID})
		}
	}()
}

// lastOfCustomer is the last message of the customer after a seq; nil when there
// is none.
func lastOfCustomer(changes []Change, after uint64) *Message {
	for _, ch := range slices.Backward(changes) {
		if ch.Seq <= after {
			return nil
		}
		if ch.Type == MessageCreated && ch.Message != nil && ch.Message.Sender.Kind == identity.ActorContact {
			return ch.Message
		}
	}
	return nil
}
