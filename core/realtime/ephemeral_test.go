package realtime_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/realtime"
)

// TestAgentTypes: the customer and colleagues on every node see it, the agent
// does not, and typing a note is not for the customer.
func TestAgentTypes(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		one, two := w.node(tuning), w.node(tuning)
		who := w.welcome()
		cnv := string(w.write(who.Visitor, "hi").Change.Conversation)
		m := w.agent()
		agent, colleague := one.ready(m.ID), two.ready(w.agent().ID)
		v := two.visitor(who, epoch, 1)
		v.expect("ready")
		stranger := two.visitor(w.welcome(), "", 0)
		stranger.expect("ready")

		types := func(note, on bool) {
			agent.say(map[string]any{"op": "typing", "conversation_id": cnv, "note": note, "on": on})
		}
		types(false, true)
		f := v.expect("typing")
		equal(t, f.On, true)
		equal(t, f.Name, w.scope(m.ID).Actor.Name)
		equal(t, strings.Contains(f.raw, "mem_") || strings.Contains(f.raw, "cnv_"), false)
		f = colleague.expect("typing")
		equal(t, f.ConversationID, cnv)
		equal(t, f.Actor.ID, string(m.ID))
		equal(t, f.On, true)

		types(false, true) // says nothing new
		w.skip(2 * time.Second)
		types(false, true) // a sign of life
		equal(t, v.expect("typing").On, true)
		equal(t, colleague.expect("typing").On, true)

		types(true, true) // now a note: to the customer typing is over
		equal(t, v.expect("typing").On, false)
		equal(t, colleague.expect("typing").On, false)
		equal(t, colleague.expect("typing").On, true)
		types(true, false)
		equal(t, colleague.expect("typing").On, false)
		types(false, false) // was not typing
		agent.quiet()
		v.quiet()
		stranger.quiet()
		colleague.quiet()

		agent.say(map[string]any{"op": "typing", "ref": "r", "conversation_id": w.IDs.New("cnv"), "on": true})
		equal(t, agent.refused("not_found").Ref, "r")
	})
}

// TestTypingEnds six seconds after the last sign, and with the connection.
func TestTypingEnds(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		n := w.node(tuning)
		who := w.welcome()
		v := n.visitor(who, "", 0)
		v.expect("ready")
		v.say(`{"op":"typing","on":true}`) // nobody to tell yet
		v.say(`{"op":"send","client_msg_id":"a","text":"hi"}`)
		v.expect("ack")
		m := n.ready(w.agent().ID)
		v.say(`{"op":"typing","on":true}`)
		f := m.expect("typing")
		equal(t, f.On, true)
		equal(t, f.Actor.Kind, "contact")
		equal(t, f.Actor.Name, "Visitor")
		v.quiet() // nobody is told of their own typing
		w.pass(5 * time.Second)
		v.say(`{"op":"typing","on":true}`)
		equal(t, m.expect("typing").On, true)
		w.pass(5 * time.Second)
		m.quiet()
		w.pass(time.Second)
		equal(t, m.expect("typing").On, false)

		v.say(`{"op":"typing","on":true}`)
		equal(t, m.expect("typing").On, true)
		_ = v.conn.CloseNow()
		equal(t, m.expect("typing").On, false)
	})
}

func (w *world) publish(subject string, v any) {
	w.Helper()
	raw, err := json.Marshal(v)
	w.OK(err)
	w.OK(w.bus.Publish(subject+string(w.WS), raw))
}

// TestCustomersTypeElsewhere: colleagues see that a customer writes in an app
// that is not our chat.
func TestCustomersTypeElsewhere(t *testing.T) {
	w := newWorld(t)
	n := w.node(realtime.Tuning{})
	m := n.ready(w.agent().ID)
	c := w.Get(w.Receive(w.Inbox, "anna", "m1", "hello").ID)
	w.publish(event.SubjectTyping, realtime.CustomerTypes(c))
	f := m.expect("typing")
	equal(t, f.On, true)
	equal(t, f.Actor.Kind, "contact")
	equal(t, f.Actor.ID, string(c.Contact))
	equal(t, f.ConversationID, string(c.ID))
}

