package conversation

import (
	"context"
	"errors"
	"fmt"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
)

// SendDue sends the scheduled messages whose time has come. It returns how
// many were settled, one way or the other. Each is one transaction that makes
// the message and settles the schedule, so a crash in between sends it once,
// and several nodes may try at the same time. One that cannot be settled now
// does not hold up the others.
func (s *Service) SendDue(ctx context.Context) (int, error) {
	const batch = 100
	due, err := s.Writing.DueScheduled(ctx, s.Now(), batch)
	if err != nil {
		return 0, err
	}
	settled := 0
	var failed error
	for _, r := range due {
		switch err := s.sendDue(ctx, r); {
		case err == nil:
			settled++
		case errs.Is(err, errs.Unavailable): // the store is down: the others would wait for it, too
			return settled, errors.Join(failed, err)
		default:
			failed = errors.Join(failed, fmt.Errorf("send %s: %w", r.ID, err))
		}
	}
	return settled, failed
}

func (s *Service) sendDue(ctx context.Context, r ScheduledRef) error {
	return s.Store.Within(ctx, r.Workspace, func(ctx context.Context, tx Tx) error {
		m, err := tx.Scheduled(ctx, r.ID)
		if err != nil {
			return err
		}
		if m.State != ScheduledWaits || m.SendAt.After(s.Now()) { // settled or moved meanwhile
			return nil
		}
		c, err := tx.Conversation(ctx, m.Conversation)
		if err != nil {
			return err
		}
		if err := s.settle(ctx, tx, c, &m); err != nil {
			return err
		}
		if err := tx.Save(ctx, c); err != nil {
			return err
		}
		return tx.SaveScheduled(ctx, m)
	})
}

// settle sends a scheduled message, or records why it is not sent.
func (s *Service) settle(ctx context.Context, tx Tx, c *Conversation, m *Scheduled) error {
	t := s.turn(identity.SystemScope(c.Workspace))
	if m.UnlessReply && c.LastInboundSeq > m.Inbound {
		m.State, m.Code = ScheduledIsCancelled, CodeReplied
		c.Unschedule(t, *m)
		return nil
	}
	err := s.mayBeSent(ctx, tx, c, m)
	if err == nil {
		m.State = ScheduledWasSent
		return s.sendScheduled(ctx, tx, t, c, *m)
	}
	switch e := errs.As(err); e.Kind {
	case errs.Invalid, errs.Conflict, errs.NotFound, errs.Forbidden:
		m.State, m.Code, m.Detail = ScheduledHasFailed, e.Code, e.Message
		c.Unschedule(t, *m)
		return nil
	default:
		return err
	}
}

// mayBeSent checks what may have changed since the message was written. It
// changes nothing.
func (s *Service) mayBeSent(ctx context.Context, tx Tx, c *Conversation, m *Scheduled) error {
	if c.MergedInto != "" { // its customer is talked to in another conversation now, and nobody looks at this one
		return errs.New(errs.Conflict, "conversation.merged", "The conversation was merged into another one before the time came. Write it there.")
	}
	if c.State == Resolved {
		return errs.New(errs.Conflict, "conversation.resolved", "The conversation was resolved before the time came.")
	}
	_, err := s.Members.Member(ctx, identity.SystemScope(c.Workspace), identity.MemberID(m.Author.ID))
	if errs.Is(err, errs.NotFound) || errs.Is(err, errs.Conflict) {
		return errs.New(errs.Conflict, CodeAuthor, "The member who wrote it does not work here any more.")
	}
	if err != nil {
		return err
	}
	sent, err := tx.Sent(ctx, c.ID, m.Author.ID, m.ClientID)
	if err != nil {
		return err
	}
	if sent != nil {
		return errReused()
	}
	if len(m.Attachments) == 0 {
		return nil
	}
	files, err := tx.Media().Hold(ctx, m.uploader(), m.files(), s.Now())
	if err != nil {
		return err
	}
	return s.checkFiles(c.Plugin, files)
}

func (s *Service) sendScheduled(ctx context.Context, tx Tx, t Turn, c *Conversation, m Scheduled) error {
	ch, err := c.SendScheduled(t, m)
	if err != nil || len(m.Attachments) == 0 {
		return err
	}
	files, err := tx.Media().Take(ctx, m.uploader(), m.files(), media.Place{Conversation: string(c.ID), Seq: ch.Message.Seq})
	if err != nil {
		return err
	}
	c.Attach(ch, files)
	return nil
}
