package store_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/dispatch/dispatchtest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/store"
	"github.com/patchbay-im/patchbay/core/store/agents"
)

// streams is a workspace with skills and queues, on one database system.
type streams struct {
	*testing.T
	s    *store.Store
	work *agents.Store
	d    *desk
	ws   identity.WorkspaceID
	at   time.Time
}

// inStreams runs a case on every database system.
func inStreams(t *testing.T, run func(f *streams)) {
	t.Helper()
	for name, from := range map[string]func(*testing.T) source{"sqlite": lite, "postgres": postgres} {
		t.Run(name, func(t *testing.T) {
			s := from(t).fresh(t)
			d := &desk{w: conversationtest.NewWorld(t, fixture(s)), s: s, inboxes: make(map[identity.WorkspaceID]channel.Inbox)}
			run(&streams{T: t, s: s, work: s.Agents(), d: d, ws: d.workspace(t), at: time.Date(2025, 3, 1, 9, 30, 0, 0, time.UTC)})
		})
	}
}

func (f *streams) ok(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

// german makes the skill skl_de.
func (f *streams) german() {
	f.Helper()
	f.ok(f.s.Queues().CreateSkill(f.Context(), queue.Skill{Workspace: f.ws, ID: "skl_de", Name: "German", CreatedAt: f.at}))
}

func (f *streams) queue(id queue.ID, p queue.Plan) {
	f.Helper()
	f.ok(f.s.Queues().Create(f.Context(), queue.Queue{Workspace: f.ws, ID: id, Name: string(id), Plan: p, CreatedAt: f.at, UpdatedAt: f.at}))
}

// able makes a member with a capacity of 5 and these skills.
func (f *streams) able(has ...queue.Need) identity.MemberID {
	f.Helper()
	m := f.d.member(f.T, f.ws, 5)
	f.ok(f.s.Queues().SetAbilities(f.Context(), f.ws, m, has))
	return m
}

// waits makes a conversation that has waited in a queue for so long.
func (f *streams) waits(in queue.ID, waited time.Duration) dispatch.Item {
	f.Helper()
	it := f.d.item(f.T, f.ws, f.at.Add(-waited))
	f.change(it, func(c *conversation.Conversation) { c.Enter(f.d.w.System(), in, "") })
	return f.item(it.Key)
}

// asks makes a conversation ask for something of its own.
func (f *streams) asks(key dispatch.Key, d conversation.Demand) {
	f.Helper()
	f.change(dispatch.Item{Key: key}, func(c *conversation.Conversation) {
		c.Demand = d
		c.AddNote(f.d.w.System(), conversation.Words("", "asks for more"))
	})
}

func (f *streams) change(it dispatch.Item, fn func(c *conversation.Conversation)) {
	f.Helper()
	f.ok(f.d.w.TryChange(f.ws, conversation.ID(it.ID), func(c *conversation.Conversation) error {
		fn(c)
		return nil
	}))
}

// item returns a waiting item, as Waiting and Items both say.
func (f *streams) item(key dispatch.Key) dispatch.Item {
	f.Helper()
	all, err := f.work.Waiting(f.Context(), f.ws)
	f.ok(err)
	one, _, err := f.work.Items(f.Context(), f.ws, []conversation.ID{conversation.ID(key.ID)})
	f.ok(err)
	i := slices.IndexFunc(all, func(it dispatch.Item) bool { return it.Key == key })
	if i < 0 || len(one) != 1 || !one[0].Equal(all[i]) {
		f.Fatalf("Waiting says %+v, Items %+v", all, one)
	}
	return one[0]
}

func (f *streams) claim(it dispatch.Item, m identity.MemberID) error {
	return f.work.Claim(f.Context(), dispatch.Claim{
		Workspace: f.ws, Item: it.Key, Class: it.Class, Rungs: it.Reached(f.at), Channel: it.Channel, Weight: 1, Exclusive: it.Exclusive,
		Member: m, By: identity.Actor{Kind: identity.ActorSystem}, At: f.at,
	})
}

func (f *streams) refused(it dispatch.Item, m identity.MemberID, code string) {
	f.Helper()
	if err := f.claim(it, m); err == nil || errs.As(err).Code != code {
		f.Fatalf("claim: %v, want %s", err, code)
	}
}

func (f *streams) row(m identity.MemberID) dispatch.AgentRow {
	f.Helper()
	rows, err := f.work.Loads(f.Context(), f.ws, []identity.MemberID{m})
	f.ok(err)
	return rows[0]
}

// Who lacks a skill is given nothing that asks for it, until a rung asks for
// less.
func TestSkillsDecideWhoIsGivenWhat(t *testing.T) {
	inStreams(t, func(f *streams) {
		f.german()
		de := func(level int) []queue.Need { return []queue.Need{{Skill: "skl_de", Level: level}} }
		f.queue("que_rest", queue.Plan{})
		f.queue("que_vip", queue.Plan{
			Needs: de(4), Target: time.Minute, Value: 3,
			Ladder:   []queue.Rung{{After: time.Minute, Lower: de(2)}},
			Overflow: queue.Overflow{Queue: "que_rest", After: time.Hour},
		})
		good, fair, none := f.able(de(5)...), f.able(de(2)...), f.able()
		fresh, old, oldest := f.waits("que_vip", time.Second), f.waits("que_vip", 2*time.Minute), f.waits("que_vip", 2*time.Hour)
		want := dispatch.Item{
			Key: fresh.Key, Queue: "que_vip", Class: "skl_de:4", Weight: 1, WaitingSince: f.at.Add(-time.Second), Target: time.Minute, Value: 3,
			Channel: fresh.Channel, Ladder: []dispatch.Rung{{After: time.Minute, Class: "skl_de:2"}, {After: time.Hour, Class: ""}},
		}
		if !fresh.Equal(want) {
			f.Fatalf("got  %+v\nwant %+v", fresh, want)
		}
		f.refused(fresh, fair, dispatch.CodeAgentFull)
		f.refused(old, none, dispatch.CodeAgentFull)
		lied := fresh // the rows decide, not the claim
		lied.Ladder = []dispatch.Rung{{Class: ""}}
		f.refused(lied, none, dispatch.CodeAgentFull)
		f.ok(f.claim(old, fair))
		f.ok(f.claim(oldest, none))
		f.ok(f.s.Queues().SetAbilities(f.Context(), f.ws, good, nil))
		f.refused(fresh, good, dispatch.CodeAgentFull) // not any more
		f.ok(f.s.Queues().SetAbilities(f.Context(), f.ws, good, de(4)))
		f.ok(f.claim(fresh, good))
	})
}

// What a rule asks for beside the queue counts too, in the overflow as well, and
// no more once the skill is gone.
func TestWhatARuleAsksFor(t *testing.T) {
	inStreams(t, func(f *streams) {
		f.german()
		f.queue("que_rest", queue.Plan{})
		f.queue("que_a", queue.Plan{Value: 1, Overflow: queue.Overflow{Queue: "que_rest", After: time.Hour}})
		good, none := f.able(queue.Need{Skill: "skl_de", Level: 3}), f.able()
		it := f.waits("que_a", time.Second)
		f.asks(it.Key, conversation.Demand{Needs: []queue.Need{{Skill: "skl_de", Level: 3}}, Value: 5})
		it = f.item(it.Key)
		if it.Class != "skl_de:3" || it.Value != 5 || len(it.Ladder) != 0 {
			f.Fatalf("got %+v", it)
		}
		f.refused(it, none, dispatch.CodeAgentFull)
		f.ok(f.claim(it, good))
		loose := f.waits("", time.Second)
		f.asks(loose.Key, conversation.Demand{Needs: []queue.Need{{Skill: "skl_de", Level: 1}}, Value: 2})
		if loose = f.item(loose.Key); loose.Class != "skl_de:1" || loose.Value != 2 {
			f.Fatalf("in no queue: %+v", loose)
		}
		f.ok(f.s.Queues().DeleteSkill(f.Context(), f.ws, "skl_de"))
		if loose = f.item(loose.Key); loose.Class != "" {
			f.Fatalf("without the skill: %+v", loose)
		}
	})
}

// What is asked for may change while somebody waits: a claim by what was asked
// before is refused.
func TestAQueueThatChangesWhileSomebodyWaits(t *testing.T) {
	inStreams(t, func(f *streams) {
		f.german()
		f.queue("que_a", queue.Plan{})
		m, it := f.able(), f.waits("que_a", time.Minute)
		_, err := f.s.Queues().Change(f.Context(), f.ws, "que_a", func(q *queue.Queue) error {
			q.Needs = []queue.Need{{Skill: "skl_de", Level: 1}}
			return nil
		})
		f.ok(err)
		f.refused(it, m, dispatch.CodeItemTaken)
		f.refused(f.item(it.Key), m, dispatch.CodeAgentFull)
		f.ok(f.s.Queues().Delete(f.Context(), f.ws, "que_a", f.at))
		now := f.item(it.Key)
		if now.Queue != "" || now.Class != "" || !now.WaitingSince.Equal(it.WaitingSince) {
			f.Fatalf("without its queue: %+v", now)
		}
		f.ok(f.claim(now, m))
	})
}

func TestStickyWhileTheyServe(t *testing.T) {
	inStreams(t, func(f *streams) {
		f.german()
		f.queue("que_a", queue.Plan{Needs: []queue.Need{{Skill: "skl_de", Level: 1}}, Sticky: 30 * time.Second})
		m := f.able(queue.Need{Skill: "skl_de", Level: 1})
		it := f.waits("que_a", time.Minute)
		f.ok(f.claim(it, m))
		f.d.do(f.T, f.ws, it.Key, dispatchtest.Answer, m)
		f.change(it, func(c *conversation.Conversation) { f.ok(c.Release(f.d.w.System(), conversation.QueuedReleased)) })
		if now := f.item(it.Key); now.Sticky != m || now.StickyFor != 30*time.Second {
			f.Fatalf("%+v", now)
		}
		f.ok(f.s.Queues().SetAbilities(f.Context(), f.ws, m, nil))
		if now := f.item(it.Key); now.Sticky != "" || now.StickyFor != 0 {
			f.Fatalf("for one who may not serve: %+v", now)
		}
	})
}

// At once, claims pass neither a channel's limit nor an exclusive item.
func TestRoomUnderConcurrency(t *testing.T) {
	inStreams(t, func(f *streams) {
		f.queue("que_a", queue.Plan{})
		f.queue("que_alone", queue.Plan{Exclusive: true})
		race := func(m identity.MemberID, items ...dispatch.Item) (won int) {
			results := make([]error, len(items))
			var wg sync.WaitGroup
			for i, it := range items {
				wg.Go(func() { results[i] = f.claim(it, m) })
			}
			wg.Wait()
			for _, err := range results {
				switch {
				case err == nil:
					won++
				case errs.As(err).Code != dispatch.CodeAgentFull:
					f.Fatal(err)
				}
			}
			return won
		}
		limited, alone := f.able(), f.able()
		f.d.change(f.T, f.ws, limited, func(m *identity.Member) { m.Limits = identity.Limits{Chat: 2, Message: 2} })
		var many []dispatch.Item
		for range 6 {
			many = append(many, f.waits("que_a", time.Minute))
		}
		if won := race(limited, many...); won != 2 {
			f.Fatalf("%d beyond a limit of 2", won)
		}
		if r := f.row(limited); r.Has[many[0].Channel] != 2 || r.Used != 2 || r.Limits[many[0].Channel] != 2 {
			f.Fatalf("%+v", r)
		}
		mixed := []dispatch.Item{f.waits("que_alone", time.Minute), f.waits("que_alone", time.Minute), f.waits("que_alone", time.Minute)}
		if won := race(alone, mixed...); won != 1 || !f.row(alone).Exclusive {
			f.Fatalf("%d exclusive ones of a member", won)
		}
		f.refused(f.waits("que_a", time.Minute), alone, dispatch.CodeAgentFull) // beside an exclusive one
		f.refused(f.waits("que_alone", time.Minute), limited, dispatch.CodeAgentFull)
		asked := f.able() // what is offered counts as what is theirs
		f.d.change(f.T, f.ws, asked, func(m *identity.Member) { m.Limits = identity.Limits{Chat: 1, Message: 1} })
		ringing := f.waits("que_a", time.Minute)
		f.ok(f.work.Claim(f.Context(), dispatch.Claim{
			Workspace: f.ws, Item: ringing.Key, Class: ringing.Class, Channel: ringing.Channel, Weight: 1, Member: asked,
			By: identity.Actor{Kind: identity.ActorSystem}, At: f.at, OfferFor: time.Minute,
		}))
		f.refused(f.waits("que_a", time.Minute), asked, dispatch.CodeAgentFull)
		offers, err := f.work.Offers(f.Context(), f.ws)
		if err != nil || len(offers) != 1 || offers[0].Member != asked || offers[0].Item.Queue != "que_a" {
			f.Fatalf("%+v, %v", offers, err)
		}
		none := f.able()
		f.d.change(f.T, f.ws, none, func(m *identity.Member) { m.Limits = identity.Limits{Chat: -1, Message: -1} })
		f.refused(f.waits("que_a", time.Minute), none, dispatch.CodeAgentFull)
	})
}
