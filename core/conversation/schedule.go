package conversation

import (
	"context"
	"fmt"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
)

// ScheduledID names a scheduled message: sch_.
type ScheduledID string

// ScheduledState is what became of a scheduled message.
type ScheduledState string

// The states. A failed one may be given another time; sent and cancelled are final.
const (
	ScheduledWaits       ScheduledState = "waiting"
	ScheduledWasSent     ScheduledState = "sent"
	ScheduledIsCancelled ScheduledState = "cancelled"
	ScheduledHasFailed   ScheduledState = "failed"
)

// Scheduled is a message to be sent later, in its author's name.
type Scheduled struct {
	Workspace    identity.WorkspaceID
	ID           ScheduledID
	Conversation ID
	Author       identity.Actor
	ClientID     string // of the message that it becomes
	Text         string
	Attachments  []media.Attachment
	ReplyTo      *Quote
	Envelope     *channel.Envelope
	SendAt       time.Time // whole milliseconds
	UnlessReply  bool      // cancelled when the customer writes meanwhile
	Inbound      uint64    // the customer's last message when it was written
	State        ScheduledState
	Code         string // why it failed or was cancelled
	Detail       string // a sentence for agents
	CreatedAt    time.Time
}

// ScheduledRef names a scheduled message over all workspaces.
type ScheduledRef struct {
	Workspace identity.WorkspaceID
	ID        ScheduledID
}

// Limits of scheduled messages.
const (
	MaxScheduled    = 50                   // waiting in one conversation
	maxScheduleTime = 366 * 24 * time.Hour // ahead
	scheduledFiles  = 7 * 24 * time.Hour   // files are kept so long after the time, should it fail
)

// Why a scheduled message was not sent: Scheduled.Code, beside the codes of
// the errors that a message meets.
const (
	CodeReplied  = "replied"     // UnlessReply
	CodeByMember = "by_member"   // somebody cancelled it
	CodeAuthor   = "member.gone" // the author may not write here any more
)

// scheduledData is the data of the five changes.
type scheduledData struct {
	ID          ScheduledID    `json:"scheduled_id"`
	SendAt      string         `json:"send_at"`
	State       ScheduledState `json:"state"`
	AuthorID    string         `json:"author_id"`
	AuthorName  string         `json:"author_name"`
	Text        string         `json:"text"` // at most PreviewLength characters
	Attachments int            `json:"attachments,omitempty"`
	UnlessReply bool           `json:"unless_reply,omitempty"`
	MessageID   MessageID      `json:"message_id,omitempty"` // of ScheduledSent
	Code        string         `json:"code,omitempty"`       // of ScheduledCancelled and ScheduledFailed
	Detail      string         `json:"detail,omitempty"`
}

// scheduled records what happened to a scheduled message.
func (c *Conversation) scheduled(t Turn, typ ChangeType, m Scheduled, as MessageID) {
	c.record(t, typ, nil, scheduledData{
		ID: m.ID, SendAt: m.SendAt.Format(time.RFC3339Nano), State: m.State, AuthorID: m.Author.ID, AuthorName: m.Author.Name,
		Text: cut(m.Text, PreviewLength), Attachments: len(m.Attachments), UnlessReply: m.UnlessReply,
		MessageID: as, Code: m.Code, Detail: m.Detail,
	})
}

// Schedule records a new scheduled message.
func (c *Conversation) Schedule(t Turn, m Scheduled) { c.scheduled(t, ScheduledCreated, m, "") }

// Reschedule records that a scheduled message was edited.
func (c *Conversation) Reschedule(t Turn, m Scheduled) { c.scheduled(t, ScheduledChanged, m, "") }

// Unschedule records that a scheduled message will not be sent: it was
// cancelled, or failed.
func (c *Conversation) Unschedule(t Turn, m Scheduled) {
	typ := ScheduledCancelled
	if m.State == ScheduledHasFailed {
		typ = ScheduledFailed
	}
	c.scheduled(t, typ, m, "")
}

// SendScheduled appends a scheduled message in its author's name. It is no
// answer to what the customer asked meanwhile: it neither takes the
// conversation over nor ends the waiting.
func (c *Conversation) SendScheduled(t Turn, m Scheduled, as Passed) (*Change, error) {
	if c.State == Resolved {
		return nil, errs.New(errs.Conflict, "conversation.resolved", "The conversation is resolved. Reopen it before you answer.")
	}
	author := t
	author.Actor = m.Author
	ch := c.send(author, Written{ClientID: m.ClientID, Text: as.Text, ReplyTo: m.ReplyTo, Altered: as.Altered, Carried: Carried{Envelope: m.Envelope}}, map[string]string{"scheduled_id": string(m.ID)})
	c.scheduled(t, ScheduledSent, m, ch.Message.ID)
	return &ch, nil
}

