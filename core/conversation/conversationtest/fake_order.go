package conversationtest

import (
	"context"
	"slices"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// checkOrder refuses labels, a queue and a team that are not there.
func (t *fakeTx) checkOrder(ctx context.Context, c *conversation.Conversation, isNew bool) error {
	for _, l := range c.Labels {
		if !t.fake.Catalog.HasLabel(t.workspace, l) {
			return errs.Absent()
		}
	}
	before := t.space.conversations[c.ID]
	if !isNew && c.Queue != "" && c.Queue != before.Queue {
		if _, err := t.fake.Queues.Queue(ctx, t.workspace, c.Queue); err != nil {
			return err
		}
	}
	if isNew || c.Team == "" || c.Team == before.Team {
		return nil
	}
	_, err := t.fake.Teams.Team(ctx, t.workspace, c.Team)
	return err
}

// Extent implements conversation.MergeTx.
func (t *fakeTx) Extent(_ context.Context, id conversation.ID) (conversation.Extent, error) {
	var out conversation.Extent
	for _, m := range t.space.messages[id] {
		if m.Kind == conversation.Text {
			out.Messages++
		}
	}
	for _, c := range t.space.conversations {
		out.Absorbs = out.Absorbs || c.MergedInto == id
	}
	return out, nil
}

// Referring implements conversation.ReferenceReader.
func (f *Fake) Referring(_ context.Context, workspace identity.WorkspaceID, to conversation.Reference, limit int) ([]conversation.ID, error) {
	var out []conversation.ID
	for id, c := range f.space(workspace).conversations {
		if len(out) < limit && (to.Label != "" && slices.Contains(c.Labels, to.Label) || to.Team != "" && c.Team == to.Team || to.Queue != "" && c.Queue == to.Queue) {
			out = append(out, id)
		}
	}
	return out, nil
}
