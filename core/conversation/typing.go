package conversation

import (
	"context"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/lru"
)

// Signs of typing of one customer are passed on at most so often, and of so many
// customers it is known when the last one was.
const (
	typingEvery = 2 * time.Second
	maxTypists  = 10_000
)

// typists remember when a customer's sign of typing was passed on last.
type typists struct {
	mu   sync.Mutex
	last *lru.Map[string, time.Time]
}

// due reports whether a sign is to be passed on at a time, which is its last then.
func (t *typists) due(who string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last == nil {
		t.last = lru.New[string, time.Time](maxTypists)
	}
	if last, known := t.last.Get(who); known && now.Sub(last) < typingEvery {
		return false
	}
	t.last.Put(who, now)
	return true
}

// receiveTyping shows colleagues that a customer writes, in the conversation that
// they have. Nothing is stored, and what concerns no conversation is passed over.
func (s *Service) receiveTyping(ctx context.Context, scope identity.Scope, in channel.Inbound) (channel.Result, error) {
	if !nameable(in.Sender.External) || Unverified(in.Sender.External) {
		return rejected("sender", "a sign of typing needs its sender's id: 1 to 512 bytes of UTF-8 without control characters"), nil
	}
	inbox, err := s.inboxOf(ctx, scope, in.Inbox)
	if err != nil {
		return channel.Result{}, err
	}
	if inbox == nil {
		return noInbox(), nil
	}
	done := channel.Result{Outcome: channel.OutcomeAccepted}
	key := knownAs(in.Sender, in.Trust)
	thread, apart := s.threadOf(arrival{inbox: *inbox, item: accepted{thread: in.Thread}})
	if thread != "" {
		key = ThreadKey(thread)
	}
	if apart || s.News == nil || !s.typists.due(string(inbox.ID)+"/"+key, s.Now()) {
		return done, nil
	}
	c, err := s.Reader.OfContact(ctx, inbox.Workspace, inbox.ID, key)
	if err == nil && c != nil && c.MergedInto != "" {
		*c, err = s.Reader.Get(ctx, inbox.Workspace, c.MergedInto)
	}
	if err != nil || c == nil {
		return done, err
	}
	s.News.CustomerTypes(ctx, *c)
	return done, nil
}
