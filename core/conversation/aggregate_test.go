package conversation_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
)

var (
	began = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	alice = contact.Contact{Workspace: "wsp_1", ID: "con_1", Name: "Alice"}
	shop  = channel.Inbox{Workspace: "wsp_1", ID: "inb_1", Plugin: "patchbay/echo"}
)

// clock gives turns that move on a second each.
type clock struct{ at time.Time }

func (c *clock) turn(a identity.Actor) conversation.Turn {
	c.at = c.at.Add(time.Second)
	return conversation.Turn{Actor: a, At: c.at, IDs: id.NewSource(func() time.Time { return c.at })}
}

func agent(id string) identity.Actor {
	return identity.Actor{Kind: identity.ActorMember, ID: id, Name: "agent " + id, Role: identity.RoleAgent}
}

var customer = identity.Actor{Kind: identity.ActorContact, ID: "con_1", Name: "Alice"}

func started(c *clock) *conversation.Conversation {
	conv := conversation.Start(c.turn(customer), shop, alice, "alice")
	conv.Receive(c.turn(customer), conversation.Words("m1", "hello"))
	return conv
}

func types(changes []conversation.Change) []conversation.ChangeType {
	out := make([]conversation.ChangeType, len(changes))
	for i, c := range changes {
		out[i] = c.Type
	}
	return out
}

func equal(t *testing.T, got, want []conversation.ChangeType) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("changes %v, want %v", got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("changes %v, want %v", got, want)
		}
	}
}

func TestFirstMessageWaitsInTheQueue(t *testing.T) {
	c := &clock{at: began}
	conv := started(c)
	equal(t, types(conv.Unsaved().Changes), []conversation.ChangeType{conversation.Created, conversation.MessageCreated, conversation.Queued})
	if !conv.InQueue() || conv.WaitingSince.IsZero() || !conv.QueuedAt.Equal(conv.WaitingSince) {
		t.Errorf("queue %v, waiting since %v, queued at %v", conv.InQueue(), conv.WaitingSince, conv.QueuedAt)
	}
	if conv.LastSeq != 3 || conv.LastPublicSeq != 1 || conv.LastInboundSeq != 2 {
		t.Errorf("sequences %d %d %d", conv.LastSeq, conv.LastPublicSeq, conv.LastInboundSeq)
	}
}

func TestNoteLeavesNoPublicTrace(t *testing.T) {
	c := &clock{at: began}
	conv := started(c).Loaded()
	before := conv.LastPublicSeq
	conv.AddNote(c.turn(agent("mem_1")), conversation.Words("n1", "rude customer"))
	if conv.LastPublicSeq != before || conv.Unsaved().Changes[0].PublicSeq != 0 {
		t.Error("a note moved the public sequence")
	}
	if conv.Responder != conversation.ResponderQueue {
		t.Error("a note took the conversation out of the queue")
	}
}

func TestWhoAnswersTakesOver(t *testing.T) {
	c := &clock{at: began}
	conv := started(c).Loaded()
	if _, err := conv.Send(c.turn(agent("mem_1")), conversation.Words("a1", "hi")); err != nil {
		t.Fatal(err)
	}
	equal(t, types(conv.Unsaved().Changes), []conversation.ChangeType{conversation.Assigned, conversation.MessageCreated})
	if conv.Assignee != "mem_1" || conv.InQueue() || !conv.WaitingSince.IsZero() {
		t.Errorf("assignee %q, queue %v, waiting %v", conv.Assignee, conv.InQueue(), conv.WaitingSince)
	}
	if conv.Unsaved().After != (conversation.Load{Member: "mem_1", Weight: 1}) {
		t.Errorf("load %+v", conv.Unsaved().After)
	}
	if m := conv.Unsaved().Changes[1].Message; m.Delivery != conversation.DeliveryPending {
		t.Errorf("delivery %q", m.Delivery)
	}
}

func TestLiveInboxHasNothingToDeliver(t *testing.T) {
	c := &clock{at: began}
	live := shop
	live.Live = true
	conv := conversation.Start(c.turn(customer), live, alice, "vis_1")
	ch, err := conv.Send(c.turn(agent("mem_1")), conversation.Words("a1", "hi"))
	if err != nil || ch.Message.Delivery != "" {
		t.Errorf("delivery %q, error %v", ch.Message.Delivery, err)
	}
}

func TestReleaseKeepsThePlaceInTheQueue(t *testing.T) {
	c := &clock{at: began}
	conv := started(c)
	arrived := conv.WaitingSince
	if err := conv.Assign(c.turn(identity.Actor{Kind: identity.ActorSystem}), "mem_1", "Li", "dispatch"); err != nil {
		t.Fatal(err)
	}
	if err := conv.Release(c.turn(identity.Actor{Kind: identity.ActorSystem}), conversation.QueuedAgentLost); err != nil {
		t.Fatal(err)
	}
	if !conv.InQueue() || !conv.QueuedAt.Equal(arrived) || conv.Assignee != "" {
		t.Errorf("queued at %v, want %v", conv.QueuedAt, arrived)
	}
}

