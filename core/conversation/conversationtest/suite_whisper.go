package conversationtest

import (
	"context"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// testWhispers: a whisper is found by those who ask for whispers, and changes
// nothing that others read.
func testWhispers(w *World) {
	one, two := w.Receive(w.Live, "one", "", "a"), w.Receive(w.Live, "two", "", "b")
	other := w.Member(w.WS, "other@example.com", "Other", 5)
	before, timeline, head := w.Get(one.ID), w.Timeline(one.ID, 0), w.head()
	save := func(x conversation.Whisper) error {
		return w.in(func(ctx context.Context, tx conversation.Tx) error { return tx.SaveWhisper(ctx, x) })
	}
	made := func(id, client string, in conversation.ID, to identity.MemberID) conversation.Whisper {
		return conversation.Whisper{
			Workspace: w.WS, ID: conversation.WhisperID("whs_" + id), Conversation: in, Seq: before.LastSeq, ClientID: client,
			From: w.Owner.ID, FromName: "Owner 'x'", To: to, ToName: "乙", Text: " say \"yes\"\n好 ", At: w.Tick(),
		}
	}
	first, second, elsewhere := made("1", "c1", one.ID, other.ID), made("2", "c2", one.ID, "mem_else"), made("3", "c1", two.ID, other.ID)
	for _, x := range []conversation.Whisper{first, second, elsewhere} {
		w.OK(save(x))
	}
	list := func(ws identity.WorkspaceID, in conversation.ID, to identity.MemberID, limit int) []conversation.Whisper {
		got, err := w.F.Writing.Whispers(w.Context(), ws, in, to, limit)
		w.OK(err)
		return got
	}
	abroad, _ := w.Workspace("stranger@example.com")
	Same(w, list(w.WS, one.ID, "", 10), []conversation.Whisper{second, first})
	Same(w, list(w.WS, one.ID, "", 1), []conversation.Whisper{second})
	Same(w, list(w.WS, one.ID, other.ID, 10), []conversation.Whisper{first})
	Same(w, list(w.WS, two.ID, "", 10), []conversation.Whisper{elsewhere})
	if got := append(list(abroad, one.ID, "", 10), list(w.WS, one.ID, w.Owner.ID, 10)...); len(got) != 0 {
		w.Errorf("others hear %v", got)
	}
	w.OK(w.in(func(ctx context.Context, tx conversation.Tx) error {
		got, err := tx.Whispered(ctx, one.ID, w.Owner.ID, "c1")
		if err == nil && (got == nil || got.ID != first.ID) {
			w.Errorf("under its client id there is %v", got)
		}
		if none, err := tx.Whispered(ctx, one.ID, other.ID, "c1"); err != nil || none != nil {
			w.Errorf("of another there is %v, %v", none, err)
		}
		return err
	}))
	if err := save(made("4", "c1", one.ID, other.ID)); err == nil {
		w.Errorf("one client id has two whispers")
	}
	if err := save(made("5", "c5", "cnv_none", other.ID)); err == nil {
		w.Errorf("something is whispered in no conversation")
	}
	foreign := made("6", "c6", one.ID, other.ID)
	foreign.Workspace = abroad
	w.Fails(save(foreign), errs.NotFound)
	Same(w, w.Get(one.ID), before)
	Same(w, w.Timeline(one.ID, 0), timeline)
	Same(w, w.head(), head)
}
