package conversationtest

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// BotTalk implements conversation.BotTx.
func (t *fakeTx) BotTalk(_ context.Context, id conversation.ID) (*conversation.BotTalk, error) {
	b, ok := t.space.bots[id]
	if !ok {
		return nil, nil //nolint:nilnil // the port says nil for none
	}
	b.Results, b.Told = slices.Clone(b.Results), slices.Clone(b.Told)
	return &b, nil
}

// SaveBotTalk implements conversation.BotTx.
func (t *fakeTx) SaveBotTalk(_ context.Context, b conversation.BotTalk) error {
	if _, ok := t.space.conversations[b.Conversation]; !ok {
		return t.fail(errs.Absent())
	}
	t.space.bots[b.Conversation] = b
	return nil
}

// BotsDue implements conversation.BotReader.
func (f *Fake) BotsDue(_ context.Context, now time.Time, limit int) ([]conversation.Ref, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	type waiting struct {
		ref   conversation.Ref
		since time.Time
	}
	var all []waiting
	for w, s := range f.spaces {
		for id, b := range s.bots {
			c := s.conversations[id]
			held := b.Claim != "" && now.Before(b.Until)
			if !c.ByBot() || held || now.Before(b.NextAt) || b.Turn == "" && c.LastInboundSeq <= b.Handled && len(b.Results) == 0 {
				continue
			}
			all = append(all, waiting{conversation.Ref{Workspace: w, ID: id}, c.UpdatedAt})
		}
	}
	slices.SortFunc(all, func(a, b waiting) int {
		return cmp.Or(a.since.Compare(b.since), cmp.Compare(a.ref.ID, b.ref.ID))
	})
	var out []conversation.Ref
	for _, a := range all[:min(limit, len(all))] {
		out = append(out, a.ref)
	}
	return out, nil
}

// FindingsAt implements conversation.FindingTx.
func (t *fakeTx) FindingsAt(_ context.Context, id conversation.ID, message conversation.MessageID) ([]conversation.Finding, error) {
	var out []conversation.Finding
	for _, f := range newestFindings(t.space, id) {
		if f.Message == message {
			out = append(out, f)
		}
	}
	return out, nil
}

// Finding implements conversation.FindingTx.
func (t *fakeTx) Finding(_ context.Context, id conversation.FindingID) (conversation.Finding, error) {
	f, ok := t.space.findings[id]
	if !ok {
		return f, errs.Absent()
	}
	return f, nil
}

// SaveFinding implements conversation.FindingTx.
func (t *fakeTx) SaveFinding(_ context.Context, f conversation.Finding) error {
	if err := storable(f.Code, f.Title["en"], f.Analyzer); err != nil {
		return t.fail(err)
	}
	if _, ok := t.space.conversations[f.Conversation]; !ok || f.Workspace != t.workspace {
		return t.fail(errs.Absent())
	}
	f.DismissedBy.Role = ""
	t.space.findings[f.ID] = f
	return nil
}

// Findings implements conversation.FindingReader.
func (f *Fake) Findings(_ context.Context, w identity.WorkspaceID, id conversation.ID, limit int) ([]conversation.Finding, error) {
	all := newestFindings(f.space(w), id)
	return all[:min(limit, len(all))], nil
}

// FindingIn implements conversation.FindingReader.
func (f *Fake) FindingIn(_ context.Context, w identity.WorkspaceID, id conversation.FindingID) (conversation.ID, error) {
	found, ok := f.space(w).findings[id]
	if !ok {
		return "", errs.Absent()
	}
	return found.Conversation, nil
}

func newestFindings(s *space, id conversation.ID) []conversation.Finding {
	var out []conversation.Finding
	for _, f := range s.findings {
		if f.Conversation == id {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b conversation.Finding) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(b.ID, a.ID))
	})
	return out
}
