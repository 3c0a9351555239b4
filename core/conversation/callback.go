package conversation

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
)

// ResolvedCallback is why a conversation was resolved whose customer would rather
// be called back: the data of ResolvedChange.
const ResolvedCallback = "callback"

// Limits of a callback, in characters.
const (
	MaxCallbackTime = 200
	MaxCallbackNote = 2000
)

// The codes of what a visitor who waits cannot do.
const (
	CodeNotWaiting  = "visitor.not_waiting"
	CodeCallbackOff = "callback.off"
)

// Waits knows how long customers wait.
type Waits interface {
	// Expected says what is known of the wait of a conversation.
	Expected(ctx context.Context, w identity.WorkspaceID, id ID) (queue.Expected, error)
}

// Waiting is what a visitor can do instead of waiting.
type Waiting struct {
	Waits    bool
	Callback queue.Reach // what to leave to be called back; "" = that is not offered
}

// Callback is how a customer who does not want to wait can be reached.
type Callback struct {
	ClientID string // the key of idempotency
	Phone    string
	Email    string
	When     string // in their own words
	Note     string
}

// Noted is a callback as its customer keeps it.
type Noted struct {
	Ticket string // its label: T-12
	Before bool   // a ticket was open already, and has it now
}

// VisitorWaiting says what a visitor can do instead of waiting.
func (s *Service) VisitorWaiting(ctx context.Context, v Visitor) (Waiting, error) {
	c, err := s.VisitorConversation(ctx, v)
	if err != nil || c == nil || !c.Waits() {
		return Waiting{}, err
	}
	q, err := s.queueOf(ctx, c)
	if err != nil || q.Callback.When() == queue.OfferedNever || s.Tickets == nil {
		return Waiting{Waits: true}, err
	}
	known := queue.Expected{Available: true}
	if s.Waits != nil {
		if known, err = s.Waits.Expected(ctx, c.Workspace, c.ID); err != nil {
			return Waiting{}, err
		}
	}
	if s.Hours != nil {
		stands, err := s.Hours.Standing(ctx, c.Workspace, c.Queue, s.Now())
		if err != nil {
			return Waiting{}, err
		}
		known.Closed = stands.Closed
	}
	out := Waiting{Waits: true}
	if q.Callback.Offers(known) {
		out.Callback = q.Callback.Asks()
	}
	return out, nil
}

// queueOf returns the queue that a conversation stands in; the zero Queue when it
// stands in none, or in one that is gone.
func (s *Service) queueOf(ctx context.Context, c *Conversation) (queue.Queue, error) {
	if s.Queues == nil || c.Queue == "" {
		return queue.Queue{}, nil
	}
	q, err := s.Queues.Queue(ctx, c.Workspace, c.Queue)
	if errs.Is(err, errs.NotFound) {
		return queue.Queue{}, nil
	}
	return q, err
}

// VisitorLeaves ends the wait of a visitor who does not want to wait: they have
// left, and the conversation is resolved. Saying it again changes nothing. Errors:
// CodeNotWaiting when they do not wait (any more).
func (s *Service) VisitorLeaves(ctx context.Context, v Visitor) error {
	return s.instead(ctx, v, func(ctx context.Context, tx Tx, t Turn, c *Conversation) error {
		switch {
		case c.State == Resolved:
			return nil
		case !c.Waits():
			return errNotWaiting()
		}
		a, err := tx.Attendance(ctx, c.ID)
		if err != nil {
			return err
		}
		if a == nil || a.AbandonedAt.IsZero() || !a.QueuedAt.Equal(c.QueuedAt) {
			c.Abandon(t)
		}
		return s.endWait(ctx, tx, t, c, ResolvedLeft)
	})
}

// endWait resolves what waits, and forgets who attends it.
func (s *Service) endWait(ctx context.Context, tx Tx, t Turn, c *Conversation, why string) error {
	c.ResolveUnanswered(t, why)
	if err := tx.EndAttendance(ctx, c.ID); err != nil {
		return err
	}
	return tx.Save(ctx, c)
}

// instead does something with the conversation of a visitor, as their act.
func (s *Service) instead(ctx context.Context, v Visitor, fn func(ctx context.Context, tx Tx, t Turn, c *Conversation) error) error {
	known, err := s.VisitorConversation(ctx, v)
	if err != nil {
		return err
	}
	if known == nil {
		return errNotWaiting()
	}
	return s.Store.Within(ctx, v.Workspace, func(ctx context.Context, tx Tx) error {
		c, err := tx.Conversation(ctx, known.ID)
		if err != nil {
			return err
		}
		by := identity.Actor{Kind: identity.ActorContact, ID: string(c.Contact), Name: c.ContactName}
		return fn(ctx, tx, Turn{Actor: by, At: s.Now(), IDs: s.ids}, c)
	})
}

func errNotWaiting() error {
	return errs.New(errs.Conflict, CodeNotWaiting, "You do not wait any more.")
}

