package conversationtest

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// tokenKey names a used identity token.
type tokenKey struct {
	workspace identity.WorkspaceID
	inbox     channel.InboxID
	hash      string
}

func copiedVisitor(v conversation.Visitor) conversation.Visitor {
	v.Attributes = maps.Clone(v.Attributes)
	if v.Attributes == nil {
		v.Attributes = map[string]string{}
	}
	return v
}

// CreateVisitor implements conversation.VisitorStore.
func (f *Fake) CreateVisitor(ctx context.Context, v conversation.Visitor) error {
	if _, err := f.Visitor(ctx, v.ID); err == nil {
		return conflict()
	}
	return f.Within(ctx, v.Workspace, func(ctx context.Context, tx conversation.Tx) error { return tx.PutVisitor(ctx, v) })
}

// Visitor implements conversation.VisitorStore.
func (f *Fake) Visitor(_ context.Context, id conversation.VisitorID) (conversation.Visitor, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	v, ok := f.visitors[id]
	if !ok {
		return conversation.Visitor{}, errs.Absent()
	}
	return copiedVisitor(v), nil
}

// SaveVisitor implements conversation.VisitorStore.
func (f *Fake) SaveVisitor(ctx context.Context, v conversation.Visitor) error {
	return f.Within(ctx, v.Workspace, func(ctx context.Context, tx conversation.Tx) error {
		if _, err := tx.VisitorSession(ctx, v.ID); err != nil {
			return err
		}
		return tx.PutVisitor(ctx, v)
	})
}

// SweepVisitors implements conversation.VisitorStore.
func (f *Fake) SweepVisitors(_ context.Context, before time.Time, limit int) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var sessions []conversation.Visitor
	for _, v := range f.visitors {
		if v.ExpiresAt.Before(before) {
			sessions = append(sessions, v)
		}
	}
	slices.SortFunc(sessions, func(a, b conversation.Visitor) int { return a.ExpiresAt.Compare(b.ExpiresAt) })
	sessions = sessions[:min(limit, len(sessions))]
	for _, v := range sessions {
		delete(f.visitors, v.ID)
	}
	tokens := 0
	for k, use := range f.tokens {
		if tokens < limit && use.ExpiresAt.Before(before) {
			delete(f.tokens, k)
			tokens++
		}
	}
	return len(sessions) + tokens, nil
}

// VisitorSession implements conversation.VisitorTx.
func (t *fakeTx) VisitorSession(ctx context.Context, id conversation.VisitorID) (conversation.Visitor, error) {
	if v, ok := t.visitors[id]; ok {
		return copiedVisitor(v), nil
	}
	v, err := t.fake.Visitor(ctx, id)
	if err == nil && v.Workspace != t.workspace {
		err = errs.Absent()
	}
	if err != nil {
		return conversation.Visitor{}, err
	}
	return v, nil
}

// PutVisitor implements conversation.VisitorTx.
func (t *fakeTx) PutVisitor(ctx context.Context, v conversation.Visitor) error {
	v.Workspace = t.workspace
	if i, err := t.fake.Inboxes.Inbox(ctx, v.Inbox); err != nil || i.Workspace != v.Workspace {
		return t.fail(errs.Absent())
	}
	texts := []string{v.Name, v.Locale, v.Email, v.Phone, v.Subject}
	for key, value := range v.Attributes {
		texts = append(texts, key, value)
	}
	if err := storable(texts...); err != nil {
		return t.fail(err)
	}
	if before, err := t.VisitorSession(ctx, v.ID); err == nil {
		v.Inbox, v.Subject, v.Locale, v.CreatedAt = before.Inbox, before.Subject, before.Locale, before.CreatedAt
	} else if _, err := t.fake.Visitor(ctx, v.ID); err == nil {
		return t.fail(conflict()) // another workspace's
	}
	if t.visitors == nil {
		t.visitors = make(map[conversation.VisitorID]conversation.Visitor)
	}
	t.visitors[v.ID] = copiedVisitor(v)
	return nil
}

// UseToken implements conversation.VisitorTx.
func (t *fakeTx) UseToken(_ context.Context, inbox channel.InboxID, use conversation.TokenUse) (*conversation.TokenUse, error) {
	k := tokenKey{t.workspace, inbox, use.Hash}
	before, known := t.tokens[k]
	if !known {
		t.fake.mu.Lock()
		before, known = t.fake.tokens[k]
		t.fake.mu.Unlock()
	}
	if t.tokens == nil {
		t.tokens = make(map[tokenKey]conversation.TokenUse)
	}
	t.tokens[k] = use
	if !known || !use.At.Before(before.ExpiresAt) {
		return nil, nil //nolint:nilnil // the port says nil for none
	}
	before.At = time.Time{}
	return &before, nil
}

// LastAnswer implements conversation.RatingTx.
func (t *fakeTx) LastAnswer(_ context.Context, id conversation.ID) (conversation.Answer, error) {
	var last conversation.Answer
	for seq, m := range t.space.messages[id] {
		if seq > last.Seq && m.Kind == conversation.Text && m.Sender.Kind == identity.ActorMember {
			last = conversation.Answer{Seq: seq, Member: identity.MemberID(m.Sender.ID)}
		}
	}
	return last, nil
}
