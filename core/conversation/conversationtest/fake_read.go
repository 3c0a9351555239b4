package conversationtest

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// Get implements conversation.Reader.
func (f *Fake) Get(ctx context.Context, workspace identity.WorkspaceID, id conversation.ID) (conversation.Conversation, error) {
	c, ok := f.space(workspace).conversations[id]
	if !ok {
		return conversation.Conversation{}, errs.Absent()
	}
	return f.join(ctx, c), nil
}

// List implements conversation.Reader.
func (f *Fake) List(ctx context.Context, workspace identity.WorkspaceID, filter conversation.Filter, p page.Request) (page.Page[conversation.Conversation], error) {
	var out page.Page[conversation.Conversation]
	after, err := page.Decode(p.Cursor, 2)
	if err != nil {
		return out, err
	}
	var all []conversation.Conversation
	for _, c := range f.space(workspace).conversations {
		if c = f.join(ctx, c); selected(c, filter) {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b conversation.Conversation) int {
		return cmp.Or(b.UpdatedAt.Compare(a.UpdatedAt), strings.Compare(string(b.ID), string(a.ID)))
	})
	for _, c := range all {
		at := strconv.FormatInt(c.UpdatedAt.UnixMicro(), 10)
		if after != nil && (at > after[0] || at == after[0] && string(c.ID) >= after[1]) {
			continue
		}
		if len(out.Items) == p.Size() {
			last := out.Items[len(out.Items)-1]
			out.Next = page.Encode(strconv.FormatInt(last.UpdatedAt.UnixMicro(), 10), string(last.ID))
			break
		}
		out.Items = append(out.Items, c)
	}
	return out, nil
}

// Reached implements conversation.Reader.
func (f *Fake) Reached(_ context.Context, workspace identity.WorkspaceID, within identity.Reach, ids []conversation.ID) (map[conversation.ID]bool, error) {
	out := make(map[conversation.ID]bool)
	for _, id := range ids {
		if c, ok := f.space(workspace).conversations[id]; ok && within.Covers(c.Held()) {
			out[id] = true
		}
	}
	return out, nil
}

func selected(c conversation.Conversation, f conversation.Filter) bool {
	return c.MergedInto == "" && f.Reach.Covers(c.Held()) &&
		(f.State == "" || c.State == f.State) &&
		(f.Assignee == "" || c.Assignee == f.Assignee) &&
		(!f.Unassigned || c.Assignee == "") &&
		(f.Inbox == "" || c.Inbox == f.Inbox) &&
		(f.Contact == "" || c.Contact == f.Contact)
}

// Timeline implements conversation.Reader.
func (f *Fake) Timeline(_ context.Context, workspace identity.WorkspaceID, id conversation.ID, r conversation.Range) ([]conversation.Change, error) {
	s := f.space(workspace)
	limit := r.Limit
	if limit <= 0 {
		limit = page.DefaultLimit
	}
	var all []conversation.Change
	for i := range s.changes[id] {
		ch := s.change(id, uint64(i+1))
		at := ch.Seq
		if r.Public {
			at = ch.PublicSeq
		}
		switch {
		case at == 0:
		case r.After != nil && at <= *r.After:
		case r.After == nil && r.Before > 0 && at >= r.Before:
		default:
			all = append(all, ch)
		}
	}
	if r.After != nil {
		return all[:min(limit, len(all))], nil
	}
	return all[max(0, len(all)-limit):], nil
}

// Hydrate implements conversation.Reader.
func (f *Fake) Hydrate(ctx context.Context, workspace identity.WorkspaceID, events []event.Event) (map[string]conversation.Change, map[conversation.ID]conversation.Conversation, error) {
	s := f.space(workspace)
	changes := make(map[string]conversation.Change)
	conversations := make(map[conversation.ID]conversation.Conversation)
	for _, e := range events {
		id := conversation.ID(e.Subject)
		c, ok := s.conversations[id]
		if e.Seq == 0 || !ok || e.Workspace != string(workspace) {
			continue
		}
		changes[e.ID] = s.change(id, e.Seq)
		conversations[id] = f.join(ctx, c)
	}
	return changes, conversations, nil
}