func TestCustomerReopensIntoTheQueueNotOntoAnAgentWhoMayBeGone(t *testing.T) {
	c := &clock{at: began}
	conv := started(c)
	_ = conv.Assign(c.turn(agent("mem_1")), "mem_1", "Li", "member")
	conv.Resolve(c.turn(agent("mem_1")))
	conv.Loaded()
	conv.Receive(c.turn(customer), conversation.Words("m2", "one more thing"))
	equal(t, types(conv.Unsaved().Changes), []conversation.ChangeType{conversation.Reopened, conversation.MessageCreated, conversation.Queued})
	if conv.Assignee != "" || !conv.InQueue() {
		t.Errorf("assignee %q, in queue %v", conv.Assignee, conv.InQueue())
	}
}

func TestSnoozeEatsNoCapacityAndEndsWithTheCustomersWord(t *testing.T) {
	c := &clock{at: began}
	conv := started(c)
	_ = conv.Assign(c.turn(agent("mem_1")), "mem_1", "Li", "member")
	if err := conv.Snooze(c.turn(agent("mem_1")), c.at.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if conv.Load() != (conversation.Load{}) {
		t.Errorf("a sleeping conversation weighs %+v", conv.Load())
	}
	conv.Receive(c.turn(customer), conversation.Words("m2", "hello?"))
	if conv.State != conversation.Open || conv.Assignee != "mem_1" || !conv.SnoozedUntil.IsZero() {
		t.Errorf("%s, %q, %v", conv.State, conv.Assignee, conv.SnoozedUntil)
	}
}

func TestRefusals(t *testing.T) {
	c := &clock{at: began}
	conv := started(c)
	if err := conv.Snooze(c.turn(agent("mem_1")), began); !errs.Is(err, errs.Invalid) {
		t.Errorf("snooze into the past: %v", err)
	}
	conv.Resolve(c.turn(agent("mem_1")))
	if _, err := conv.Send(c.turn(agent("mem_1")), conversation.Words("a", "x")); !errs.Is(err, errs.Conflict) {
		t.Errorf("send into a resolved conversation: %v", err)
	}
	if err := conv.Assign(c.turn(agent("mem_1")), "mem_1", "Li", "member"); !errs.Is(err, errs.Conflict) {
		t.Errorf("assign a resolved conversation: %v", err)
	}
	if err := conv.Release(c.turn(agent("mem_1")), "released"); !errs.Is(err, errs.Conflict) {
		t.Errorf("release a resolved conversation: %v", err)
	}
}

// TestLaws drives a conversation at random and holds what everything else
// relies on: gapless sequences, hidden changes without a public number, one
// responder, a load that follows state and assignee, a queue time exactly
// while it waits.
func TestLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := &clock{at: began}
		conv := conversation.Start(c.turn(customer), shop, alice, "alice")
		var seq, public uint64
		check := func() {
			for _, ch := range conv.Unsaved().Changes {
				if seq++; ch.Seq != seq {
					t.Fatalf("seq %d, want %d", ch.Seq, seq)
				}
				if ch.PublicSeq != 0 {
					if public++; ch.PublicSeq != public {
						t.Fatalf("public seq %d, want %d", ch.PublicSeq, public)
					}
				}
				if ch.Type == conversation.NoteCreated && ch.PublicSeq != 0 {
					t.Fatal("a note has a public number")
				}
			}
			if conv.LastSeq != seq || conv.LastPublicSeq != public {
				t.Fatalf("the row says %d/%d, the changes %d/%d", conv.LastSeq, conv.LastPublicSeq, seq, public)
			}
			if conv.InQueue() == conv.QueuedAt.IsZero() {
				t.Fatalf("in queue %v, queued at %v (%s, %q)", conv.InQueue(), conv.QueuedAt, conv.State, conv.Responder)
			}
			if conv.InQueue() && conv.Assignee != "" {
				t.Fatalf("waits in the queue and belongs to %s", conv.Assignee)
			}
			if conv.State == conversation.Open && conv.Responder == conversation.ResponderAgent && conv.Assignee == "" {
				t.Fatal("an agent is to answer, and there is none")
			}
			if l := conv.Load(); (l.Weight == 1) != (conv.State == conversation.Open && conv.Assignee != "") {
				t.Fatalf("load %+v in state %s of %q", l, conv.State, conv.Assignee)
			}
			conv.Saved()
		}
		conv.Receive(c.turn(customer), conversation.Words("m0", "hello"))
		check()
		who := rapid.SampledFrom([]string{"mem_1", "mem_2"})
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			a := agent(who.Draw(t, "who"))
			switch rapid.IntRange(0, 8).Draw(t, "what") {
			case 0:
				conv.Receive(c.turn(customer), conversation.Words("m", "text"))
			case 1:
				_, _ = conv.Send(c.turn(a), conversation.Words("a", "text"))
			case 2:
				conv.AddNote(c.turn(a), conversation.Words("n", "note"))
			case 3:
				_ = conv.Assign(c.turn(a), identity.MemberID(who.Draw(t, "to")), "x", "member")
			case 4:
				_ = conv.Release(c.turn(a), conversation.QueuedReleased)
			case 5:
				conv.Resolve(c.turn(a))
			case 6:
				conv.Reopen(c.turn(a))
			case 7:
				_ = conv.Snooze(c.turn(a), c.at.Add(time.Hour))
			case 8:
				conv.Reopen(c.turn(identity.Actor{Kind: identity.ActorSystem}))
			}
			check()
		}
	})
}
