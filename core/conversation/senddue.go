package conversation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
)

// maxHeld is how long a scheduled message waits for an interceptor that must
// agree and does not answer; then it fails, and its author can see why.
const maxHeld = 10 * time.Minute

// SendDue sends the scheduled messages whose time has come. It returns how
// many were settled, one way or the other. Each is one transaction that makes
// the message and settles the schedule, so a crash in between sends it once,
// and several nodes may try at the same time. One that cannot be settled now
// does not hold up the others.
func (s *Service) SendDue(ctx context.Context) (int, error) {
	const batch = 100
	due, err := s.Writing.DueScheduled(ctx, s.Now(), batch+int(s.held.Load()))
	if err != nil {
		return 0, err
	}
	settled, held := 0, int64(0)
	defer func() { s.held.Store(held) }()
	var failed error
	for _, r := range due {
		switch err := s.sendDue(ctx, r); {
		case err == nil:
			settled++
		case errors.Is(err, errHeld):
			held++
		case errs.Is(err, errs.Unavailable): // the store is down: the others would wait for it, too
			return settled, errors.Join(failed, err)
		default:
			failed = errors.Join(failed, fmt.Errorf("send %s: %w", r.ID, err))
		}
	}
	return settled, failed
}

// errHeld is of a scheduled message that is looked at again later.
var errHeld = errors.New("the scheduled message waits for an interceptor")

// asked is a scheduled message as the interceptors were asked about it, and
// what they said.
type asked struct {
	text   string
	passed Passed
	err    error
}

func (s *Service) sendDue(ctx context.Context, r ScheduledRef) error {
	word, err := s.askDue(ctx, r)
	if err != nil {
		return err
	}
	return s.due(ctx, r, func(ctx context.Context, tx Tx, c *Conversation, m *Scheduled) error {
		if err := s.settle(ctx, tx, c, m, word); err != nil {
			return err
		}
		if err := tx.Save(ctx, c); err != nil {
			return err
		}
		return tx.SaveScheduled(ctx, *m)
	})
}

// due calls fn with a message whose time has come and which was not settled or
// moved meanwhile.
func (s *Service) due(ctx context.Context, r ScheduledRef, fn func(ctx context.Context, tx Tx, c *Conversation, m *Scheduled) error) error {
	return s.Store.Within(ctx, r.Workspace, func(ctx context.Context, tx Tx) error {
		m, err := tx.Scheduled(ctx, r.ID)
		if err != nil {
			return err
		}
		if m.State != ScheduledWaits || m.SendAt.After(s.Now()) {
			return nil
		}
		c, err := tx.Conversation(ctx, m.Conversation)
		if err != nil {
			return err
		}
		return fn(ctx, tx, c, &m)
	})
}

// askDue asks the interceptors about a message that is about to be sent; nil
// when nobody wants to be asked, or it will not be sent anyway.
func (s *Service) askDue(ctx context.Context, r ScheduledRef) (*asked, error) {
	if !s.asks(ctx, r.Workspace) {
		return nil, nil //nolint:nilnil // nobody was asked
	}
	var about *Scheduled
	limit := MaxText
	err := s.due(ctx, r, func(ctx context.Context, tx Tx, c *Conversation, m *Scheduled) error {
		about, limit = nil, s.textLimit(c.Plugin)
		if !m.answered(c) && s.mayBeSent(ctx, tx, c, m) == nil {
			about = m
		}
		return nil
	})
	if err != nil || about == nil {
		return nil, err
	}
	out := &asked{text: about.Text}
	out.passed, out.err = s.intercepted(ctx, r.Workspace, about.Author, Outgoing{
		Key: string(r.ID), Conversation: about.Conversation, Text: about.Text, Files: about.files(), Limit: limit,
	})
	undecided := out.err != nil && errs.As(out.err).Code == CodeUndecided
	if undecided && s.Now().Sub(about.SendAt) < maxHeld || ctx.Err() != nil {
		return nil, errHeld
	}
	return out, nil
}

// answered reports whether the customer wrote what makes the message needless.
func (m Scheduled) answered(c *Conversation) bool {
	return m.UnlessReply && c.LastInboundSeq > m.Inbound
}

// settle sends a scheduled message, or records why it is not sent. What was
// edited after the interceptors were asked is asked about again.
func (s *Service) settle(ctx context.Context, tx Tx, c *Conversation, m *Scheduled, word *asked) error {
	t := s.turn(identity.SystemScope(c.Workspace))
	if m.answered(c) {
		m.State, m.Code = ScheduledIsCancelled, CodeReplied
		c.Unschedule(t, *m)
		return nil
	}
	err := s.mayBeSent(ctx, tx, c, m)
	as := Passed{Text: m.Text}
	if err == nil && s.asks(ctx, c.Workspace) {
		if word == nil || word.text != m.Text {
			return errHeld
		}
		as, err = word.passed, word.err
	}
	if err == nil {
		m.State = ScheduledWasSent
		return s.sendScheduled(ctx, tx, t, c, *m, as)
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
	if err := s.maySend(c.Plugin); err != nil {
		return err
	}
	if err := c.CanSpend(s.windows(c.Plugin), s.Now()); err != nil {
		return err
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

func (s *Service) sendScheduled(ctx context.Context, tx Tx, t Turn, c *Conversation, m Scheduled, as Passed) error {
	ch, err := c.SendScheduled(t, m, as)
	if err == nil {
		err = c.Spend(s.windows(c.Plugin), t.At, ch.Seq)
	}
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
