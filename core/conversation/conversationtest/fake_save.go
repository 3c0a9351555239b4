package conversationtest

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/media"
)

// Save implements conversation.Tx.
func (t *fakeTx) Save(ctx context.Context, c *conversation.Conversation) error {
	u := c.Unsaved()
	if c.Workspace != t.workspace {
		return t.fail(errs.Absent())
	}
	if !u.New && len(u.Changes) == 0 {
		return nil
	}
	if err := t.check(ctx, c, u.New); err != nil {
		return t.fail(err)
	}
	if u.Enters {
		c.Weigh(1)
	}
	if u.New {
		t.space.numbers++
		c.Number = t.space.numbers
	}
	for _, ch := range u.Changes {
		if err := t.saveChange(ch); err != nil {
			return t.fail(err)
		}
		if m := ch.Message; m != nil {
			t.keepDeadlines(c, m.Seq, ch.Seq)
			if m.Changing != nil {
				t.keepDeadlines(c, m.Changing.Seq)
			}
		}
	}
	for _, ch := range u.Changes {
		if ch.Type.Revises() {
			if err := t.saveRevised(ctx, ch, u.Was[ch.Seq]); err != nil {
				return t.fail(err)
			}
		}
	}
	for seq, html := range u.HTML {
		if err := storable(html); err != nil {
			return t.fail(err)
		}
		t.space.html[place{c.ID, seq}] = html
	}
	c.Saved()
	t.space.conversations[c.ID] = *c
	return nil
}

// keepDeadlines keeps until when changes may leave.
func (t *fakeTx) keepDeadlines(c *conversation.Conversation, seqs ...uint64) {
	for _, seq := range seqs {
		if c.Deadline(seq).IsZero() {
			continue
		}
		if t.space.deadlines[c.ID] == nil {
			t.space.deadlines[c.ID] = make(map[uint64]time.Time)
		}
		t.space.deadlines[c.ID][seq] = c.Deadline(seq)
	}
}

// check refuses what the references and keys of a database would refuse.
func (t *fakeTx) check(ctx context.Context, c *conversation.Conversation, isNew bool) error {
	if err := storable(c.Recipient, c.Last.Text, c.ContactName); err != nil {
		return err
	}
	if i, err := t.fake.Inboxes.Inbox(ctx, c.Inbox); err != nil || i.Workspace != t.workspace {
		return errs.Absent()
	}
	if c.Assignee != "" {
		if _, err := t.fake.Identities.Member(ctx, t.workspace, c.Assignee); err != nil {
			return err
		}
	}
	if err := t.checkOrder(ctx, c, isNew); err != nil {
		return err
	}
	for _, m := range c.Participants {
		if _, err := t.fake.Identities.Member(ctx, t.workspace, m); err != nil {
			return err
		}
	}
	if _, known := t.fake.Contacts.Named(t.workspace, c.Contact); !known {
		if made, err := t.contacts.ByIdentity(ctx, string(c.Inbox), c.Recipient); err != nil || made == nil || made.ID != c.Contact {
			return errs.Absent()
		}
	}
	if !isNew {
		return nil
	}
	if other, err := t.Current(ctx, c.Inbox, c.Key()); err != nil || other != nil {
		return conflict()
	}
	return nil
}

func (t *fakeTx) saveChange(ch conversation.Change) error {
	id := ch.Conversation
	if ch.Seq != uint64(len(t.space.changes[id])+1) {
		return conflict()
	}
	if err := storable(string(ch.Data), ch.Actor.ID, ch.Actor.Name); err != nil {
		return err
	}
	if m := ch.Message; m != nil {
		if err := t.saveMessage(ch, *m); err != nil {
			return err
		}
		ch.Message = &conversation.Message{Seq: m.Seq}
	}
	ch.Actor.Role = ""
	t.space.changes[id] = append(t.space.changes[id], ch)
	t.events = append(t.events, event.Event{
		ID: string(ch.ID), Workspace: string(t.workspace), Type: string(ch.Type), Subject: string(id),
		Seq: ch.Seq, PublicSeq: ch.PublicSeq, At: ch.At,
	})
	return nil
}

func (t *fakeTx) saveMessage(ch conversation.Change, m conversation.Message) error {
	if err := storable(m.Text, m.ClientID, m.Sender.ID, m.Sender.Name, m.DeliveryError); err != nil {
		return err
	}
	messages := t.space.messages[ch.Conversation]
	if messages == nil {
		messages = make(map[uint64]conversation.Message)
		t.space.messages[ch.Conversation] = messages
	}
	if m.Seq == ch.Seq && m.ClientID != "" {
		for _, other := range messages {
			if other.Sender.ID == m.Sender.ID && other.ClientID == m.ClientID {
				return conflict()
			}
		}
	}
	m.Sender.Role = ""
	messages[m.Seq] = m
	return nil
}

// saveRevised keeps what a message said before a change.
func (t *fakeTx) saveRevised(ctx context.Context, ch conversation.Change, was conversation.Message) error {
	at := place{ch.Conversation, ch.Message.Seq}
	t.space.versions[at] = append(slices.Clip(t.space.versions[at]), conversation.Version{
		Seq: ch.Seq, At: ch.At, Text: was.Text, Quoted: was.Quoted, Attachments: was.Attachments,
	})
	if !ch.Message.HTML {
		delete(t.space.html, at)
	}
	if ch.Type != conversation.MessageRecalled {
		return nil
	}
	messages := t.space.messages[ch.Conversation]
	for seq, m := range messages {
		if told, quotes := m.Quoting(ch.Message.ID); quotes {
			messages[seq] = told
		}
	}
	return t.media.Retire(ctx, media.Place{Conversation: string(ch.Conversation), Seq: ch.Message.Seq})
}

// storable refuses what a database cannot keep.
func storable(texts ...string) error {
	for _, text := range texts {
		if strings.ContainsRune(text, 0) || text != strings.ToValidUTF8(text, "") {
			return errs.New(errs.Invalid, "storage.text", "The text holds a NUL character or is not valid UTF-8. Remove what is broken.")
		}
	}
	return nil
}
