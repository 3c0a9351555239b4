package conversationtest

import (
	"context"
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
)

// engage lets a bot answer a new conversation.
func (w *World) engage(external string) conversation.Conversation {
	w.Helper()
	c := w.Receive(w.Inbox, external, "m1", "hello")
	w.Change(c.ID, func(c *conversation.Conversation) error { c.Resolve(w.System()); return nil })
	bot := conversation.Bot{ID: "pin_1", Name: "Bot"}
	w.Change(c.ID, func(c *conversation.Conversation) error {
		c.ReceiveFor(w.Turn(w.Owner), conversation.Words("m2", "again"), &bot)
		return nil
	})
	out := w.Get(c.ID)
	if out.Responder != conversation.ResponderBot || out.Assignee != "" || !out.QueuedAt.IsZero() {
		w.Fatalf("a bot was engaged, and the conversation is %s of %q, queued at %v", out.Responder, out.Assignee, out.QueuedAt)
	}
	return out
}

func (w *World) saveTalk(b conversation.BotTalk) error {
	return w.in(func(ctx context.Context, tx conversation.Tx) error { return tx.SaveBotTalk(ctx, b) })
}

func (w *World) talk(id conversation.ID) *conversation.BotTalk {
	w.Helper()
	var out *conversation.BotTalk
	w.OK(w.in(func(ctx context.Context, tx conversation.Tx) error {
		var err error
		out, err = tx.BotTalk(ctx, id)
		return err
	}))
	return out
}

func testBotTalk(w *World) {
	before := w.Receive(w.Inbox, "ext", "m1", "hello")
	if b := w.talk(before.ID); b != nil {
		w.Fatalf("no bot was engaged, and there is %+v", b)
	}
	c := w.engage("ext2")
	w.CheckSequences(c.ID)
	first := conversation.BotTalk{Conversation: c.ID, Bot: "pin_1", Handled: 1}
	w.OK(w.saveTalk(first))
	Same(w, *w.talk(c.ID), first)
	full := conversation.BotTalk{
		Conversation: c.ID, Bot: "pin_2", Handled: 3, Memory: []byte{0, 1, 255}, Turn: "trn_1", UpTo: 4, Attempts: 2,
		Results: []conversation.BotToolResult{{Call: "a", OK: true, Output: json.RawMessage(`{"n":1}`)}},
		Told:    []conversation.BotToolResult{{Call: "b", Code: "denied", Detail: "不行"}},
		Since:   w.Tick(), NextAt: w.Tick(), Claim: "node", Until: w.Tick(), Opens: true,
	}
	w.OK(w.saveTalk(full))
	Same(w, *w.talk(c.ID), full)
	full.Conversation = "cnv_none"
	w.Fails(w.saveTalk(full), errs.NotFound)
}

func testBotsDue(w *World) {
	a, b := w.engage("a"), w.engage("b")
	now := w.Tick().Add(time.Hour)
	due := func(want ...conversation.ID) {
		w.Helper()
		got, err := w.F.Reader.BotsDue(w.Context(), now, 10)
		w.OK(err)
		var ids []conversation.ID
		for _, r := range got {
			if r.Workspace != w.WS {
				w.Fatalf("%s is of %s", r.ID, r.Workspace)
			}
			ids = append(ids, r.ID)
		}
		Same(w, ids, want)
	}
	due() // never asked about anything
	w.OK(w.saveTalk(conversation.BotTalk{Conversation: a.ID, Bot: "pin_1", Handled: 1}))
	w.OK(w.saveTalk(conversation.BotTalk{Conversation: b.ID, Bot: "pin_1", Handled: 1}))
	due(a.ID, b.ID)
	w.OK(w.saveTalk(conversation.BotTalk{Conversation: a.ID, Bot: "pin_1", Handled: a.LastInboundSeq}))
	due(b.ID)
	w.OK(w.saveTalk(conversation.BotTalk{Conversation: a.ID, Bot: "pin_1", Handled: a.LastInboundSeq, Results: []conversation.BotToolResult{{Call: "x"}}}))
	due(a.ID, b.ID)
	w.OK(w.saveTalk(conversation.BotTalk{Conversation: b.ID, Bot: "pin_1", Handled: 1, Turn: "trn", Claim: "other", Until: now.Add(time.Second)}))
	due(a.ID)
	w.OK(w.saveTalk(conversation.BotTalk{Conversation: b.ID, Bot: "pin_1", Handled: 1, Turn: "trn", Claim: "other", Until: now}))
	due(a.ID, b.ID)
	w.OK(w.saveTalk(conversation.BotTalk{Conversation: b.ID, Bot: "pin_1", Handled: 1, Turn: "trn", NextAt: now.Add(time.Second)}))
	due(a.ID)
	w.Change(a.ID, func(c *conversation.Conversation) error { return c.HandOff(w.System(), "", "asked_for_agent") })
	due()
	if c := w.Get(a.ID); c.Responder != conversation.ResponderQueue || c.QueuedAt.IsZero() {
		w.Fatalf("handed off, and the conversation is %s, queued at %v", c.Responder, c.QueuedAt)
	}
}

func testFindings(w *World) {
	c, other := w.Receive(w.Inbox, "ext", "m1", "I will complain"), w.Receive(w.Inbox, "ext2", "m1", "hello")
	message := w.Timeline(c.ID, 0)[1].Message
	f := conversation.Finding{
		Workspace: w.WS, ID: "fnd_1", Conversation: c.ID, Message: message.ID, Seq: message.Seq, Connection: "pin_1", Analyzer: "Risk",
		Code: "complaint", Level: conversation.FindingWarning, Title: map[string]string{"en": "Complaint", "zh-CN": "投诉"},
		Advice: map[string]string{"en": "Call a supervisor."}, Start: 7, End: 15, Score: 0.875, CreatedAt: w.Tick(),
	}
	later := f
	later.ID, later.Code, later.Advice, later.CreatedAt = "fnd_2", "anger", nil, w.Tick()
	save := func(f conversation.Finding) error {
		return w.in(func(ctx context.Context, tx conversation.Tx) error { return tx.SaveFinding(ctx, f) })
	}
	w.OK(save(f))
	w.OK(save(later))
	all, err := w.F.Reader.Findings(w.Context(), w.WS, c.ID, 10)
	w.OK(err)
	Same(w, all, []conversation.Finding{later, f})
	all, err = w.F.Reader.Findings(w.Context(), w.WS, c.ID, 1)
	w.OK(err)
	Same(w, all, []conversation.Finding{later})
	all, err = w.F.Reader.Findings(w.Context(), w.WS, other.ID, 10)
	w.OK(err)
	Same(w, all, nil)
	f.DismissedAt, f.DismissedBy = w.Tick(), w.Turn(w.Owner).Actor
	w.OK(save(f))
	f.DismissedBy.Role = ""
	w.OK(w.in(func(ctx context.Context, tx conversation.Tx) error {
		got, err := tx.Finding(ctx, f.ID)
		Same(w, got, f)
		if err != nil {
			return err
		}
		at, err := tx.FindingsAt(ctx, c.ID, message.ID)
		Same(w, at, []conversation.Finding{later, f})
		return err
	}))
	of, err := w.F.Reader.FindingIn(w.Context(), w.WS, f.ID)
	w.OK(err)
	Same(w, of, c.ID)
	elsewhere, _ := w.Workspace("else@example.com")
	_, err = w.F.Reader.FindingIn(w.Context(), elsewhere, f.ID)
	w.Fails(err, errs.NotFound)
	f.ID, f.Conversation = "fnd_3", "cnv_none"
	w.Fails(save(f), errs.NotFound)
}
