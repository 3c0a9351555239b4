package conversation_test

import (
	"slices"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// offerHouse is a conversation that is offered to the second of two agents.
type offerHouse struct {
	*conversationtest.World
	lin, mo identity.Member
	id      conversation.ID
}

func newOfferHouse(t *testing.T) *offerHouse {
	t.Helper()
	w := conversationtest.NewWorld(t, conversationtest.NewFake().Fixture())
	h := &offerHouse{World: w, lin: w.Member(w.WS, "lin@example.com", "Lin", 5), mo: w.Member(w.WS, "mo@example.com", "Mo", 5)}
	h.id = w.Receive(w.Inbox, "ext", "m1", "hello").ID
	h.offer()
	return h
}

func (h *offerHouse) do(fn func(c *conversation.Conversation) error) { h.Helper(); h.Change(h.id, fn) }

func (h *offerHouse) offer() {
	h.do(func(c *conversation.Conversation) error {
		return c.Offer(h.System(), h.mo.ID, h.mo.Name, h.Tick().Add(20*time.Second))
	})
}

// types are the last n changes.
func (h *offerHouse) last(n int) []conversation.ChangeType {
	var out []conversation.ChangeType
	for _, ch := range h.Timeline(h.id, 0) {
		out = append(out, ch.Type)
	}
	return out[len(out)-n:]
}

func TestOffer(t *testing.T) {
	h := newOfferHouse(t)
	c := h.Get(h.id)
	if c.InQueue() || !c.Waits() || c.QueuedAt.IsZero() || c.Load() != (conversation.Load{Member: h.mo.ID, Weight: 1}) {
		t.Fatalf("offered: %+v", c)
	}
	if c.LastPublicSeq != 1 {
		t.Fatal("the customer is told")
	}
	own := identity.Reach{Kind: identity.ReachOwn, Member: h.mo.ID}
	if !own.Covers(c.Held()) || (identity.Reach{Kind: identity.ReachOwn, Member: h.lin.ID}).Covers(c.Held()) {
		t.Fatalf("it is held by %+v", c.Held())
	}
	err := c.Offer(h.System(), h.lin.ID, h.lin.Name, h.Tick())
	if !errs.Is(err, errs.Conflict) {
		t.Fatalf("offered twice: %v", err)
	}
}

// Whatever ends an offer is told in order: first its end, with the reason.
func TestEndsOfOffers(t *testing.T) {
	for name, c := range map[string]struct {
		reason string
		then   conversation.ChangeType
		do     func(h *offerHouse, c *conversation.Conversation) error
	}{
		"accepted": {conversation.OfferAccepted, conversation.Assigned, func(h *offerHouse, c *conversation.Conversation) error {
			return c.Accept(h.Turn(h.mo), h.mo.ID, h.mo.Name)
		}},
		"answered by who is asked": {conversation.OfferAccepted, conversation.Assigned, func(h *offerHouse, c *conversation.Conversation) error {
			_, err := c.Send(h.Turn(h.mo), conversation.Words("a", "hi"))
			return err
		}},
		"answered by another": {conversation.OfferWithdrawn, conversation.Assigned, func(h *offerHouse, c *conversation.Conversation) error {
			_, err := c.Send(h.Turn(h.lin), conversation.Words("a", "hi"))
			return err
		}},
		"rejected": {conversation.OfferRejected, "", func(h *offerHouse, c *conversation.Conversation) error {
			return c.Reject(h.Turn(h.mo), h.mo.ID, "in a call")
		}},
		"unanswered": {conversation.OfferUnanswered, "", func(h *offerHouse, c *conversation.Conversation) error {
			c.TakeBack(h.System(), conversation.OfferUnanswered)
			return nil
		}},
		"assigned by hand": {conversation.OfferWithdrawn, conversation.Assigned, func(h *offerHouse, c *conversation.Conversation) error {
			return c.Assign(h.Turn(h.lin), h.lin.ID, h.lin.Name, "member")
		}},
		"put back by hand": {conversation.OfferWithdrawn, "", func(h *offerHouse, c *conversation.Conversation) error {
			return c.Release(h.Turn(h.lin), conversation.QueuedReleased)
		}},
		"resolved": {conversation.OfferWithdrawn, conversation.ResolvedChange, func(h *offerHouse, c *conversation.Conversation) error {
			c.Resolve(h.Turn(h.lin))
			return nil
		}},
		"snoozed": {conversation.OfferWithdrawn, conversation.SnoozedChange, func(h *offerHouse, c *conversation.Conversation) error {
			return c.Snooze(h.Turn(h.lin), h.Tick().Add(time.Hour))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newOfferHouse(t)
			before := h.Get(h.id)
			h.do(func(conv *conversation.Conversation) error { return c.do(h, conv) })
			var end conversation.Change
			timeline := h.Timeline(h.id, 0)
			at := slices.IndexFunc(timeline, func(ch conversation.Change) bool { return ch.Type == conversation.OfferEnded })
			if at < 0 {
				t.Fatalf("nothing ended: %v", h.last(2))
			}
			end = timeline[at]
			var want []conversation.ChangeType
			if c.then != "" {
				want = append(want, c.then)
			}
			for i, typ := range want {
				if timeline[at+1+i].Type != typ {
					t.Fatalf("after the end comes %s, want %s", timeline[at+1+i].Type, typ)
				}
			}
			if _, missed := end.OfferMissed(); missed != (c.reason == conversation.OfferUnanswered) {
				t.Fatalf("%s: missed %t", end.Data, missed)
			}
			if who, no := end.OfferRejected(); no != (c.reason == conversation.OfferRejected) || who != h.mo.ID {
				t.Fatalf("%s: rejected %t by %s", end.Data, no, who)
			}
			now := h.Get(h.id)
			if held := end.HeldBefore(now.Held()); held.Assignee != h.mo.ID {
				t.Fatalf("before, it was held by %+v", held)
			}
			if now.OfferedTo != "" || now.InQueue() && !now.QueuedAt.Equal(before.QueuedAt) {
				t.Fatalf("after it: %+v", now)
			}
			h.CheckLaw(before, timeline[:before.LastSeq])
			h.CheckSequences(h.id)
		})
	}
}

func TestAnswersThatComeLate(t *testing.T) {
	code := func(h *offerHouse, fn func(c *conversation.Conversation) error) string {
		t.Helper()
		c := h.Get(h.id)
		err := fn(&c)
		if !errs.Is(err, errs.Conflict) || errs.As(err).Code != conversation.CodeOfferOver {
			t.Fatalf("answered with %v", err)
		}
		f := errs.As(err).Fields[0]
		return f.Code + " " + f.Detail
	}
	h := newOfferHouse(t)
	accept := func(m identity.Member) func(c *conversation.Conversation) error {
		return func(c *conversation.Conversation) error { return c.Accept(h.Turn(m), m.ID, m.Name) }
	}
	if got := code(h, accept(h.lin)); got != "offered "+string(h.mo.ID) {
		t.Fatal(got)
	}
	h.do(func(c *conversation.Conversation) error {
		c.TakeBack(h.System(), conversation.OfferUnanswered)
		return nil
	})
	if got := code(h, accept(h.mo)); got != "waiting " {
		t.Fatal(got)
	}
	h.do(func(c *conversation.Conversation) error {
		return c.Assign(h.System(), h.lin.ID, h.lin.Name, "dispatch")
	})
	if got := code(h, accept(h.mo)); got != "assigned "+string(h.lin.ID) {
		t.Fatal(got)
	}
	h.do(func(c *conversation.Conversation) error { return accept(h.lin)(c) }) // it is hers
	h.do(func(c *conversation.Conversation) error { c.Resolve(h.Turn(h.lin)); return nil })
	if got := code(h, func(c *conversation.Conversation) error { return c.Reject(h.Turn(h.mo), h.mo.ID, "") }); got != "done " {
		t.Fatal(got)
	}
}
