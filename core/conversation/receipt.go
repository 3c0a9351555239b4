package conversation

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/identity"
)

// ReadByContact records that the customer has seen the message with a seq, and
// with it all before. It does nothing when that was known.
func (c *Conversation) ReadByContact(t Turn, seq uint64) {
	if seq <= c.ContactReadSeq || seq > c.LastSeq {
		return
	}
	c.ContactReadSeq = seq
	c.record(t, ReadByContact, nil, map[string]uint64{"seq": seq})
}

// MarkRead records how far the acting member has read, and lets the customer
// know where the channel can.
func (s *Service) MarkRead(ctx context.Context, scope identity.Scope, id ID, seq uint64) error {
	c, err := s.Get(ctx, scope, id)
	if err != nil {
		return err
	}
	if !c.Live {
		return s.markRead(ctx, scope, c, min(seq, c.LastSeq))
	}
	if s.News == nil {
		return s.Marks.MarkRead(ctx, scope.Workspace, scope.Member(), id, min(seq, c.LastSeq))
	}
	before, err := s.readByMembers(ctx, c)
	if err != nil {
		return err
	}
	if err := s.Marks.MarkRead(ctx, scope.Workspace, scope.Member(), id, min(seq, c.LastSeq)); err != nil {
		return err
	}
	after, err := s.readByMembers(ctx, c)
	if err == nil && after > before {
		s.News.ReadByMembers(ctx, c, after)
	}
	return err
}

// markRead is MarkRead where the customer is beyond a far side.
func (s *Service) markRead(ctx context.Context, scope identity.Scope, c Conversation, seq uint64) error {
	if s.Signals == nil || !s.capabilities(c.Plugin).Able(channel.CanRead) {
		return s.Marks.MarkRead(ctx, scope.Workspace, scope.Member(), c.ID, seq)
	}
	before, err := s.Marks.ReadFarthest(ctx, c.Workspace, c.ID)
	if err != nil {
		return err
	}
	if err := s.Marks.MarkRead(ctx, scope.Workspace, scope.Member(), c.ID, seq); err != nil {
		return err
	}
	if seq > before {
		s.signalRead(ctx, c, before, seq)
	}
	return nil
}

// readByMembers is the last public seq that any member has read; 0 = none.
func (s *Service) readByMembers(ctx context.Context, c Conversation) (uint64, error) {
	far, err := s.Marks.ReadFarthest(ctx, c.Workspace, c.ID)
	if err != nil || far == 0 {
		return 0, err
	}
	for before := far + 1; before > 1; {
		changes, err := s.Reader.Timeline(ctx, c.Workspace, c.ID, Range{Before: before, Limit: readStretch})
		if err != nil || len(changes) == 0 {
			return 0, err
		}
		for _, ch := range slices.Backward(changes) {
			if ch.PublicSeq > 0 {
				return ch.PublicSeq, nil
			}
		}
		before = changes[0].Seq
	}
	return 0, nil
}

// readStretch is how many changes are looked at together for a mark.
const readStretch = 50

// VisitorReadByMembers returns how far members have read the visitor's
// conversation, as its last public seq; 0 = not at all.
func (s *Service) VisitorReadByMembers(ctx context.Context, c Conversation) (uint64, error) {
	return s.readByMembers(ctx, c)
}

// VisitorRead records that the visitor has seen everything up to a public seq.
// What they wrote themselves does not count: only a message of another kind of
// sender moves the mark. It does nothing when that was known.
func (s *Service) VisitorRead(ctx context.Context, v Visitor, public uint64) error {
	c, err := s.VisitorConversation(ctx, v)
	if err != nil || c == nil {
		return err
	}
	seq, err := s.lastSeen(ctx, *c, min(public, math.MaxInt64-1))
	if err != nil || seq <= c.ContactReadSeq {
		return err
	}
	return s.Store.Within(ctx, v.Workspace, func(ctx context.Context, tx Tx) error {
		c, err := tx.Conversation(ctx, c.ID)
		if err != nil {
			return err
		}
		who := identity.Actor{Kind: identity.ActorContact, ID: string(c.Contact), Name: c.ContactName}
		c.ReadByContact(Turn{Actor: who, At: s.Now(), IDs: s.ids}, seq)
		return tx.Save(ctx, c)
	})
}

// lastSeen finds the newest message to the customer up to a public seq; 0 when
// there is none after the mark.
func (s *Service) lastSeen(ctx context.Context, c Conversation, public uint64) (uint64, error) {
	for before := public + 1; ; {
		changes, err := s.Reader.Timeline(ctx, c.Workspace, c.ID, Range{Public: true, Before: before, Limit: readStretch})
		if err != nil || len(changes) == 0 {
			return 0, err
		}
		for _, ch := range slices.Backward(changes) {
			switch {
			case ch.Seq <= c.ContactReadSeq:
				return 0, nil
			case ch.Message != nil && ch.Message.Sender.Kind != identity.ActorContact:
				return ch.Seq, nil
			}
		}
		before = changes[0].PublicSeq
	}
}

// Message returns one message of a conversation.
func (s *Service) Message(ctx context.Context, scope identity.Scope, id ID, message MessageID) (Message, error) {
	if _, err := s.Get(ctx, scope, id); err != nil {
		return Message{}, err
	}
	return s.Reader.Message(ctx, scope.Workspace, id, message)
}

// HTML returns a message with its HTML as it came, not cleaned; errs.Absent when
// it has none.
func (s *Service) HTML(ctx context.Context, scope identity.Scope, id ID, message MessageID) (Message, string, error) {
	m, err := s.Message(ctx, scope, id, message)
	if err != nil {
		return Message{}, "", err
	}
	html, err := s.Reader.HTML(ctx, scope.Workspace, id, message)
	return m, html, err
}

// SeenAt returns when the customer was first known to have seen the message
// with a seq; zero when they have not.
func (s *Service) SeenAt(ctx context.Context, scope identity.Scope, id ID, seq uint64) (time.Time, error) {
	if _, err := s.Get(ctx, scope, id); err != nil {
		return time.Time{}, err
	}
	return s.Reader.SeenAt(ctx, scope.Workspace, id, seq)
}
