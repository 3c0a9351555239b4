package realtime

import (
	"context"
	"sync"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/figures"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/wire"
)

// Supervision tells how the work of a workspace stands and goes;
// *figures.Service does.
type Supervision interface {
	Read(ctx context.Context, w identity.WorkspaceID) (figures.Figures, error)
}

// staleTicks is after how many ticks figures are told anew though nothing
// happened: whoever waits comes to be late by waiting alone.
const staleTicks = 5

type figuresFrame struct {
	Op string `json:"op"`
	wire.Figures
}

// watchers are the sessions that asked for figures, by workspace. Its methods
// are quick for workspaces in which nobody has.
type watchers struct {
	mu  sync.Mutex
	all map[identity.WorkspaceID]*watched
}

// watched is a workspace in which somebody asked for figures.
type watched struct {
	members map[*member]struct{}
	dirty   bool // something happened that was not told of
	busy    bool // they are being read
	ticks   int  // since they were told
}

func (ws *watchers) join(m *member) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.all == nil {
		ws.all = make(map[identity.WorkspaceID]*watched)
	}
	of := ws.all[m.workspace]
	if of == nil {
		of = &watched{members: make(map[*member]struct{})}
		ws.all[m.workspace] = of
	}
	of.members[m] = struct{}{}
	of.dirty = true
}

func (ws *watchers) leave(m *member) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	of := ws.all[m.workspace]
	if of == nil {
		return
	}
	if delete(of.members, m); len(of.members) == 0 {
		delete(ws.all, m.workspace)
	}
}

// touch notes that figures of a workspace may be others.
func (ws *watchers) touch(w identity.WorkspaceID) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if of := ws.all[w]; of != nil {
		of.dirty = true
	}
}

// due returns one session of each workspace whose figures are to be told now.
func (ws *watchers) due() []*member {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	var out []*member
	for _, of := range ws.all {
		if of.ticks++; of.busy || !of.dirty && of.ticks < staleTicks {
			continue
		}
		of.dirty, of.busy, of.ticks = false, true, 0
		for m := range of.members {
			out = append(out, m)
			break
		}
	}
	return out
}

// told returns the sessions that asked for figures of a workspace, which have
// been read.
func (ws *watchers) told(w identity.WorkspaceID) []*member {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	of := ws.all[w]
	if of == nil {
		return nil
	}
	of.busy = false
	out := make([]*member, 0, len(of.members))
	for m := range of.members {
		out = append(out, m)
	}
	return out
}

// watchFigures begins or ends telling the session how work stands and goes.
func (m *member) watchFigures(f memberWatches) error {
	if !f.On {
		m.g.watchers.leave(m)
		return nil
	}
	if m.g.o.Supervision == nil {
		return errs.Absent()
	}
	if err := m.rights().Require(identity.ConversationSupervise); err != nil {
		return err
	}
	m.mu.Lock()
	closed := m.closed
	m.mu.Unlock()
	if !closed {
		m.g.watchers.join(m)
	}
	return nil
}

// tellFigures has the figures that are due read and told, by a worker.
func (g *Gateway) tellFigures() {
	for _, m := range g.watchers.due() {
		m.submit(func(ctx context.Context) { g.showFigures(ctx, m.workspace) })
	}
}

// showFigures reads the figures of a workspace and tells each session that asked
// as much as it reaches. Who may not supervise any more is told no more.
func (g *Gateway) showFigures(ctx context.Context, w identity.WorkspaceID) {
	f, err := g.o.Supervision.Read(ctx, w)
	members := g.watchers.told(w)
	if err != nil {
		g.o.Logger.WarnContext(ctx, "figures are not known", "workspace", string(w), "error", err)
		g.watchers.touch(w)
		return
	}
	var whole []byte
	for _, m := range members {
		scope := m.rights()
		switch {
		case !scope.May(identity.ConversationSupervise):
			g.watchers.leave(m)
		case !scope.Reach().All():
			m.ephemeral(encode(figuresFrame{Op: "figures", Figures: wire.FiguresOf(f.Within(scope.Reach()))}))
		default:
			if whole == nil {
				whole = encode(figuresFrame{Op: "figures", Figures: wire.FiguresOf(f)})
			}
			m.ephemeral(whole)
		}
	}
}
