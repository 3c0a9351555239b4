package conversationtest

import (
	"context"
	"strconv"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// in runs a transaction of the World's workspace.
func (w *World) in(fn func(ctx context.Context, tx conversation.Tx) error) error {
	return w.F.Store.Within(w.Context(), w.WS, fn)
}

func testSeen(w *World) {
	id := w.Receive(w.Live, "ext", "", "first").ID
	var seqs []uint64
	for n := range 3 {
		w.Change(id, func(c *conversation.Conversation) error {
			ch, err := c.Send(w.Turn(w.Owner), conversation.Words("", strconv.Itoa(n)))
			if err == nil {
				seqs = append(seqs, ch.Seq)
			}
			return err
		})
	}
	before, timeline := w.Get(id), w.Timeline(id, 0)
	read := func(seq uint64) {
		w.Change(id, func(c *conversation.Conversation) error { c.ReadByContact(w.System(), seq); return nil })
	}
	read(seqs[1])
	at := w.now
	now := w.Get(id)
	if now.ContactReadSeq != seqs[1] || !now.UpdatedAt.Equal(before.UpdatedAt) || now.LastPublicSeq != before.LastPublicSeq || now.LastSeq != before.LastSeq+1 {
		w.Fatalf("after reading: %+v", now)
	}
	w.CheckLaw(before, timeline)
	read(seqs[0])
	read(seqs[1])
	read(now.LastSeq + 100)
	Same(w, w.Get(id), now)
	read(seqs[2])
	w.CheckLaw(before, timeline)
	w.CheckSequences(id)
	for i, want := range []time.Time{at, at, w.now} {
		got, err := w.F.Reader.SeenAt(w.Context(), w.WS, id, seqs[i])
		w.OK(err)
		Same(w, got, want)
	}
	w.Change(id, func(c *conversation.Conversation) error {
		_, err := c.Send(w.Turn(w.Owner), conversation.Words("", "unseen"))
		return err
	})
	for _, miss := range []conversation.ID{id, "cnv_none"} {
		if got, err := w.F.Reader.SeenAt(w.Context(), w.WS, miss, w.Get(id).LastSeq); err != nil || !got.IsZero() {
			w.Fatalf("%s is seen at %v, %v", miss, got, err)
		}
	}
}

func testMessage(w *World) {
	c, other := w.Receive(w.Inbox, "ext", "x", "first"), w.Receive(w.Inbox, "other", "x", "theirs")
	want := w.Timeline(c.ID, 0)[1].Message
	got, err := w.F.Reader.Message(w.Context(), w.WS, c.ID, want.ID)
	w.OK(err)
	Same(w, got, *want)
	abroad, _ := w.Workspace("stranger@example.com")
	for _, miss := range []struct {
		ws identity.WorkspaceID
		id conversation.ID
		m  conversation.MessageID
	}{{w.WS, other.ID, want.ID}, {abroad, c.ID, want.ID}, {w.WS, c.ID, "msg_none"}, {w.WS, "cnv_none", want.ID}} {
		_, err := w.F.Reader.Message(w.Context(), miss.ws, miss.id, miss.m)
		w.Fails(err, errs.NotFound)
	}
}

func testExtras(w *World) {
	c := w.Receive(w.Inbox, "ext", "", "question 你好")
	asked := w.Timeline(c.ID, 0)[1].Message
	other := w.Member(w.WS, "quoted@example.com", "乙", 5)
	said := conversation.Written{
		Text:     "answer",
		ReplyTo:  &conversation.Quote{ID: asked.ID, Seq: asked.Seq, Kind: asked.Kind, Sender: asked.Sender, Text: "question 你好 \"&<>", Attachment: "image"},
		Mentions: []conversation.Mention{{Member: w.Owner.ID, Name: "Owner 'x'"}, {Member: other.ID, Name: "乙"}},
		Altered: &conversation.Altered{Original: "answer to \"it\"", By: []conversation.Alterer{
			{Connection: "pin_1", Plugin: "acme/guard", Name: "外发 <检查>", Reason: "Covered."}, {Connection: "pin_2", Plugin: "acme/other", Name: "B"},
		}},
	}
	before, timeline := w.Get(c.ID), w.Timeline(c.ID, 0)
	w.Change(c.ID, func(c *conversation.Conversation) error { c.AddNote(w.Turn(w.Owner), said); return nil })
	got := w.Timeline(c.ID, before.LastSeq)[0].Message
	Same(w, *got.ReplyTo, *said.ReplyTo)
	Same(w, got.Mentions, said.Mentions)
	Same(w, *got.Altered, *said.Altered)
	w.CheckLaw(before, timeline)
}

func (w *World) saveDraft(d conversation.Draft) error {
	return w.F.Store.Within(w.Context(), d.Workspace, func(ctx context.Context, tx conversation.Tx) error { return tx.SaveDraft(ctx, d) })
}

func testDrafts(w *World) {
	one, two := w.Receive(w.Inbox, "one", "", "a"), w.Receive(w.Live, "two", "", "b")
	get := func(id conversation.ID) conversation.Draft {
		d, err := w.F.Writing.Draft(w.Context(), w.WS, w.Owner.ID, id)
		w.OK(err)
		return d
	}
	all := func(limit int) []conversation.Draft {
		got, err := w.F.Writing.Drafts(w.Context(), w.WS, w.Owner.ID, identity.Everywhere(), limit)
		w.OK(err)
		return got
	}
	Same(w, get(one.ID), conversation.Draft{})
	asked := w.Timeline(one.ID, 0)[1].Message
	first := conversation.Draft{
		Workspace: w.WS, Member: w.Owner.ID, Conversation: one.ID, Kind: conversation.Note, Text: " not yet\n", Rev: 1, UpdatedAt: w.Tick(),
		ReplyTo:  &conversation.Quote{ID: asked.ID, Seq: asked.Seq, Kind: conversation.Text, Sender: asked.Sender, Text: "a"},
		Envelope: &channel.Envelope{Subject: "half", To: []channel.Party{{Address: "wang@", Name: "王"}}},
	}
	w.OK(w.saveDraft(first))
	second := conversation.Draft{Workspace: w.WS, Member: w.Owner.ID, Conversation: two.ID, Kind: conversation.Text, Text: "b", Rev: 1, UpdatedAt: w.Tick()}
	w.OK(w.saveDraft(second))
	Same(w, get(one.ID), first)
	w.OK(w.in(func(ctx context.Context, tx conversation.Tx) error {
		got, err := tx.Draft(ctx, w.Owner.ID, one.ID)
		if err == nil && Show(got) != Show(first) {
			w.Errorf("a transaction sees %s", Show(got))
		}
		return err
	}))
	Same(w, all(10), []conversation.Draft{second, first})
	Same(w, all(1), []conversation.Draft{second})
	head := w.head()
	first.Text, first.ReplyTo, first.Envelope, first.Rev, first.UpdatedAt = "", nil, nil, 2, w.Tick()
	w.OK(w.saveDraft(first))
	Same(w, get(one.ID), first) // empty, but its rev is known
	Same(w, all(10), []conversation.Draft{second})
	Same(w, w.head(), head) // a draft is nobody's event
	w.OK(w.F.Writing.ForgetDrafts(w.Context(), first.UpdatedAt))
	Same(w, get(one.ID), first)
	w.OK(w.F.Writing.ForgetDrafts(w.Context(), w.Tick()))
	Same(w, get(one.ID), conversation.Draft{})
	Same(w, get(two.ID), second)
}

func testDraftsApart(w *World) {
	c := w.Receive(w.Inbox, "ext", "", "a")
	b := w.Member(w.WS, "b@example.com", "B", 5)
	abroad, stranger := w.Workspace("stranger@example.com")
	mine := conversation.Draft{Workspace: w.WS, Member: w.Owner.ID, Conversation: c.ID, Kind: conversation.Text, Text: "mine", Rev: 1, UpdatedAt: w.Tick()}
	w.OK(w.saveDraft(mine))
	for _, other := range []struct {
		ws identity.WorkspaceID
		m  identity.MemberID
	}{{w.WS, b.ID}, {abroad, w.Owner.ID}, {abroad, stranger.ID}} {
		d, err := w.F.Writing.Draft(w.Context(), other.ws, other.m, c.ID)
		w.OK(err)
		all, err := w.F.Writing.Drafts(w.Context(), other.ws, other.m, identity.Everywhere(), 10)
		w.OK(err)
		if d.Rev != 0 || len(all) != 0 {
			w.Fatalf("%v sees %+v, %+v", other, d, all)
		}
	}
	for _, change := range []func(*conversation.Draft){
		func(d *conversation.Draft) { d.Conversation = "cnv_none" },
		func(d *conversation.Draft) { d.Member = stranger.ID },
		func(d *conversation.Draft) { d.Workspace, d.Member = abroad, stranger.ID },
	} {
		d := mine
		change(&d)
		w.Fails(w.saveDraft(d), errs.NotFound)
	}
	bad := mine
	bad.Text = "nul \x00"
	w.Fails(w.saveDraft(bad), errs.Invalid)
}

// later is a message of the owner for later.
func (w *World) later(in conversation.ID, clientID string, at time.Time) conversation.Scheduled {
	return conversation.Scheduled{
		Workspace: w.WS, ID: conversation.ScheduledID(w.IDs.New("sch")), Conversation: in, ClientID: clientID, Text: "later " + clientID,
		Author: identity.Actor{Kind: identity.ActorMember, ID: string(w.Owner.ID), Name: w.Owner.Name},
		SendAt: at, UnlessReply: true, Inbound: 2, State: conversation.ScheduledWaits, CreatedAt: w.Tick(),
		Envelope: &channel.Envelope{Subject: "主题 " + clientID, CC: []channel.Party{{Address: "a@example.com"}}},
	}
}

// keep saves a scheduled message with what its conversation tells of it.
func (w *World) keep(m conversation.Scheduled, tell func(c *conversation.Conversation) error) error {
	return w.F.Store.Within(w.Context(), m.Workspace, func(ctx context.Context, tx conversation.Tx) error {
		c, err := tx.Conversation(ctx, m.Conversation)
		if err != nil {
			return err
		}
		if err := tell(c); err != nil {
			return err
		}
		if err := tx.Save(ctx, c); err != nil {
			return err
		}
		return tx.SaveScheduled(ctx, m)
	})
}

func testScheduled(w *World) {
	c := w.Receive(w.Inbox, "ext", "", "a")
	before, timeline := w.Get(c.ID), w.Timeline(c.ID, 0)
	base := w.Tick().Add(time.Hour)
	late, soon := w.later(c.ID, "late", base.Add(time.Minute)), w.later(c.ID, "soon", base)
	for _, m := range []conversation.Scheduled{late, soon} {
		w.OK(w.keep(m, func(c *conversation.Conversation) error { c.Schedule(w.Turn(w.Owner), m); return nil }))
	}
	all := func() []conversation.Scheduled {
		got, err := w.F.Writing.Scheduled(w.Context(), w.WS, c.ID)
		w.OK(err)
		return got
	}
	due := func(now time.Time, limit int) (out []conversation.ScheduledID) {
		refs, err := w.F.Writing.DueScheduled(w.Context(), now, limit)
		w.OK(err)
		for _, r := range refs {
			Same(w, r.Workspace, w.WS)
			out = append(out, r.ID)
		}
		return out
	}
	Same(w, all(), []conversation.Scheduled{soon, late})
	Same(w, due(base.Add(-time.Second), 10), nil)
	Same(w, due(base, 10), []conversation.ScheduledID{soon.ID})
	Same(w, due(base.Add(time.Hour), 1), []conversation.ScheduledID{soon.ID})
	Same(w, due(base.Add(time.Hour), 10), []conversation.ScheduledID{soon.ID, late.ID})

	late.SendAt, late.Text, late.Inbound = base.Add(-time.Minute), "sooner", 7
	w.OK(w.keep(late, func(c *conversation.Conversation) error { c.Reschedule(w.Turn(w.Owner), late); return nil }))
	Same(w, all(), []conversation.Scheduled{late, soon})
	late.State = conversation.ScheduledWasSent
	w.OK(w.keep(late, func(c *conversation.Conversation) error {
		_, err := c.SendScheduled(w.System(), late, conversation.Passed{Text: late.Text})
		return err
	}))
	soon.State, soon.Code, soon.Detail = conversation.ScheduledHasFailed, "conversation.resolved", "It is over."
	w.OK(w.keep(soon, func(c *conversation.Conversation) error { c.Unschedule(w.System(), soon); return nil }))
	Same(w, all(), []conversation.Scheduled{soon})
	Same(w, due(base.Add(time.Hour), 10), nil)
	soon.State = conversation.ScheduledIsCancelled
	w.OK(w.keep(soon, func(c *conversation.Conversation) error { c.Unschedule(w.Turn(w.Owner), soon); return nil }))
	Same(w, all(), nil)
	w.CheckLaw(before, timeline)
	w.CheckSequences(c.ID)
	var types []conversation.ChangeType
	for _, ch := range w.Timeline(c.ID, before.LastSeq) {
		types = append(types, ch.Type)
	}
	Same(w, types, []conversation.ChangeType{
		conversation.ScheduledCreated, conversation.ScheduledCreated, conversation.ScheduledChanged,
		conversation.MessageCreated, conversation.ScheduledSent, conversation.ScheduledFailed, conversation.ScheduledCancelled,
	})
	now := w.Get(c.ID)
	if now.WaitingSince.IsZero() || !now.InQueue() || now.Assignee != "" {
		w.Fatalf("a message written for later counts as an answer: %+v", now)
	}
}

func testScheduledOnce(w *World) {
	c, other := w.Receive(w.Inbox, "ext", "", "a"), w.Receive(w.Inbox, "other", "", "a")
	m := w.later(c.ID, "the one", w.Tick().Add(time.Hour))
	none := func(*conversation.Conversation) error { return nil }
	w.OK(w.keep(m, none))
	twice := m
	twice.ID = conversation.ScheduledID(w.IDs.New("sch"))
	w.Fails(w.keep(twice, none), errs.Conflict)
	elsewhere := w.later(other.ID, "the one", m.SendAt)
	w.OK(w.keep(elsewhere, none))
	w.OK(w.in(func(ctx context.Context, tx conversation.Tx) error {
		got, err := tx.ScheduledAs(ctx, c.ID, w.Owner.ID, "the one")
		w.check(err)
		if got == nil || Show(*got) != Show(m) {
			w.Errorf("got %+v, want %+v", got, m)
		}
		for _, miss := range [][2]string{{"mem_other", "the one"}, {string(w.Owner.ID), "another"}} {
			if got, err := tx.ScheduledAs(ctx, c.ID, identity.MemberID(miss[0]), miss[1]); err != nil || got != nil {
				w.Errorf("%v finds %+v, %v", miss, got, err)
			}
		}
		n, err := tx.OpenScheduled(ctx, c.ID)
		w.check(err)
		if n != 1 {
			w.Errorf("%d wait", n)
		}
		_, err = tx.Scheduled(ctx, "sch_none")
		if !errs.Is(err, errs.NotFound) {
			w.Errorf("none: %v", err)
		}
		return nil
	}))
	abroad, _ := w.Workspace("stranger@example.com")
	w.OK(w.F.Store.Within(w.Context(), abroad, func(ctx context.Context, tx conversation.Tx) error {
		_, err := tx.Scheduled(ctx, m.ID)
		if !errs.Is(err, errs.NotFound) {
			w.Errorf("another workspace finds it: %v", err)
		}
		return nil
	}))
	theirs, err := w.F.Writing.Scheduled(w.Context(), abroad, c.ID)
	w.OK(err)
	Same(w, len(theirs), 0)
	gone := w.later("cnv_none", "x", m.SendAt)
	w.Fails(w.F.Store.Within(w.Context(), w.WS, func(ctx context.Context, tx conversation.Tx) error { return tx.SaveScheduled(ctx, gone) }), errs.NotFound)
}
