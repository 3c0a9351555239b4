package realtime

import (
	"context"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
)

const (
	attendEvery = 15 * time.Second // how often it is kept that visitors who wait are there
	attendBatch = 200              // of one workspace in one call
)

// attends returns what a visitor waits with; "" = they do not wait.
func (v *visitor) attends() conversation.ID {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.position == 0 {
		return ""
	}
	return v.conversation
}

// attend keeps, now and then, that the visitors who wait are there.
func (g *Gateway) attend(now time.Time) {
	if now.Sub(g.attended) < attendEvery {
		return
	}
	g.attended = now
	waiting := map[identity.WorkspaceID][]conversation.ID{}
	speaks := map[identity.WorkspaceID]*visitor{} // whose turn at the pool it takes
	g.rooms.every(func(v *visitor) {
		if id := v.attends(); id != "" {
			waiting[v.workspace] = append(waiting[v.workspace], id)
			speaks[v.workspace] = v
		}
	})
	for w, ids := range waiting {
		for part := range slices.Chunk(ids, attendBatch) {
			speaks[w].submit(func(ctx context.Context) { g.attending(ctx, w, part) })
		}
	}
}

// attending keeps that some visitors of a workspace are there.
func (g *Gateway) attending(ctx context.Context, w identity.WorkspaceID, ids []conversation.ID) {
	if err := g.o.Conversations.VisitorsAttend(ctx, w, ids); err != nil && ctx.Err() == nil {
		g.o.Logger.WarnContext(ctx, "that visitors who wait are there could not be kept", "error", err)
	}
}
