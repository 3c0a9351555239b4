package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/dispatch/dispatchtest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/policy"
	"github.com/patchbay-im/patchbay/core/queue"
)

// follows puts a plan in force.
func (f *streams) follows(plan dispatch.Plan) {
	f.Helper()
	_, err := f.s.Policies().Change(f.Context(), f.ws, func(st *policy.State) error {
		st.Published = policy.Revision{Plan: plan, By: identity.Actor{Kind: identity.ActorSystem}, At: st.Published.At.Add(time.Second)}
		return nil
	})
	f.ok(err)
}

// everywhere is a plan that says the same of all channels that an inbox may be.
func everywhere(p dispatch.ChannelPlan) dispatch.Plan {
	return dispatch.Plan{Channels: map[dispatch.Channel]dispatch.ChannelPlan{dispatch.Chat: p, dispatch.Message: p, dispatch.Mail: p}}
}

// What is weighed keeps its weight until it comes to wait again; the rows decide
// whether there is room for it.
func TestWeightsOfThePolicy(t *testing.T) {
	inStreams(t, func(f *streams) {
		before := f.waits("", time.Minute)
		f.follows(everywhere(dispatch.ChannelPlan{Weight: 3}))
		m, it := f.able(), f.waits("", time.Minute)
		if was := f.item(before.Key); was.Weight != 1 || it.Weight != 3 {
			f.Fatalf("what waited weighs %d, what came weighs %d", was.Weight, it.Weight)
		}
		f.ok(f.claim(it, m)) // which says 1
		if r := f.row(m); r.Used != 3 {
			f.Fatalf("%+v", r)
		}
		f.refused(f.waits("", time.Minute), m, dispatch.CodeAgentFull)
		f.follows(everywhere(dispatch.ChannelPlan{Weight: 2}))
		other := f.able()
		f.d.do(f.T, f.ws, it.Key, dispatchtest.Assign, other)
		if f.row(m).Used != 0 || f.row(other).Used != 3 {
			f.Fatalf("moved by hand: %+v, %+v", f.row(m), f.row(other))
		}
		f.d.do(f.T, f.ws, it.Key, dispatchtest.Requeue, "")
		if now := f.item(it.Key); now.Weight != 2 || f.row(other).Used != 0 {
			f.Fatalf("%+v, %+v", now, f.row(other))
		}
	})
}

// A member's own limit goes before that of the policy.
func TestLimitsOfThePolicy(t *testing.T) {
	inStreams(t, func(f *streams) {
		f.follows(everywhere(dispatch.ChannelPlan{Limit: 1}))
		m, own := f.able(), f.able()
		f.d.change(f.T, f.ws, own, func(m *identity.Member) { m.Limits = identity.Limits{Chat: 2, Message: 2} })
		one := f.waits("", time.Minute)
		if a, b := f.row(m).Limits[one.Channel], f.row(own).Limits[one.Channel]; a != 1 || b != 2 {
			f.Fatalf("limits %d and %d", a, b)
		}
		f.ok(f.claim(one, m))
		f.refused(f.waits("", time.Minute), m, dispatch.CodeAgentFull)
		f.ok(f.claim(f.waits("", time.Minute), own))
		f.ok(f.claim(f.waits("", time.Minute), own))
		f.refused(f.waits("", time.Minute), own, dispatch.CodeAgentFull)
	})
}

// What takes a whole agent by the policy does so wherever it stands.
func TestExclusiveByThePolicy(t *testing.T) {
	inStreams(t, func(f *streams) {
		f.queue("que_a", queue.Plan{})
		stale, first := f.waits("que_a", time.Minute), f.waits("", time.Minute)
		f.follows(everywhere(dispatch.ChannelPlan{Exclusive: true}))
		m := f.able()
		f.refused(stale, m, dispatch.CodeItemTaken) // it was none when it was chosen
		alone := f.item(stale.Key)
		f.ok(f.claim(alone, m))
		if !alone.Exclusive || !f.row(m).Exclusive {
			f.Fatalf("%+v, %+v", alone, f.row(m))
		}
		f.refused(f.item(first.Key), m, dispatch.CodeAgentFull)
	})
}

// The policy says how long customers wait for whom they know, where their queue
// says nothing.
func TestStickyByThePolicy(t *testing.T) {
	inStreams(t, func(f *streams) {
		f.queue("que_quick", queue.Plan{Sticky: 5 * time.Second})
		f.queue("que_plain", queue.Plan{})
		m := f.able()
		want := map[queue.ID]time.Duration{"que_quick": 5 * time.Second, "que_plain": time.Minute, "": time.Minute}
		items := map[queue.ID]dispatch.Item{}
		for in := range want {
			it := f.waits(in, time.Minute)
			f.ok(f.claim(it, m))
			f.d.do(f.T, f.ws, it.Key, dispatchtest.Answer, m)
			f.d.do(f.T, f.ws, it.Key, dispatchtest.Requeue, "")
			items[in] = it
		}
		if now := f.item(items[""].Key); now.Sticky != "" {
			f.Fatalf("without a policy: %+v", now)
		}
		f.follows(dispatch.Plan{Sticky: dispatch.StickyPlan{ForS: 60}})
		for in, wait := range want {
			if now := f.item(items[in].Key); now.Sticky != m || now.StickyFor != wait {
				f.Fatalf("in %q: %+v", in, now)
			}
		}
	})
}

