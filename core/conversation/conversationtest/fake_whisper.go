package conversationtest

import (
	"cmp"
	"context"
	"slices"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Whispered implements conversation.WhisperTx.
func (t *fakeTx) Whispered(_ context.Context, in conversation.ID, from identity.MemberID, clientID string) (*conversation.Whisper, error) {
	for _, x := range t.space.whispers {
		if x.Conversation == in && x.From == from && x.ClientID == clientID {
			return &x, nil
		}
	}
	return nil, nil //nolint:nilnil // the port says nil for nothing
}

// SaveWhisper implements conversation.WhisperTx.
func (t *fakeTx) SaveWhisper(ctx context.Context, x conversation.Whisper) error {
	if x.Workspace != t.workspace {
		return t.fail(errs.Absent())
	}
	if _, ok := t.space.conversations[x.Conversation]; !ok {
		return t.fail(errs.Absent())
	}
	if err := storable(x.Text); err != nil {
		return t.fail(err)
	}
	if other, err := t.Whispered(ctx, x.Conversation, x.From, x.ClientID); err != nil || other != nil {
		return t.fail(conflict())
	}
	t.space.whispers[x.ID] = x
	return nil
}

// Whispers implements conversation.WhisperReader.
func (f *Fake) Whispers(_ context.Context, workspace identity.WorkspaceID, in conversation.ID, to identity.MemberID, limit int) ([]conversation.Whisper, error) {
	var out []conversation.Whisper
	for _, x := range f.space(workspace).whispers {
		if x.Conversation == in && (to == "" || x.To == to) {
			out = append(out, x)
		}
	}
	slices.SortFunc(out, func(a, b conversation.Whisper) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.ID, a.ID)) })
	return out[:min(limit, len(out))], nil
}
