package conversationtest

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

type draftKey struct {
	member identity.MemberID
	id     conversation.ID
}

// Draft implements conversation.WritingTx.
func (t *fakeTx) Draft(_ context.Context, member identity.MemberID, id conversation.ID) (conversation.Draft, error) {
	return t.space.drafts[draftKey{member, id}], nil
}

// SaveDraft implements conversation.WritingTx.
func (t *fakeTx) SaveDraft(ctx context.Context, d conversation.Draft) error {
	if err := t.mayWrite(ctx, d.Workspace, d.Member, d.Conversation, d.Text); err != nil {
		return t.fail(err)
	}
	t.space.drafts[draftKey{d.Member, d.Conversation}] = d
	return nil
}

// mayWrite refuses what the references of a database would refuse.
func (t *fakeTx) mayWrite(ctx context.Context, w identity.WorkspaceID, m identity.MemberID, id conversation.ID, text string) error {
	if w != t.workspace {
		return errs.Absent()
	}
	if _, err := t.fake.Identities.Member(ctx, w, m); err != nil {
		return err
	}
	if _, ok := t.space.conversations[id]; !ok {
		return errs.Absent()
	}
	return storable(text)
}

// Scheduled implements conversation.WritingTx.
func (t *fakeTx) Scheduled(_ context.Context, id conversation.ScheduledID) (conversation.Scheduled, error) {
	m, ok := t.space.scheduled[id]
	if !ok {
		return m, errs.Absent()
	}
	return m, nil
}

// ScheduledAs implements conversation.WritingTx.
func (t *fakeTx) ScheduledAs(_ context.Context, in conversation.ID, author identity.MemberID, clientID string) (*conversation.Scheduled, error) {
	for _, m := range t.space.scheduled {
		if m.Conversation == in && m.Author.ID == string(author) && m.ClientID == clientID {
			return &m, nil
		}
	}
	return nil, nil //nolint:nilnil // the port says nil for nothing
}

// OpenScheduled implements conversation.WritingTx.
func (t *fakeTx) OpenScheduled(_ context.Context, in conversation.ID) (int, error) {
	n := 0
	for _, m := range t.space.scheduled {
		if m.Conversation == in && m.State == conversation.ScheduledWaits {
			n++
		}
	}
	return n, nil
}

// SaveScheduled implements conversation.WritingTx.
func (t *fakeTx) SaveScheduled(ctx context.Context, m conversation.Scheduled) error {
	if err := t.mayWrite(ctx, m.Workspace, identity.MemberID(m.Author.ID), m.Conversation, m.Text); err != nil {
		return t.fail(err)
	}
	other, err := t.ScheduledAs(ctx, m.Conversation, identity.MemberID(m.Author.ID), m.ClientID)
	if err != nil || other != nil && other.ID != m.ID {
		return t.fail(conflict())
	}
	m.Author.Role = ""
	t.space.scheduled[m.ID] = m
	return nil
}

// Draft implements conversation.WritingStore.
func (f *Fake) Draft(_ context.Context, workspace identity.WorkspaceID, member identity.MemberID, id conversation.ID) (conversation.Draft, error) {
	return f.space(workspace).drafts[draftKey{member, id}], nil
}

// Drafts implements conversation.WritingStore.
func (f *Fake) Drafts(_ context.Context, workspace identity.WorkspaceID, member identity.MemberID, within identity.Reach, limit int) ([]conversation.Draft, error) {
	var out []conversation.Draft
	space := f.space(workspace)
	for k, d := range space.drafts {
		c := space.conversations[d.Conversation]
		if k.member == member && !d.Empty() && within.Covers(c.Held()) {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b conversation.Draft) int {
		return cmp.Or(b.UpdatedAt.Compare(a.UpdatedAt), cmp.Compare(a.Conversation, b.Conversation))
	})
	return out[:min(limit, len(out))], nil
}

// ForgetDrafts implements conversation.WritingStore.
func (f *Fake) ForgetDrafts(_ context.Context, before time.Time) error {
	f.writing.Lock()
	defer f.writing.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	for w, s := range f.spaces {
		s = s.clone()
		for k, d := range s.drafts {
			if d.Empty() && d.UpdatedAt.Before(before) {
				delete(s.drafts, k)
			}
		}
		f.spaces[w] = s
	}
	return nil
}

// Scheduled implements conversation.WritingStore.
func (f *Fake) Scheduled(_ context.Context, workspace identity.WorkspaceID, in conversation.ID) ([]conversation.Scheduled, error) {
	var out []conversation.Scheduled
	for _, m := range f.space(workspace).scheduled {
		if m.Conversation == in && (m.State == conversation.ScheduledWaits || m.State == conversation.ScheduledHasFailed) {
			out = append(out, m)
		}
	}
	slices.SortFunc(out, soonest)
	return out, nil
}

func soonest(a, b conversation.Scheduled) int {
	return cmp.Or(a.SendAt.Compare(b.SendAt), cmp.Compare(a.ID, b.ID))
}

// DueScheduled implements conversation.WritingStore.
func (f *Fake) DueScheduled(_ context.Context, now time.Time, limit int) ([]conversation.ScheduledRef, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var due []conversation.Scheduled
	for _, s := range f.spaces {
		for _, m := range s.scheduled {
			if m.State == conversation.ScheduledWaits && !m.SendAt.After(now) {
				due = append(due, m)
			}
		}
	}
	slices.SortFunc(due, soonest)
	var out []conversation.ScheduledRef
	for _, m := range due[:min(limit, len(due))] {
		out = append(out, conversation.ScheduledRef{Workspace: m.Workspace, ID: m.ID})
	}
	return out, nil
}

// ReadFarthest implements conversation.ReadMarks.
func (f *Fake) ReadFarthest(_ context.Context, workspace identity.WorkspaceID, id conversation.ID) (uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var far uint64
	for k, seq := range f.marks {
		if k.workspace == workspace && k.id == id {
			far = max(far, seq)
		}
	}
	return far, nil
}

// SeenAt implements conversation.Reader.
func (f *Fake) SeenAt(_ context.Context, workspace identity.WorkspaceID, id conversation.ID, seq uint64) (time.Time, error) {
	for _, ch := range f.space(workspace).changes[id] {
		var mark struct{ Seq uint64 }
		if ch.Type == conversation.ReadByContact && json.Unmarshal(ch.Data, &mark) == nil && mark.Seq >= seq {
			return ch.At, nil
		}
	}
	return time.Time{}, nil
}

// FindScheduled returns a scheduled message in whatever state; a zero one when
// there is none.
func (f *Fake) FindScheduled(workspace identity.WorkspaceID, id conversation.ScheduledID) conversation.Scheduled {
	return f.space(workspace).scheduled[id]
}