func TestPresenceNews(t *testing.T) {
	w := newWorld(t)
	n := w.node(realtime.Tuning{})
	c := n.ready(w.agent().ID)
	c.settled() // the whole list is shown again when it changes while it is read
	w.OK(w.bus.Publish(event.SubjectPresence+string(w.WS), []byte("not JSON")))
	w.publish(event.SubjectPresence, realtime.PresenceNews{})
	w.publish(event.SubjectPresence, realtime.PresenceNews{Members: []realtime.MemberPresence{{MemberID: "mem_x", Status: "away", Open: 2, Capacity: 5}}})
	f := c.expect("presence")
	if !strings.Contains(f.raw, `{"member_id":"mem_x","status":"away","open":2,"capacity":5}`) {
		t.Errorf("got %s", f.raw)
	}
}

// TestLeases: a member's connection holds a lease while it says hello and
// pings, and gives it back when it ends.
func TestLeases(t *testing.T) {
	w := newWorld(t)
	n := w.node(realtime.Tuning{})
	id := w.agent().ID
	one, two := n.ready(id), n.ready(id)
	first, second := awaitValue(t, w.presence.events, "a lease"), awaitValue(t, w.presence.events, "a lease")
	if first == second || !strings.HasPrefix(first, "beat "+string(id)+" node") {
		t.Fatalf("got %q and %q", first, second)
	}
	one.quiet()
	equal(t, awaitValue(t, w.presence.events, "the renewal"), first)
	_ = one.conn.CloseNow()
	equal(t, awaitValue(t, w.presence.events, "the end"), "gone"+strings.TrimPrefix(first, "beat"))
	two.quiet()
	equal(t, awaitValue(t, w.presence.events, "the renewal"), second)
}

func TestQueueNews(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		n := w.node(tuning)
		who := w.welcome()
		v := n.visitor(who, "", 0)
		v.expect("ready")
		id := w.write(who.Visitor, "hi").Change.Conversation
		w.pump(n)
		v.changes(0, 1)
		news := func(position int, available bool) {
			w.publish(event.SubjectQueue, realtime.QueueNews{Places: []realtime.QueuePlace{
				{Inbox: w.Live.ID, Recipient: "vis_somebody", Position: 9},
				{Inbox: w.Inbox.ID, Recipient: string(who.Visitor.ID), Position: 8},
				{Inbox: w.Live.ID, Recipient: string(who.Visitor.ID), Position: position, Available: available},
			}})
		}
		place := func(c *client, position int, available bool) {
			t.Helper()
			f := c.expect("queue")
			equal(t, f.Position, position)
			equal(t, f.Available, available)
		}
		news(3, false)
		place(v, 3, false)
		news(3, false) // no news
		news(3, true)
		place(v, 3, true)
		news(1, true)
		place(v, 1, true)
		for _, wait := range []int{300, 180, 0} {
			for range 2 { // the second is no news
				w.publish(event.SubjectQueue, realtime.QueueNews{Places: []realtime.QueuePlace{{
					Inbox: w.Live.ID, Recipient: string(who.Visitor.ID), Position: 1, Available: true, WaitS: wait,
				}}})
			}
			equal(t, v.expect("queue").WaitS, wait)
		}

		// Outside hours they are told until when.
		opens := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
		later := opens.Add(24 * time.Hour)
		for _, at := range []*time.Time{&opens, &later, nil} {
			w.publish(event.SubjectQueue, realtime.QueueNews{Places: []realtime.QueuePlace{{
				Inbox: w.Live.ID, Recipient: string(who.Visitor.ID), Position: 1, Standing: realtime.Standing{Closed: true, OpensAt: at},
			}}})
			f := v.expect("queue")
			equal(t, f.Closed, true)
			equal(t, f.OpensAt == nil, at == nil)
			equal(t, at == nil || f.OpensAt.Equal(*at), true)
		}
		news(1, true)
		equal(t, v.expect("queue").Closed, false)

		// A tab that comes later is told where the visitor stands.
		w.queue.set(1, true)
		tab := n.visitor(who, epoch, 1)
		tab.expect("ready")
		place(tab, 1, true)

		// Assigned: nobody needs the bus to know that the waiting is over.
		_, err := w.service.Assign(t.Context(), w.scope(w.Owner.ID), id, w.Owner.ID)
		w.OK(err)
		w.pump(n)
		for _, c := range []*client{v, tab} {
			equal(t, c.expect("change").Change.Type, "agent_joined")
			place(c, 0, true)
		}
		news(0, true) // no news
		v.quiet()
		tab = n.visitor(who, epoch, 2)
		tab.expect("ready")
		tab.quiet()
	})
}