// Schedule is a message that a member writes for later.
type Schedule struct {
	Conversation ID
	ClientID     string // of the message that it becomes: the key of idempotency
	Text         string
	Attachments  []media.ID
	ReplyTo      MessageID
	Envelope     *channel.Envelope
	SendAt       time.Time
	UnlessReply  bool
}

func (p Schedule) post() Post {
	return Post{Conversation: p.Conversation, ClientID: p.ClientID, Kind: Text, Text: p.Text, Attachments: p.Attachments, ReplyTo: p.ReplyTo, Envelope: p.Envelope}
}

// made reports whether a scheduled message is what this one would make.
func (p Schedule) made(m Scheduled) bool {
	same := Message{Text: m.Text, Attachments: m.Attachments, ReplyTo: m.ReplyTo}
	return same.says(p.Text, p.Attachments, p.ReplyTo) && sameEnvelope(m.Envelope, p.Envelope) && m.SendAt.Equal(whole(p.SendAt)) && m.UnlessReply == p.UnlessReply
}

// whole is a time in the whole milliseconds that clients are told.
func whole(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// Schedule keeps a message to be sent later. It is idempotent by
// (conversation, member, client id): replayed says that it was kept before.
func (s *Service) Schedule(ctx context.Context, scope identity.Scope, p Schedule) (m Scheduled, replayed bool, err error) {
	post := p.post()
	if err := s.checkPost(ctx, scope, &post); err != nil {
		return m, false, err
	}
	p.Envelope = post.Envelope
	err = s.Store.Within(ctx, scope.Workspace, func(ctx context.Context, tx Tx) error {
		c, err := Take(ctx, tx, scope, p.Conversation)
		if err != nil {
			return err
		}
		before, err := tx.ScheduledAs(ctx, c.ID, scope.Member(), p.ClientID)
		if err != nil {
			return err
		}
		if before != nil {
			m, replayed = *before, true
			if !p.made(m) {
				return errReused()
			}
			return nil
		}
		m, replayed = Scheduled{}, false
		if err := s.mayScheduleIn(ctx, tx, scope, c, p); err != nil {
			return err
		}
		if m, err = s.scheduled(ctx, tx, scope, c, p); err != nil {
			return err
		}
		c.Schedule(s.turn(scope), m)
		if err := tx.Save(ctx, c); err != nil {
			return err
		}
		return tx.SaveScheduled(ctx, m)
	})
	return m, replayed, err
}

// mayScheduleIn checks what only the transaction knows.
func (s *Service) mayScheduleIn(ctx context.Context, tx Tx, scope identity.Scope, c *Conversation, p Schedule) error {
	if err := mayPlan(c); err != nil {
		return err
	}
	if err := s.checkSendAt(p.SendAt); err != nil {
		return err
	}
	sent, err := tx.Sent(ctx, c.ID, scope.Actor.ID, p.ClientID)
	if err != nil {
		return err
	}
	if sent != nil {
		return errReused()
	}
	n, err := tx.OpenScheduled(ctx, c.ID)
	if err == nil && n >= MaxScheduled {
		err = errs.New(errs.Conflict, "scheduled.too_many", fmt.Sprintf("At most %d messages can wait in one conversation.", MaxScheduled))
	}
	return err
}

// mayPlan refuses where nothing would be sent.
func mayPlan(c *Conversation) error {
	switch {
	case c.MergedInto != "":
		return errMerged(c)
	case c.State == Resolved:
		return errs.New(errs.Conflict, "conversation.resolved", "The conversation is resolved. Reopen it before you plan an answer.")
	default:
		return nil
	}
}

func (s *Service) checkSendAt(at time.Time) error {
	refuse := func(code, sentence string) error {
		return errs.New(errs.Invalid, "scheduled."+code, sentence).
			WithFields(errs.Field{Pointer: "/send_at", Code: code, Detail: sentence})
	}
	switch ahead := whole(at).Sub(s.Now()); {
	case ahead <= 0:
		return refuse("past", "Choose a time to come.")
	case ahead > maxScheduleTime:
		return refuse("too_far", "Choose a time within a year.")
	}
	return nil
}

func (s *Service) scheduled(ctx context.Context, tx Tx, scope identity.Scope, c *Conversation, p Schedule) (Scheduled, error) {
	m := Scheduled{
		Workspace: c.Workspace, ID: ScheduledID(s.ids.New("sch")), Conversation: c.ID, ClientID: p.ClientID, Text: p.Text, Envelope: p.Envelope,
		Author: identity.Actor{Kind: scope.Actor.Kind, ID: scope.Actor.ID, Name: scope.Actor.Name},
		SendAt: whole(p.SendAt), UnlessReply: p.UnlessReply, Inbound: c.LastInboundSeq, State: ScheduledWaits, CreatedAt: s.Now(),
	}
	var err error
	if m.ReplyTo, err = s.quote(ctx, c.Workspace, c.ID, p.ReplyTo, false); err != nil || len(p.Attachments) == 0 {
		return m, err
	}
	if m.Attachments, err = tx.Media().Hold(ctx, m.uploader(), p.Attachments, m.SendAt.Add(scheduledFiles)); err != nil {
		return m, err
	}
	return m, s.checkFiles(c.Plugin, m.Attachments)
}

func (m Scheduled) uploader() media.Uploader {
	return media.Uploader{Kind: media.ByMember, ID: m.Author.ID}
}

func (m Scheduled) files() []media.ID {
	var out []media.ID
	for _, a := range m.Attachments {
		out = append(out, a.ID)
	}
	return out
}

// Scheduled lists the messages of a conversation that wait or have failed, the
// soonest first.
func (s *Service) Scheduled(ctx context.Context, scope identity.Scope, in ID) ([]Scheduled, error) {
	if _, err := s.Get(ctx, scope, in); err != nil {
		return nil, err
	}
	return s.Writing.Scheduled(ctx, scope.Workspace, in)
}

// ScheduledPatch names what changes; nil stays as it is.
type ScheduledPatch struct {
	Text   *string
	SendAt *time.Time
}

// Reschedule edits a scheduled message that waits, or revives one that failed
// by another time. Whoever edits it has seen what the customer wrote.
func (s *Service) Reschedule(ctx context.Context, scope identity.Scope, in ID, id ScheduledID, p ScheduledPatch) (Scheduled, error) {
	return s.changeScheduled(ctx, scope, in, id, func(ctx context.Context, tx Tx, c *Conversation, m *Scheduled) error {
		if m.State == ScheduledIsCancelled {
			return errs.New(errs.Conflict, "scheduled.cancelled", "The message was cancelled. Write a new one.")
		}
		if err := mayPlan(c); err != nil {
			return err
		}
		if p.Text != nil {
			m.Text = *p.Text
			if err := checkWritten(m.Text, m.files(), s.textLimit(c.Plugin)); err != nil {
				return err
			}
		}
		if p.SendAt != nil {
			m.SendAt = whole(*p.SendAt)
		}
		if p.SendAt != nil || m.State == ScheduledHasFailed {
			if err := s.checkSendAt(m.SendAt); err != nil {
				return err
			}
		}
		m.State, m.Code, m.Detail, m.Inbound = ScheduledWaits, "", "", c.LastInboundSeq
		c.Reschedule(s.turn(scope), *m)
		if len(m.Attachments) == 0 {
			return nil
		}
		_, err := tx.Media().Hold(ctx, m.uploader(), m.files(), m.SendAt.Add(scheduledFiles))
		return err
	})
}

// CancelScheduled gives a scheduled message up. It does nothing when it was
// cancelled before.
func (s *Service) CancelScheduled(ctx context.Context, scope identity.Scope, in ID, id ScheduledID) error {
	_, err := s.changeScheduled(ctx, scope, in, id, func(_ context.Context, _ Tx, c *Conversation, m *Scheduled) error {
		if m.State == ScheduledIsCancelled {
			return nil
		}
		m.State, m.Code, m.Detail = ScheduledIsCancelled, CodeByMember, ""
		c.Unschedule(s.turn(scope), *m)
		return nil
	})
	return err
}

// changeScheduled changes a scheduled message that was not sent, with its conversation.
func (s *Service) changeScheduled(ctx context.Context, scope identity.Scope, in ID, id ScheduledID, fn func(context.Context, Tx, *Conversation, *Scheduled) error) (Scheduled, error) {
	var m Scheduled
	if err := scope.Require(identity.ConversationReply); err != nil {
		return m, err
	}
	err := s.Store.Within(ctx, scope.Workspace, func(ctx context.Context, tx Tx) error {
		c, err := Take(ctx, tx, scope, in)
		if err != nil {
			return err
		}
		if m, err = tx.Scheduled(ctx, id); err != nil {
			return err
		}
		switch {
		case m.Conversation != in:
			return errs.Absent()
		case m.State == ScheduledWasSent:
			return errs.New(errs.Conflict, "scheduled.sent", "The message was sent already.")
		}
		if err := fn(ctx, tx, c, &m); err != nil {
			return err
		}
		if err := tx.Save(ctx, c); err != nil {
			return err
		}
		return tx.SaveScheduled(ctx, m)
	})
	return m, err
}
