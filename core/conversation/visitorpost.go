package conversation

import (
	"context"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/media"
)

// VisitorPost is a message that a visitor writes.
type VisitorPost struct {
	ClientID    string
	Text        string // may be empty beside attachments
	Attachments []media.ID
	ReplyTo     MessageID
}

// VisitorSend appends a visitor's message. It is idempotent by client id.
func (s *Service) VisitorSend(ctx context.Context, v Visitor, p VisitorPost) (Posted, error) {
	if err := checkClientID(p.ClientID); err != nil {
		return Posted{}, err
	}
	inbox, err := s.LiveInbox(ctx, v.Inbox)
	if err != nil {
		return Posted{}, err
	}
	if err := checkWritten(p.Text, p.Attachments, s.textLimit(inbox.Plugin)); err != nil {
		return Posted{}, err
	}
	if err := media.CheckIDs(p.Attachments); err != nil {
		return Posted{}, err
	}
	if err := s.checkReply(inbox.Plugin, p.ReplyTo); err != nil {
		return Posted{}, err
	}
	quote, err := s.visitorQuote(ctx, v, p.ReplyTo)
	if err != nil {
		return Posted{}, err
	}
	return s.accept(ctx, inbox, accepted{
		kind: InboundVisitor, external: v.dedup(p.ClientID), visitor: v.ID,
		said: Written{ClientID: p.ClientID, Text: p.Text, ReplyTo: quote}, files: p.Attachments,
		by:     media.Uploader{Kind: media.ByVisitor, ID: string(v.ID)},
		sender: channel.Person{External: v.External(), Name: v.Name, Attributes: v.Attributes},
	})
}

// visitorQuote finds the message that a visitor answers, among what they may see.
func (s *Service) visitorQuote(ctx context.Context, v Visitor, id MessageID) (*Quote, error) {
	if id == "" {
		return nil, nil //nolint:nilnil // nil is no quote
	}
	c, err := s.VisitorConversation(ctx, v)
	if err != nil {
		return nil, err
	}
	if c == nil {
		return nil, errQuote()
	}
	return s.quote(ctx, v.Workspace, c.ID, id, false)
}

// hash is of everything that an inbound message says: the same id with
// something else is another message.
func (a accepted) hash() string {
	parts := []string{a.sender.External, a.said.Text}
	if a.said.ReplyTo != nil {
		parts = append(parts, string(a.said.ReplyTo.ID))
	}
	for _, id := range a.files {
		parts = append(parts, string(id))
	}
	return hashOf(parts...)
}
