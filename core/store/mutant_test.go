//go:build mutant

package store_test

import (
	"context"
	"testing"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/internal/mutant"
)

// A build with the tag and no bug named is as good as any other.
func TestNoMutant(t *testing.T) {
	conversationtest.Run(t, func(t *testing.T) conversationtest.Fixture { return fixture(openSQLite(t)) })
}

func TestMutantNoDedup(t *testing.T) {
	t.Setenv("PATCHBAY_MUTANT", mutant.NoDedup)
	w := conversationtest.NewWorld(t, fixture(openSQLite(t)))
	id := w.Receive(w.Inbox, "ext", "", "question").ID
	for range 2 {
		w.OK(w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error {
			c, err := tx.Conversation(ctx, id)
			if err != nil {
				return err
			}
			if before, err := tx.Sent(ctx, id, string(w.Owner.ID), "once"); err != nil || before != nil {
				return err
			}
			if _, err := c.Send(w.Turn(w.Owner), conversation.Words("once", "answer")); err != nil {
				return err
			}
			return tx.Save(ctx, c)
		}))
	}
	found := 0
	for _, ch := range w.Timeline(id, 0) {
		if ch.Message != nil && ch.Message.ClientID == "once" {
			found++
		}
	}
	if found != 2 {
		t.Fatalf("the message is there %d times: the bug does not bite", found)
	}
}

func TestMutantSplitOutbox(t *testing.T) {
	t.Setenv("PATCHBAY_MUTANT", mutant.SplitOutbox)
	w := conversationtest.NewWorld(t, fixture(openSQLite(t)))
	w.Receive(w.Inbox, "ext", "", "question")
	events, err := w.F.Log.Since(w.Context(), string(w.WS), 0, 10)
	w.OK(err)
	if len(events) != 0 {
		t.Fatal("the events are there with the answer: the bug does not bite")
	}
}

func TestMutantAckBeforeCommit(t *testing.T) {
	t.Setenv("PATCHBAY_MUTANT", mutant.AckBeforeCommit)
	w := conversationtest.NewWorld(t, fixture(openSQLite(t)))
	for range 20 {
		c := w.Receive(w.Inbox, "ext", "", "question")
		if got, err := w.F.Reader.Get(w.Context(), w.WS, c.ID); err != nil || got.LastSeq < c.LastSeq {
			return // it bites
		}
	}
	t.Fatal("every answer came after its commit: the bug does not bite")
}

// The suite of dispatch's store notices that work is claimed twice.
func TestMutantDoubleClaim(t *testing.T) {
	mutant.Caught(t, mutant.DoubleClaim, "^TestSQLite$/^dispatch$", "claim returned <nil>, want a conflict")
}

// The tests of tickets notice that one is given twice, and one beyond a limit.
func TestMutantTickets(t *testing.T) {
	mutant.Caught(t, mutant.TicketTwice, "^TestTicketsAreClaimed$/^sqlite$", "claim: <nil>, want dispatch.item_taken")
	mutant.Caught(t, mutant.TicketLimit, "^TestOwnLimitOfTickets$/^sqlite$", "claim: <nil>, want dispatch.agent_full")
}