// held sums what each member's open conversations weigh, by the conversations.
func (f *streams) held() map[identity.MemberID]int {
	f.Helper()
	out := map[identity.MemberID]int{}
	p, err := f.s.Conversations().List(f.Context(), f.ws, conversation.Filter{Reach: identity.Everywhere()}, page.Request{Limit: 100})
	f.ok(err)
	if p.Next != "" {
		f.Fatal("there are more")
	}
	for _, c := range p.Items {
		out[c.Load().Member] += c.Weight
	}
	delete(out, "")
	return out
}

// deed is something that happens to a conversation, or to the policy.
type deed struct {
	Act, Item, Member, Weight int
}

// Whatever happens, and whatever policies come and go meanwhile, what members
// are said to have is the sum of what theirs weighs.
func TestUsedIsTheSumOfWeights(t *testing.T) {
	inStreams(t, func(f *streams) {
		seed := uint64(time.Now().UnixNano()) // printed when it matters
		r := rand.New(rand.NewPCG(seed, 1))
		members := []identity.MemberID{f.able(), f.able(), f.able()}
		var items []dispatch.Item
		for range 4 {
			items = append(items, f.d.item(f.T, f.ws, f.at))
		}
		for i := range 150 {
			d := deed{Act: r.IntN(12), Item: r.IntN(len(items)), Member: r.IntN(len(members)), Weight: 1 + r.IntN(4)}
			err := f.happens(d, items[d.Item], members[d.Member]) // refusals are part of it
			held := f.held()
			for _, m := range members {
				if row := f.row(m); row.Used != held[m] {
					f.Fatalf("seed %d, after %d (%+v, %v): %s is said to have %d and has %d", seed, i, d, err, m, row.Used, held[m])
				}
			}
		}
	})
}

func (f *streams) happens(d deed, it dispatch.Item, m identity.MemberID) error {
	system := f.d.w.System()
	by := conversation.Turn{Actor: identity.Actor{Kind: identity.ActorMember, ID: string(m)}, At: system.At, IDs: system.IDs}
	change := func(fn func(c *conversation.Conversation) error) error {
		return f.d.w.TryChange(f.ws, conversation.ID(it.ID), fn)
	}
	switch d.Act {
	case 0, 1:
		f.follows(everywhere(dispatch.ChannelPlan{Weight: d.Weight}))
		return nil
	case 2, 3: // dispatch gives or offers it
		items, _, err := f.work.Items(f.Context(), f.ws, []conversation.ID{conversation.ID(it.ID)})
		if err != nil || len(items) == 0 {
			return err
		}
		claim := dispatch.Claim{
			Workspace: f.ws, Item: it.Key, Class: items[0].Class, Channel: items[0].Channel, Weight: items[0].Weight,
			Member: m, By: identity.Actor{Kind: identity.ActorSystem}, At: f.at,
		}
		if d.Act == 3 {
			claim.OfferFor = time.Hour
		}
		return f.work.Claim(f.Context(), claim)
	case 4:
		return change(func(c *conversation.Conversation) error { return c.Assign(by, m, "name", "member") })
	case 5:
		return change(func(c *conversation.Conversation) error { return c.Release(by, conversation.QueuedReleased) })
	case 6:
		return change(func(c *conversation.Conversation) error { c.Resolve(by); return nil })
	case 7:
		return change(func(c *conversation.Conversation) error { c.Reopen(by); return nil })
	case 8:
		return change(func(c *conversation.Conversation) error { return c.Snooze(by, by.At.Add(time.Hour)) })
	case 9:
		_, err := f.work.Release(f.Context(), f.ws, m, dispatch.AgentLost)
		return err
	case 10: // released and given again in one change, which is undone with some
		return change(func(c *conversation.Conversation) error {
			if err := c.Release(by, conversation.QueuedReleased); err != nil || d.Weight == 1 {
				return fmt.Errorf("undone: %w", context.Canceled)
			}
			return c.Assign(by, m, "name", "member")
		})
	default:
		c, err := f.s.Conversations().Get(f.Context(), f.ws, conversation.ID(it.ID))
		if err == nil {
			_, err = f.d.w.TryReceive(f.d.inbox(f.ws), c.Recipient, "", "again", by.At)
		}
		return err
	}
}
