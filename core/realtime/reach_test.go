package realtime_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/realtime"
	"github.com/patchbay-im/patchbay/core/team"
)

// limit makes a member see what a reach covers, and returns what changes it.
func (w *world) limit(m identity.Member, reach identity.Reach) (change func(identity.Reach)) {
	w.Helper()
	whole := w.scope(m.ID)
	var now atomic.Pointer[identity.Reach]
	change = func(r identity.Reach) { now.Store(&r) }
	change(reach)
	w.setCheck(m.ID, func() (identity.Scope, error) {
		return whole.With(identity.Rights{Permissions: identity.Permissions(), Reach: *now.Load()}), nil
	})
	return change
}

// silent expects that n numbers of the feed were passed over without a word of
// what happened.
func (c *client) silent(after uint64, n int, ids ...string) {
	c.t.Helper()
	for i := range n {
		f := c.expect("skip")
		if f.Feed != after+uint64(i)+1 {
			c.t.Fatalf("got feed %d, want %d", f.Feed, after+uint64(i)+1)
		}
		for _, id := range ids {
			if strings.Contains(f.raw, id) {
				c.t.Fatalf("it tells of %s: %s", id, f.raw)
			}
		}
	}
}

// TestReach: a member who sees little is told nothing of the rest; what enters
// their reach comes as its row, what leaves it is gone, on both nodes.
func TestReach(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		n, far := w.node(tuning), w.node(tuning)
		lin, boss := w.agent(), w.agent()
		w.limit(lin, identity.Reach{Kind: identity.ReachOwn, Member: lin.ID})
		w.pump(n, far)
		limited, other, all := n.ready(lin.ID), far.ready(lin.ID), n.ready(boss.ID)

		v, head := w.welcome().Visitor, w.head()
		id := w.write(v, "nobody's yet").Change.Conversation
		w.pump(n, far)
		unseen := int(w.head() - head)
		all.events(head, unseen)
		for _, c := range []*client{limited, other} {
			c.silent(head, unseen, string(id), "nobody's yet")
		}

		give := func(m identity.Member) {
			w.Change(id, func(c *conversation.Conversation) error { return c.Assign(w.System(), m.ID, m.Name, "member") })
			w.pump(n, far)
		}
		head = w.head()
		give(lin)
		all.events(head, int(w.head()-head))
		for _, c := range []*client{limited, other} {
			if f := c.expect("event"); f.Feed != head+1 || !strings.Contains(string(f.Conversation), string(id)) {
				t.Fatalf("entering: %s", f.raw)
			}
		}
		head = w.head()
		give(boss)
		all.events(head, int(w.head()-head))
		for _, c := range []*client{limited, other} {
			if f := c.expect("gone"); f.Feed != head+1 || f.ConversationID != string(id) || f.Conversation != nil || f.Change != nil {
				t.Fatalf("leaving: %s", f.raw)
			}
		}
		head = w.head()
		w.write(v, "not for lin")
		w.pump(n, far)
		for _, c := range []*client{limited, other} {
			c.silent(head, int(w.head()-head), string(id), "not for lin")
			c.quiet()
		}
		// Who comes back reads the same from the database.
		again := n.dial("/member/" + string(lin.ID))
		rights := limited.named("ready")
		again.say(map[string]any{"op": "hello", "epoch": epoch, "feed": head, "rights": rights})
		equal(t, again.expect("ready").Resync, false)
		again.expect("presence")
		again.silent(head, int(w.head()-head), string(id), "not for lin")
	})
}

// named returns the rights that the last frame of an op named.
func (c *client) named(op string) string {
	c.t.Helper()
	for _, raw := range c.seen {
		if _, after, ok := strings.Cut(raw, `"rights":"`); ok && strings.Contains(raw, `"op":"`+op+`"`) {
			name, _, _ := strings.Cut(after, `"`)
			return name
		}
	}
	c.t.Fatalf("no %q named the rights: %q", op, c.seen)
	return ""
}

// TestReachTeam: what a team gets comes, what it gives away goes.
func TestReachTeam(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		n, lin := w.node(tuning), w.agent()
		ours, others := w.Team(w.WS, "Ours", lin.ID), w.Team(w.WS, "Others")
		w.limit(lin, identity.Reach{Kind: identity.ReachTeam, Member: lin.ID, Teams: []string{string(ours)}, Inboxes: []string{string(w.Live.ID)}})
		w.pump(n)
		c, v, head := n.ready(lin.ID), w.welcome().Visitor, w.head()
		id := w.write(v, "of no team, in our inbox").Change.Conversation
		w.pump(n)
		c.events(head, int(w.head()-head))
		for _, step := range []struct {
			to    team.ID
			frame string
		}{{others, "gone"}, {ours, "event"}, {others, "gone"}, {"", "event"}} {
			w.Change(id, func(c *conversation.Conversation) error { c.Route(w.System(), step.to); return nil })
			w.pump(n)
			if f := c.expect(step.frame); !strings.Contains(f.raw, string(id)) {
				t.Fatalf("to %q: %s", step.to, f.raw)
			}
		}
	})
}

// TestReachChanges: open sockets follow a changed role or team within two
// seconds, when they are told and without a restart.
func TestReachChanges(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		n, lin := w.node(tuning), w.agent()
		change := w.limit(lin, identity.Reach{Kind: identity.ReachAll, Member: lin.ID})
		w.pump(n)
		c, v, head := n.ready(lin.ID), w.welcome().Visitor, w.head()
		id := w.write(v, "seen").Change.Conversation
		w.pump(n)
		c.events(head, int(w.head()-head))

		for _, step := range []struct {
			reach identity.Reach
			sees  bool
		}{
			{identity.Reach{Kind: identity.ReachOwn, Member: lin.ID}, false},
			{identity.Reach{Kind: identity.ReachTeam, Member: lin.ID, Inboxes: []string{string(w.Live.ID)}}, true},
			{identity.Reach{}, false},
		} {
			change(step.reach)
			began := time.Now()
			w.OK(w.bus.Publish(event.SubjectRights+string(w.WS), nil))
			f := c.expect("rights")
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("the change took %s", took)
			}
			if f.raw == "" || !strings.Contains(f.raw, `"rights":"`) {
				t.Fatalf("got %s", f.raw)
			}
			head = w.head()
			w.write(v, "next")
			w.pump(n)
			if step.sees {
				c.events(head, int(w.head()-head))
			} else {
				c.silent(head, int(w.head()-head), string(id), "next")
			}
		}
	})
}
