package realtime_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/figures"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/realtime"
)

// supervision tells figures of two queues and counts how often it is asked.
type supervision struct{ asked atomic.Int64 }

func (s *supervision) Read(context.Context, identity.WorkspaceID) (figures.Figures, error) {
	n := int(s.asked.Add(1))
	return figures.Figures{Zone: "UTC", Queues: []figures.Queue{{ID: "que_mine", Team: "tea_mine", Waiting: n}, {ID: "que_other", Team: "tea_other", Waiting: n}}}, nil
}

// supervisorScope is a role that supervises, with a reach.
func supervisorScope(w *world, m identity.MemberID, reach identity.Reach) identity.Scope {
	reach.Member = m
	return identity.Scope{Workspace: w.WS, Actor: identity.Actor{Kind: identity.ActorMember, ID: string(m), Role: identity.RoleSupervisor}}.
		With(identity.Rights{Permissions: []identity.Permission{identity.MemberRead, identity.ConversationRead, identity.ConversationSupervise}, Reach: reach})
}

// TestFiguresAreToldToWhoAsked: to supervisors who asked, as far as they reach,
// once a tick at most, and no more when they ask no more.
func TestFiguresAreToldToWhoAsked(t *testing.T) {
	w := newWorld(t)
	n := w.node(realtime.Tuning{})
	boss, lead, agent := w.agent(), w.agent(), w.agent()
	w.setCheck(boss.ID, func() (identity.Scope, error) { return supervisorScope(w, boss.ID, identity.Everywhere()), nil })
	w.setCheck(lead.ID, func() (identity.Scope, error) {
		return supervisorScope(w, lead.ID, identity.Reach{Kind: identity.ReachTeam, Teams: []string{"tea_mine"}}), nil
	})
	all, some, none := n.ready(boss.ID), n.ready(lead.ID), n.ready(agent.ID)
	ask := map[string]any{"op": "watch_figures", "on": true}
	if f := none.await("error", ask); !strings.Contains(f.raw, `"forbidden"`) {
		t.Errorf("an agent is answered %s", f.raw)
	}
	unknown := map[string]any{"op": "unknown"} // answered after what was asked before it
	for _, c := range []*client{all, some} {
		c.await("error", ask, unknown)
	}
	w.advance(time.Second)
	if f := all.await("figures"); !strings.Contains(f.raw, "que_other") || !strings.Contains(f.raw, `"waiting":2`) { // of the total
		t.Errorf("who reaches everything is told %s", f.raw)
	}
	if f := some.await("figures"); strings.Contains(f.raw, "que_other") || !strings.Contains(f.raw, "que_mine") || !strings.Contains(f.raw, `"waiting":1`) {
		t.Errorf("who reaches a team is told %s", f.raw)
	}
	said := w.supervision.asked.Load()
	w.advance(time.Second) // nothing happened
	if now := w.supervision.asked.Load(); now != said {
		t.Errorf("figures were read %d times more though nothing happened", now-said)
	}
	all.await("error", map[string]any{"op": "watch_figures", "on": false}, unknown)
	all.seen = nil
	for range 6 { // they are told anew after a while
		w.advance(time.Second)
	}
	some.await("figures")
	all.await("pong", map[string]any{"op": "ping"})
	if count := strings.Count(strings.Join(all.seen, ""), `"op":"figures"`); count != 0 {
		t.Errorf("who asks no more was told %d times", count)
	}
}