func TestRights(t *testing.T) {
	forms(t, func(t *testing.T, tuning realtime.Tuning) {
		w := newWorld(t)
		n := w.node(tuning)
		stays, loses, leaves, unknown := w.agent().ID, w.agent().ID, w.agent().ID, w.agent().ID
		c := []*client{n.ready(stays), n.ready(loses), n.ready(leaves), n.ready(unknown)}
		fail := func(id identity.MemberID, err error) {
			w.setCheck(id, func() (identity.Scope, error) { return identity.Scope{}, err })
		}
		fail(loses, errs.New(errs.Forbidden, "forbidden", "You are suspended."))
		fail(leaves, errs.New(errs.Unauthenticated, "session.ended", "Sign in again."))
		fail(unknown, errs.New(errs.Unavailable, "storage.timeout", "The storage did not answer."))
		for _, c := range c {
			c.quiet() // nothing before the news
		}
		w.publish(event.SubjectRights, struct{}{})
		c[1].refused("forbidden")
		c[1].ends(4403)
		c[2].refused("session.ended")
		c[2].ends(4401)
		c[3].expect("bye")
		c[3].ends(1012)
		c[0].quiet()
	})
}

// TestRightsAreAskedAgain every minute without any news, and what a member may
// do follows from the answer.
func TestRightsAreAskedAgain(t *testing.T) {
	w := newWorld(t)
	n := w.node(realtime.Tuning{MemberHeartbeat: time.Hour})
	id := w.agent().ID
	cnv := w.write(w.welcome().Visitor, "hi").Change.Conversation
	c := n.ready(id)
	asked := make(chan struct{}, 10)
	scope := w.scope(id)
	w.setCheck(id, func() (identity.Scope, error) {
		asked <- struct{}{}
		scope.Actor.Name = "New Name"
		return scope, nil
	})
	w.pass(59 * time.Second)
	equal(t, len(asked), 0)
	w.pass(time.Second)
	awaitValue(t, asked, "the question")
	c.say(map[string]any{"op": "send", "conversation_id": cnv, "client_msg_id": "a", "kind": "note", "text": "x"})
	equal(t, c.expect("ack").Message.Sender.Name, "New Name")

	nobody := w.scope(id)
	<-asked
	nobody.Actor.Role = "nobody"
	w.setCheck(id, func() (identity.Scope, error) { return nobody, nil })
	w.pass(time.Minute)
	c.refused("forbidden")
	c.ends(4403)

	c = n.member(id, epoch, 0) // the HTTP side would not have let it through
	c.refused("forbidden")
	c.ends(4403)
	if _, err := w.service.Get(t.Context(), nobody, cnv); !errs.Is(err, errs.Forbidden) {
		t.Error("the role may read:", err)
	}
}

// TestTypingBeyondAFarSide: the node on which a member writes tells of it alone,
// of answers, and not of customers who are here themselves.
func TestTypingBeyondAFarSide(t *testing.T) {
	w := newWorld(t)
	one, two := w.node(realtime.Tuning{}), w.node(realtime.Tuning{})
	far, here := w.Receive(w.Inbox, "anna", "m1", "hello").ID, w.write(w.welcome().Visitor, "hi").Change.Conversation
	agent, colleague := one.ready(w.agent().ID), two.ready(w.agent().ID)
	for _, step := range []struct {
		in       conversation.ID
		note, on bool
		frames   int // that the colleague gets
	}{{here, false, true, 1}, {far, true, true, 2}, {far, false, true, 2}, {far, false, true, 0}, {far, false, false, 1}} {
		agent.say(map[string]any{"op": "typing", "conversation_id": step.in, "note": step.note, "on": step.on})
		for range step.frames {
			colleague.expect("typing")
		}
	}
	equal(t, fmt.Sprint(w.typedIn()), fmt.Sprint([]conversation.ID{far, far}))
}
