package conversation

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Bounds of automatic answers. A machine that passes for a person, and answers
// each of ours under another name, ends at the last of them.
const (
	acknowledgeEvery = 24 * time.Hour     // to one customer of an inbox, at most once
	acknowledgeSpan  = 7 * 24 * time.Hour // in one conversation, within this,
	acknowledgeMost  = 3                  // at most so many
)

// Houses tells how companies are called.
type Houses interface {
	// NameOf returns the name of a workspace.
	NameOf(ctx context.Context, w identity.WorkspaceID) (string, error)
}

// acknowledging is an item that may be answered by itself.
type acknowledging struct {
	inbox channel.Inbox
	house string
	item  accepted
}

// when is a, or nil when it is not to be.
func (a *acknowledging) when(wanted bool) *acknowledging {
	if !wanted {
		return nil
	}
	return a
}

// begins reports whether what comes now begins the conversation, or reopens it.
// The first answer in what we began does neither.
func (c *Conversation) begins() bool { return c.isNew || c.State == Resolved && !c.byUs() }

// takes reports whether the channel takes a message now.
func (c *Conversation) takes(declared []channel.Window, at time.Time) bool {
	return c.CanSpend(declared, at) == nil
}

// acknowledges finds out, before the transaction opens, whether an item may be
// answered by itself, and what is needed for it; nil = it may not. No machine is
// answered, nor who has not proven to be the sender, nor what is old.
func (s *Service) acknowledges(ctx context.Context, inbox channel.Inbox, in accepted) (*acknowledging, error) {
	switch {
	case !inbox.Acknowledgement.Enabled || inbox.Live || in.kind != InboundMessage:
		return nil, nil //nolint:nilnil // nil is no answer
	case in.said.Carried.Automatic || in.noReply || in.late() || !in.trust.Proven() || s.Now().Sub(in.doneAt(s.Now())) >= acknowledgeEvery:
		return nil, nil //nolint:nilnil // as above
	}
	out := &acknowledging{inbox: inbox, item: in}
	if s.Houses == nil {
		return out, nil
	}
	var err error
	out.house, err = s.Houses.NameOf(ctx, inbox.Workspace)
	return out, err
}

// acknowledge answers a message that has just begun or reopened its conversation,
// and is saved, unless its sender or its
// conversation had enough such answers, or the channel takes none now.
func (s *Service) acknowledge(ctx context.Context, tx Tx, t Turn, c *Conversation, a *acknowledging, m *Message) error {
	if a == nil || c.ByBot() {
		return nil
	}
	last, n, err := tx.Acknowledged(ctx, a.inbox.ID, a.item.known(), c.ID, t.At.Add(-acknowledgeSpan))
	if err != nil || t.At.Sub(last) < acknowledgeEvery || n >= acknowledgeMost {
		return err
	}
	if !c.takes(s.windows(a.inbox.Plugin), t.At) {
		return nil
	}
	if err := s.answerItself(ctx, tx, t, c, a.item.known(), s.acknowledgement(c, a, m)); err != nil {
		return err
	}
	return tx.Save(ctx, c)
}

// answerItself appends what is answered by itself, where the channel takes it, and
// remembers when its customer had such an answer.
func (s *Service) answerItself(ctx context.Context, tx Tx, t Turn, c *Conversation, known string, w Written) error {
	ch := c.Acknowledge(t, w)
	if err := c.Spend(s.windows(c.Plugin), t.At, ch.Seq); err != nil {
		return err
	}
	return tx.Acknowledge(ctx, c.Inbox, known, t.At)
}

// acknowledgement is the text. A mail goes to its sender's address, which is
// proven, and not to where its author wants answers, which may be anybody's.
func (s *Service) acknowledgement(c *Conversation, a *acknowledging, m *Message) Written {
	variables := variablesOf(c, a.inbox, a.house, m)
	variables["message.subject"] = a.item.said.subject()
	text := a.inbox.Acknowledgement.Text(tongueOf(m), variables)
	return s.ownWords(c, "acknowledgement-"+string(m.ID), text, channel.Party{Address: a.item.sender.Email, Name: a.item.sender.Name})
}

// variablesOf is what a text that is answered by itself may name.
func variablesOf(c *Conversation, inbox channel.Inbox, house string, m *Message) map[string]string {
	name := strings.TrimSpace(m.Sender.Name)
	first, _, _ := strings.Cut(name, " ")
	return map[string]string{
		"contact.name": name, "contact.first_name": first, "conversation.number": strconv.FormatUint(c.Number, 10),
		"inbox.name": inbox.Name, "workspace.name": house,
	}
}

// ownWords is what is answered by itself, as the channel takes it: a mail to an
// address.
func (s *Service) ownWords(c *Conversation, clientID, text string, to channel.Party) Written {
	w := Words(clientID, cut(text, MaxText))
	can := s.capabilities(c.Plugin)
	if can.TextLimit > 0 {
		w.Text = cut(w.Text, can.TextLimit)
	}
	if address, _ := reachable(to.Address, ""); address != "" && can.Takes(channel.ContentEnvelope) {
		w.Carried.Envelope = &channel.Envelope{To: []channel.Party{{Address: address, Name: line(to.Name, maxPartyName)}}}
	}
	return w
}

// tongueOf is the locale that a message is answered in: Chinese where it has Han
// characters and none of the scripts that are mixed with them elsewhere.
func tongueOf(m *Message) string {
	text := m.Text
	if m.Envelope != nil {
		text += m.Envelope.Subject
	}
	has := func(scripts ...*unicode.RangeTable) bool {
		return strings.ContainsFunc(text, func(r rune) bool { return unicode.In(r, scripts...) })
	}
	if has(unicode.Han) && !has(unicode.Hiragana, unicode.Katakana, unicode.Hangul) {
		return channel.AcknowledgementChinese
	}
	return channel.AcknowledgementEnglish
}