// Message implements conversation.Reader.
func (f *Fake) Message(_ context.Context, workspace identity.WorkspaceID, id conversation.ID, message conversation.MessageID) (conversation.Message, error) {
	for _, m := range f.space(workspace).messages[id] {
		if m.ID == message {
			return m, nil
		}
	}
	return conversation.Message{}, errs.Absent()
}

// Externals lists the far side's ids of a conversation's messages, in order of
// their messages: for the fakes of neighbours.
func (f *Fake) Externals(workspace identity.WorkspaceID, id conversation.ID) []conversation.Dedup {
	var out []conversation.Dedup
	for _, d := range f.space(workspace).dedup {
		if d.Conversation == id && (d.Kind == conversation.InboundMessage || d.Kind == conversation.InboundSent) {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b conversation.Dedup) int {
		return cmp.Or(cmp.Compare(a.Seq, b.Seq), strings.Compare(a.External, b.External))
	})
	return out
}

// MessageAt returns the message that a change brought; the zero Message when it
// brought none: for the fakes of neighbours.
func (f *Fake) MessageAt(ctx context.Context, workspace identity.WorkspaceID, id conversation.ID, seq uint64) (conversation.Message, error) {
	after := seq - 1
	changes, err := f.Timeline(ctx, workspace, id, conversation.Range{After: &after, Limit: 1})
	if err != nil || len(changes) == 0 || changes[0].Message == nil {
		return conversation.Message{}, err
	}
	return *changes[0].Message, nil
}

// Deadline returns until when a message must leave: for the fakes of neighbours.
func (f *Fake) Deadline(workspace identity.WorkspaceID, id conversation.ID, seq uint64) time.Time {
	return f.space(workspace).deadlines[id][seq]
}

// Message implements conversation.Tx.
func (t *fakeTx) Message(_ context.Context, id conversation.ID, seq uint64) (*conversation.Message, error) {
	changes := t.space.changes[id]
	if seq == 0 || seq > uint64(len(changes)) || changes[seq-1].Message == nil {
		return nil, errs.Absent()
	}
	m := t.space.messages[id][changes[seq-1].Message.Seq]
	return &m, nil
}

// HTML implements conversation.MessageReader.
func (f *Fake) HTML(ctx context.Context, workspace identity.WorkspaceID, id conversation.ID, message conversation.MessageID) (string, error) {
	m, err := f.Message(ctx, workspace, id, message)
	if err != nil {
		return "", err
	}
	html, ok := f.space(workspace).html[place{id, m.Seq}]
	if !ok {
		return "", errs.Absent()
	}
	return html, nil
}

// Versions implements conversation.MessageReader.
func (f *Fake) Versions(ctx context.Context, workspace identity.WorkspaceID, id conversation.ID, message conversation.MessageID) ([]conversation.Version, error) {
	m, err := f.Message(ctx, workspace, id, message)
	if errs.Is(err, errs.NotFound) {
		return nil, nil
	}
	return f.space(workspace).versions[place{id, m.Seq}], err
}

// GroupMembers implements conversation.Reader.
func (f *Fake) GroupMembers(_ context.Context, workspace identity.WorkspaceID, id conversation.ID) ([]channel.Member, error) {
	s := f.space(workspace)
	var out []channel.Member
	read := 0
	for _, ch := range slices.Backward(s.changes[id]) {
		if ch.Type != conversation.MessageCreated {
			continue
		}
		m := s.messages[id][ch.Seq]
		if m.Sender.Kind != identity.ActorContact {
			continue
		}
		if read++; read > conversation.MaxGroupRead || len(out) == conversation.MaxGroupMembers {
			break
		}
		if who := m.Member; who != nil && !slices.ContainsFunc(out, func(o channel.Member) bool { return o.External == who.External }) {
			out = append(out, *who)
		}
	}
	return out, nil
}

