package client

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/crash/verdict"
	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// Guest is a visitor whose network lets no WebSocket through: it writes and
// reads over REST.
type Guest struct {
	*Widget
}

// NewGuest returns a new visitor.
func NewGuest(w *World, name string, seed uint64) *Guest {
	g := &Guest{Widget: NewWidget(w, name, seed)}
	g.writer.try = g.post
	return g
}

// Run reads what is new until ctx ends.
func (g *Guest) Run(ctx context.Context) {
	g.open(ctx)
	for g.rest(ctx, 20*time.Millisecond, 60*time.Millisecond) {
		_ = g.fill(ctx) // noted, and tried again
	}
}

// Write writes until the world halts, as fast as visitors may over REST.
func (g *Guest) Write(ctx context.Context) { g.write(ctx, 20*time.Millisecond, 120*time.Millisecond) }

func (g *Guest) post(ctx context.Context, d draft) (told, outcome) {
	var out struct {
		Change rig.PublicChange `json:"change"`
	}
	answer, err := g.visitor().Call(ctx, http.MethodPost, fmt.Sprintf("%s/live/%s/messages", rig.Prefix, g.world.Live.ID),
		map[string]string{"client_msg_id": d.id, "text": d.text}, &out)
	g.inspect(answer.Body)
	if o := g.judge(ctx, err, refusals...); o != accepted {
		return told{}, o
	}
	if out.Change.Message == nil {
		g.fault(verdict.Unexpected, "an accepted message comes back without itself")
		return told{}, broken
	}
	return told{message: out.Change.Message.ID, seq: out.Change.Seq, replayed: answer.Replayed()}, accepted
}

// Tab is a second tab of a visitor, which only listens.
type Tab struct {
	*Widget
	first *Widget
}

// NewTab returns another tab of a visitor.
func NewTab(w *World, name string, seed uint64, first *Widget) *Tab {
	return &Tab{Widget: NewWidget(w, name, seed), first: first}
}

// Run follows the conversation once the first tab has a session.
func (t *Tab) Run(ctx context.Context) {
	select {
	case <-t.first.opened:
	case <-ctx.Done():
		return
	}
	t.adopt(t.first.session)
	for ctx.Err() == nil {
		t.connect(ctx)
		t.retry(ctx)
	}
}
