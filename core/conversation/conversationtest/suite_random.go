package conversationtest

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
)

// testRandom does whatever people and channels may do, in random order, and
// checks the laws again and again against what a client held before.
func testRandom(w *World) {
	const steps, customers = 150, 3
	seed := uint64(time.Now().UnixNano()) // printed when it matters
	r := rand.New(rand.NewPCG(seed, 1))
	w.Cleanup(func() {
		if w.Failed() {
			w.Logf("seed %d", seed)
		}
	})
	members := []identity.Member{w.Owner, w.Member(w.WS, "b@example.com", "B", 3), w.Member(w.WS, "c@example.com", "丙", 1)}
	held := make(map[conversation.ID]conversation.Conversation)
	timelines := make(map[conversation.ID][]conversation.Change)
	for step := range steps {
		inbox := w.Inbox
		who := r.IntN(customers)
		if who == 0 {
			inbox = w.Live
		}
		c, err := w.F.Reader.OfContact(w.Context(), w.WS, inbox.ID, strconv.Itoa(who))
		w.OK(err)
		if c == nil || r.IntN(4) == 0 {
			w.Receive(inbox, strconv.Itoa(who), fmt.Sprint("in", step), fmt.Sprint("text ", step))
			continue
		}
		if _, ok := held[c.ID]; !ok || r.IntN(5) == 0 {
			held[c.ID], timelines[c.ID] = *c, w.Timeline(c.ID, 0)
		}
		m := members[r.IntN(len(members))]
		_ = w.TryChange(w.WS, c.ID, func(c *conversation.Conversation) error { return w.act(r, step, c, m) }) // refusals are part of it
		if r.IntN(5) == 0 {
			w.CheckLaw(held[c.ID], timelines[c.ID])
			w.CheckSequences(c.ID)
		}
	}
	total := 0
	for id := range held {
		w.CheckLaw(held[id], timelines[id])
		total++
	}
	if total == 0 {
		w.Fatal("nothing happened")
	}
}

// act is one thing that a person or the system may do.
func (w *World) act(r *rand.Rand, step int, c *conversation.Conversation, m identity.Member) error {
	switch r.IntN(8) {
	case 0:
		c.AddNote(w.Turn(m), conversation.Words(fmt.Sprint("note", step), "note"))
	case 1, 2:
		ch, err := c.Send(w.Turn(m), conversation.Words(fmt.Sprint("out", step), fmt.Sprint("answer ", step)))
		if err != nil {
			return err
		}
		if !c.Live && r.IntN(2) == 0 {
			c.SetDelivery(w.System(), *ch.Message, conversation.DeliverySent, "")
		}
	case 3:
		return c.Assign(w.Turn(m), m.ID, m.Name, "member")
	case 4:
		return c.Release(w.Turn(m), conversation.QueuedReleased)
	case 5:
		c.Resolve(w.Turn(m))
	case 6:
		c.Reopen(w.Turn(m))
	default:
		return c.Snooze(w.Turn(m), w.now.Add(time.Hour))
	}
	return nil
}