// OfContact implements conversation.Reader.
func (f *Fake) OfContact(ctx context.Context, workspace identity.WorkspaceID, inbox channel.InboxID, external string) (*conversation.Conversation, error) {
	for _, c := range f.space(workspace).conversations {
		if c.Inbox == inbox && c.Key() == external {
			c = f.join(ctx, c)
			return &c, nil
		}
	}
	return nil, nil //nolint:nilnil // the port says nil for none
}

// SnoozedUntil implements conversation.Reader.
func (f *Fake) SnoozedUntil(_ context.Context, now time.Time, limit int) ([]conversation.Ref, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var due []conversation.Conversation
	for _, s := range f.spaces {
		for _, c := range s.conversations {
			if c.State == conversation.Snoozed && !c.SnoozedUntil.After(now) {
				due = append(due, c)
			}
		}
	}
	slices.SortFunc(due, func(a, b conversation.Conversation) int { return a.SnoozedUntil.Compare(b.SnoozedUntil) })
	var out []conversation.Ref
	for _, c := range due[:min(limit, len(due))] {
		out = append(out, conversation.Ref{Workspace: c.Workspace, ID: c.ID})
	}
	return out, nil
}

// MarkRead implements conversation.ReadMarks.
func (f *Fake) MarkRead(ctx context.Context, workspace identity.WorkspaceID, member identity.MemberID, id conversation.ID, seq uint64) error {
	if _, err := f.Identities.Member(ctx, workspace, member); err != nil {
		return err
	}
	if _, err := f.Get(ctx, workspace, id); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	k := mark{workspace, member, id}
	f.marks[k] = max(f.marks[k], seq)
	return nil
}

// Read implements conversation.ReadMarks.
func (f *Fake) Read(_ context.Context, workspace identity.WorkspaceID, member identity.MemberID, ids []conversation.ID) (map[conversation.ID]uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make(map[conversation.ID]uint64, len(ids))
	for _, id := range ids {
		out[id] = f.marks[mark{workspace, member, id}]
	}
	return out, nil
}

// SavePolicy implements conversation.VisitorStore.
func (f *Fake) SavePolicy(ctx context.Context, inbox channel.Inbox, answer channel.SessionAnswer) error {
	if i, err := f.Inboxes.Inbox(ctx, inbox.ID); err != nil || i.Workspace != inbox.Workspace {
		return errs.Absent()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.policies[inbox.ID] = policy{inbox.ConfigRevision, answer}
	return nil
}

// Policy implements conversation.VisitorStore.
func (f *Fake) Policy(_ context.Context, inbox channel.Inbox) (*channel.SessionAnswer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	kept, ok := f.policies[inbox.ID]
	if !ok || kept.revision != inbox.ConfigRevision {
		return nil, nil //nolint:nilnil // the port says nil for none
	}
	return &kept.answer, nil
}

// Outbound lists the messages that wait to be delivered, with their
// conversations, for the fake of the delivery ledger.
func (f *Fake) Outbound() map[conversation.MessageID]conversation.Message {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make(map[conversation.MessageID]conversation.Message)
	for _, s := range f.spaces {
		for _, messages := range s.messages {
			for _, m := range messages {
				if m.Delivery == conversation.DeliveryPending {
					out[m.ID] = m
				}
			}
		}
	}
	return out
}

// Revising lists the messages of which their far sides are to do something.
func (f *Fake) Revising() []conversation.Message {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []conversation.Message
	for _, s := range f.spaces {
		for _, messages := range s.messages {
			for _, m := range messages {
				if m.Changing != nil && m.Changing.State == conversation.DeliveryPending {
					out = append(out, m)
				}
			}
		}
	}
	return out
}
