package conversation

import (
	"context"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/media"
)

// Forwarded is the message that another one passes on to somebody who is not
// the customer. Its files go with it.
type Forwarded struct {
	ID  MessageID
	Seq uint64
}

// Forward appends a message that passes another one on to somebody else. The
// customer does not get it: it answers nothing, and they wait on.
func (c *Conversation) Forward(t Turn, w Written) (*Change, error) {
	if c.State == Resolved {
		return nil, errs.New(errs.Conflict, "conversation.resolved", "The conversation is resolved. Reopen it before you forward of it.")
	}
	ch := c.send(t, w, nil)
	return &ch, nil
}

// Apart reports whether a message is between the company and others than those
// a delivery goes to, so that these are not to learn that it is there: one that
// passes another on, or an answer of somebody who takes part, where not all of
// them are on its envelope. A delivery without an envelope goes to the customer.
func (c Carried) Apart(customer string, e *channel.Envelope) bool {
	if c.Forwards == nil && !c.Participant {
		return false
	}
	known := (&Message{Carried: c}).Parties()
	to := []channel.Party{{Address: customer}}
	if e != nil && len(e.To)+len(e.CC)+len(e.BCC) > 0 {
		to = slices.Concat(e.To, e.CC, e.BCC)
	}
	return slices.ContainsFunc(to, func(p channel.Party) bool {
		return !slices.ContainsFunc(known, func(address string) bool { return strings.EqualFold(address, p.Address) })
	})
}

// checkForward checks that a post that forwards goes to somebody, and not to
// the customer.
func checkForward(c Conversation, p *Post) error {
	if p.Forwards == "" {
		return nil
	}
	e := p.Envelope
	if p.Kind != Text || e == nil || len(e.To)+len(e.CC)+len(e.BCC) == 0 {
		return errForward("recipients", "A message is forwarded to addresses, by a channel that has them.")
	}
	if p.ReplyTo != "" {
		return errForward("reply_to", "A message that is forwarded answers none.")
	}
	customer := strings.ToLower(c.Address())
	if slices.ContainsFunc(slices.Concat(e.To, e.CC, e.BCC), func(to channel.Party) bool { return to.Address == customer }) {
		return errForward("customer", "The customer is among those it goes to. Answer them instead.")
	}
	return nil
}

// forwarded finds the message that is passed on; nil for "".
func (s *Service) forwarded(ctx context.Context, c *Conversation, p Post) (*Forwarded, error) {
	if p.Forwards == "" {
		return nil, nil //nolint:nilnil // nil is none
	}
	known, err := s.Reader.Message(ctx, c.Workspace, c.ID, p.Forwards)
	if errs.Is(err, errs.NotFound) || err == nil && (known.Kind == Note || !known.RecalledAt.IsZero()) {
		return nil, errForward("unknown", "The message to forward is not one of this conversation. Notes, and what was taken back, cannot be forwarded.")
	}
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(known.Attachments, func(a media.Attachment) bool { return a.Arrival != media.Here }) {
		return nil, errForward("files", "A file of the message is not here, so it cannot be passed on.")
	}
	return &Forwarded{ID: known.ID, Seq: known.Seq}, nil
}

func errForward(code, sentence string) error {
	return errs.New(errs.Invalid, "message.forward", sentence).WithFields(errs.Field{Pointer: "/forwards", Code: code, Detail: sentence})
}

// forwards is the message that a message passes on; "" = none.
func (m *Message) forwards() MessageID {
	if m.Forwards == nil {
		return ""
	}
	return m.Forwards.ID
}
