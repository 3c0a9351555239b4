package conversationtest

import (
	"strconv"
	"sync"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// testTakeOversAtOnce lets supervisors take over what an agent has while the
// agent answers: one of them has it, the others are told who, and every answer
// is there.
func testTakeOversAtOnce(w *World) {
	const n = 4
	agent := w.Member(w.WS, "agent@example.com", "Agent", 5)
	c := w.Receive(w.Inbox, "one", "", "hello")
	w.Change(c.ID, func(c *conversation.Conversation) error {
		return c.Assign(w.System(), agent.ID, agent.Name, "dispatch")
	})
	before, history := w.Get(c.ID), w.Timeline(c.ID, 0)
	w.race(c.ID, agent.ID, n, func(i int) error {
		t := w.Turn(agent)
		return w.TryChange(w.WS, c.ID, func(c *conversation.Conversation) error {
			_, err := c.Send(t, conversation.Words("a"+strconv.Itoa(i), "answer"))
			return err
		})
	})
	said := 0
	for _, ch := range w.Timeline(c.ID, before.LastSeq) {
		if ch.Type == conversation.MessageCreated {
			said++
		}
	}
	if said != n {
		w.Errorf("%d of %d answers are there", said, n)
	}
	w.CheckLaw(before, history)
}

// testTakeOversAgainstClaims lets supervisors take over what waits while it is
// given out: it is given to one member, once.
func testTakeOversAgainstClaims(w *World) {
	agent := w.Member(w.WS, "agent@example.com", "Agent", 5)
	c := w.Receive(w.Inbox, "one", "", "hello")
	w.race(c.ID, "", 4, func(int) error {
		t := w.System()
		return w.TryChange(w.WS, c.ID, func(c *conversation.Conversation) error {
			if !c.InQueue() {
				return nil
			}
			return c.Assign(t, agent.ID, agent.Name, "dispatch")
		})
	})
}

// race lets n supervisors take a conversation over from a member while others do
// something with it, n times. It is given away once.
func (w *World) race(id conversation.ID, from identity.MemberID, n int, other func(i int) error) {
	w.Helper()
	before := w.Get(id)
	var wg sync.WaitGroup
	for i := range n {
		who := w.Member(w.WS, "boss"+strconv.Itoa(i)+"@example.com", "Boss "+strconv.Itoa(i), 5)
		t := w.Turn(who)
		wg.Go(func() {
			err := w.TryChange(w.WS, id, func(c *conversation.Conversation) error {
				return c.TakeOver(t, who.ID, who.Name, conversation.TakingOver{From: from, Why: "urgent"})
			})
			if err != nil && (!errs.Is(err, errs.Conflict) || errs.As(err).Code != conversation.CodeHeld) {
				w.Error(err)
			}
		})
		wg.Go(func() { w.check(other(i)) })
	}
	wg.Wait()
	given := 0
	for _, ch := range w.Timeline(id, before.LastSeq) {
		if ch.Type == conversation.Assigned {
			given++
		}
	}
	if now := w.Get(id); given != 1 || now.Assignee == from || now.Load().Member != now.Assignee {
		w.Errorf("given away %d times: %+v", given, now)
	}
	w.CheckSequences(id)
}
