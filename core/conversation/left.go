package conversation

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
)

// Why a conversation that nobody answered was resolved: the data of ResolvedChange.
const (
	ResolvedLeft   = "left"   // its customer left while they waited
	ResolvedTicket = "ticket" // likewise, and a ticket is what is left to do
)

// lookedLate is how long after its time an absence is looked at if no server was
// there to look. Who came back while none was gets the time to say so.
const lookedLate = time.Minute

// schedule says when an absence is looked at next, and reports whether what the
// queue does is due. a.Until is when the customer was last counted as there.
func (a *Attendance) schedule(does queue.Left, now time.Time) (due bool) {
	if does.Does() == queue.LeftKeep {
		a.ActAt, a.Until = time.Time{}, now.Add(keepLeft)
		return false
	}
	if a.ActAt.IsZero() {
		if a.ActAt = a.Until.Add(does.After); now.Sub(a.Until) > lookedLate {
			a.ActAt = now.Add(LeftAfter + does.After)
		}
	}
	a.Until = a.ActAt
	return !a.ActAt.After(now)
}

// whenLeft says what the queue of a conversation does when its customer left.
func (s *Service) whenLeft(ctx context.Context, c *Conversation) (queue.Left, error) {
	if !c.Live {
		return queue.Left{}, nil
	}
	q, err := s.queueOf(ctx, c)
	return q.Left, err
}

// endLeft resolves the conversation of who left while they waited, with a ticket
// where that is what its queue does. It is locked, and waits.
func (s *Service) endLeft(ctx context.Context, tx Tx, t Turn, c *Conversation, does queue.LeftDo) error {
	why := ResolvedLeft
	if does == queue.LeftTicket && s.Tickets != nil {
		why = ResolvedTicket
		said, err := s.saidLast(ctx, tx, c)
		if err != nil {
			return err
		}
		if err := s.Tickets.Unserved(ctx, tx, t, *c, said); err != nil {
			return err
		}
	}
	return s.endWait(ctx, tx, t, c, why)
}

// saidLastMost is how many of the last changes of a conversation a ticket of it is
// made from.
const saidLastMost = 50

// saidLast returns what the customer said last, in order; the last of it as it is
// in the transaction.
func (s *Service) saidLast(ctx context.Context, tx Tx, c *Conversation) ([]Message, error) {
	if c.LastInboundSeq == 0 {
		return nil, nil
	}
	last, err := tx.Message(ctx, c.ID, c.LastInboundSeq)
	if err != nil {
		return nil, err
	}
	changes, err := s.Reader.Timeline(ctx, c.Workspace, c.ID, Range{Before: last.Seq, Limit: saidLastMost})
	if err != nil {
		return nil, err
	}
	var out []Message
	for _, ch := range changes {
		switch {
		case ch.Type == ResolvedChange || ch.Type == MessageCreated && ch.Actor.Kind == identity.ActorMember:
			out = nil // that was another matter
		case ch.Type == MessageCreated && ch.Message != nil && ch.Actor.Kind == identity.ActorContact:
			out = append(out, *ch.Message)
		}
	}
	return append(out, *last), nil
}