// VisitorCallback notes that a visitor who waits would rather be called back: there
// is a ticket with how they can be reached, they are told so, and the conversation
// is resolved. It is idempotent by client id. That it was offered when they were
// asked is enough: the wait may be shorter by now. Errors: CodeNotWaiting,
// CodeCallbackOff, and what is wrong with the form.
func (s *Service) VisitorCallback(ctx context.Context, v Visitor, f Callback) (Noted, error) {
	if err := checkClientID(f.ClientID); err != nil {
		return Noted{}, err
	}
	known, err := s.VisitorConversation(ctx, v)
	if err != nil {
		return Noted{}, err
	}
	if known == nil {
		return Noted{}, errNotWaiting()
	}
	if known.Waits() {
		if err := s.checkCallback(ctx, known, &f); err != nil {
			return Noted{}, err
		}
		if err := s.remember(ctx, v, Form{Phone: f.Phone, Email: f.Email}); err != nil {
			return Noted{}, err
		}
	}
	var out Noted
	err = s.instead(ctx, v, func(ctx context.Context, tx Tx, t Turn, c *Conversation) (err error) {
		out, err = s.noteCallback(ctx, tx, t, c, f)
		return err
	})
	return out, err
}

// checkCallback refuses a callback that the queue does not offer, or that says not
// how to reach the customer.
func (s *Service) checkCallback(ctx context.Context, c *Conversation, f *Callback) error {
	q, err := s.queueOf(ctx, c)
	if err != nil {
		return err
	}
	if q.Callback.When() == queue.OfferedNever || s.Tickets == nil {
		return errs.New(errs.Forbidden, CodeCallbackOff, "Being called back is not offered here.")
	}
	return f.check(q.Callback.Asks())
}

// check trims what was written, and refuses what cannot be kept or is missing.
func (f *Callback) check(asked queue.Reach) error {
	form := Form{Phone: f.Phone, Email: f.Email}
	var needs channel.PreChat
	if asked != queue.ReachEmail && (asked == queue.ReachPhone || strings.TrimSpace(f.Email) == "") {
		needs.Fields = append(needs.Fields, channel.PreChatField{Key: "phone", Required: true})
	}
	if asked == queue.ReachEmail {
		needs.Fields = append(needs.Fields, channel.PreChatField{Key: "email", Required: true})
	}
	var wrong []errs.Field
	if err := form.check(needs); err != nil {
		wrong = errs.As(err).Fields
	}
	for _, l := range []struct {
		pointer string
		text    *string
		most    int
	}{{"/when", &f.When, MaxCallbackTime}, {"/note", &f.Note, MaxCallbackNote}} {
		if *l.text = strings.TrimSpace(clean(*l.text)); utf8.RuneCountInString(*l.text) > l.most {
			wrong = append(wrong, errs.Field{Pointer: l.pointer, Code: "too_long", Detail: "is too long"})
		}
	}
	f.Phone, f.Email = form.Phone, form.Email
	if len(wrong) == 0 {
		return nil
	}
	return errs.New(errs.Invalid, "form.invalid", "Some fields are not right.").WithFields(wrong...)
}

// noteCallback does it, with the conversation locked.
func (s *Service) noteCallback(ctx context.Context, tx Tx, t Turn, c *Conversation, f Callback) (Noted, error) {
	d := Dedup{Kind: InboundOutside, External: string(c.ID) + "/callback/" + f.ClientID, Conversation: c.ID}
	before, err := tx.Inbound(ctx, c.Inbox, d.Kind, d.External)
	if err != nil {
		return Noted{}, err
	}
	if before != nil {
		return s.Tickets.Callback(ctx, tx, t, *c, nil)
	}
	if !c.Waits() {
		return Noted{}, errNotWaiting()
	}
	said, err := s.saidLast(ctx, tx, c)
	if err != nil {
		return Noted{}, err
	}
	who, _, err := s.Contacts.Get(ctx, c.Workspace, c.Contact)
	if err != nil {
		return Noted{}, err
	}
	locale := queue.English
	if n := len(said); n > 0 {
		locale = spokenBy(who, &said[n-1])
	}
	ch := c.Acknowledge(t, s.ownWords(c, "callback-"+f.ClientID, f.confirmation(locale), channel.Party{}))
	if err := s.endWait(ctx, tx, t, c, ResolvedCallback); err != nil {
		return Noted{}, err
	}
	d.Seq = ch.Seq
	if err := tx.Remember(ctx, c.Inbox, d); err != nil {
		return Noted{}, err
	}
	return s.Tickets.Callback(ctx, tx, t, *c, &CallbackWish{Callback: f, Said: said, Source: ch.Message.ID, Locale: locale})
}

// CallbackWish is what a ticket of a callback is made of.
type CallbackWish struct {
	Callback

	Said   []Message // by the customer, in order
	Source MessageID // the message that confirms it
	Locale string    // of what is written around it
}

// confirmation is what a customer is told, in a locale.
func (f *Callback) confirmation(locale string) string {
	by := f.Phone
	if by == "" {
		by = f.Email
	}
	if locale == queue.Chinese {
		if f.When != "" {
			by += "（方便的时间：" + f.When + "）"
		}
		return "已收到您的回访请求，我们会通过 " + by + " 与您联系，您无需继续等待。如果直接在这里发消息，将重新排队。"
	}
	if f.When != "" {
		by += " (" + f.When + ")"
	}
	return "We have noted that you would rather be called back, and will contact you: " + by + ". You need not wait here any longer. If you write again, you wait in line anew."
}
