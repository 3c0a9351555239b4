package conversation_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
)

// told gathers what open windows are told.
type told struct {
	mu     sync.Mutex
	drafts []conversation.Draft
	reads  []uint64
	types  []conversation.ID

	whispers []conversation.Whisper
}

func (n *told) Whispered(_ context.Context, w conversation.Whisper) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.whispers = append(n.whispers, w)
}

func (n *told) CustomerTypes(_ context.Context, c conversation.Conversation) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.types = append(n.types, c.ID)
}

func (n *told) DraftChanged(_ context.Context, d conversation.Draft) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.drafts = append(n.drafts, d)
}

func (n *told) ReadByMembers(_ context.Context, _ conversation.Conversation, public uint64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.reads = append(n.reads, public)
}

func TestADraftFollowsItsWriter(t *testing.T) {
	d := newDesk(t)
	news := &told{}
	d.service.News = news
	d.carries(channel.ContentReply, channel.ContentFile)
	c := d.Receive(d.Live, "vis_x", "m1", "hello")
	asked := d.Timeline(c.ID, 0)[1].Message.ID
	file := d.file(media.File, byMember(d.agent))
	save := func(p conversation.DraftPatch) (conversation.Draft, error) {
		p.Conversation = c.ID
		if p.Kind == "" {
			p.Kind = conversation.Text
		}
		return d.service.SaveDraft(t.Context(), as(d.agent), p)
	}
	first, err := save(conversation.DraftPatch{Text: " half a sent", ReplyTo: asked, Attachments: []media.ID{file}})
	d.OK(err)
	got, err := d.service.Draft(t.Context(), as(d.agent), c.ID)
	d.OK(err)
	if first.Rev != 1 || got.Text != " half a sent" || got.ReplyTo.ID != asked || len(got.Attachments) != 1 {
		t.Fatalf("kept %+v", got)
	}
	second, err := save(conversation.DraftPatch{Text: "a sentence", Rev: first.Rev})
	d.OK(err)
	newer, err := save(conversation.DraftPatch{Text: "of the other window", Rev: first.Rev})
	d.refused(err, errs.Conflict, "draft.stale")
	if newer.Text != "a sentence" || newer.Rev != second.Rev {
		t.Errorf("the conflict shows %+v", newer)
	}
	gone, err := save(conversation.DraftPatch{Rev: second.Rev})
	d.OK(err)
	if _, err := save(conversation.DraftPatch{Text: "undead", Rev: second.Rev}); errs.As(err) == nil || errs.As(err).Code != "draft.stale" {
		t.Errorf("an old window revives a draft: %v", err)
	}
	all, err := d.service.Drafts(t.Context(), as(d.agent))
	d.OK(err)
	if len(all) != 0 || !gone.Empty() {
		t.Errorf("there still are %+v", all)
	}
	var revs []uint64
	for _, x := range news.drafts {
		revs = append(revs, x.Rev)
	}
	if !slices.Equal(revs, []uint64{1, 2, 3}) {
		t.Errorf("windows heard of %v", revs)
	}
	if got, err := d.service.Draft(t.Context(), as(d.Owner), c.ID); err != nil || got.Rev != 0 {
		t.Errorf("a colleague reads %+v, %v", got, err)
	}
	for code, p := range map[string]conversation.DraftPatch{
		"message.kind": {Kind: "poem", Text: "x"}, "message.text_control": {Text: "\x00"}, "message.reply_to": {Text: "x", ReplyTo: "msg_none"},
		"attachment.unknown": {Attachments: []media.ID{"att_1"}},
	} {
		p.Rev = 3
		if _, err := save(p); errs.As(err) == nil || errs.As(err).Code != code {
			t.Errorf("%s: %v", code, err)
		}
	}
	_, err = d.service.SaveDraft(t.Context(), as(d.agent), conversation.DraftPatch{Conversation: "cnv_none", Kind: conversation.Text, Text: "x"})
	d.Fails(err, errs.NotFound)
	d.pass(25 * time.Hour)
	d.OK(d.service.SweepDrafts(t.Context()))
	if got, err := d.service.Draft(t.Context(), as(d.agent), c.ID); err != nil || got.Rev != 0 {
		t.Errorf("an empty draft of yesterday is %+v, %v", got, err)
	}
}

// later schedules a message in an hour.
func (d *desk) later(id conversation.ID, clientID string, change func(*conversation.Schedule)) conversation.Scheduled {
	d.Helper()
	p := conversation.Schedule{Conversation: id, ClientID: clientID, Text: "how was it?", SendAt: d.now().Add(time.Hour)}
	if change != nil {
		change(&p)
	}
	m, _, err := d.service.Schedule(d.Context(), as(d.agent), p)
	d.OK(err)
	return m
}

func (d *desk) sendDue(want int) {
	d.Helper()
	n, err := d.service.SendDue(d.Context())
	d.OK(err)
	if n != want {
		d.Fatalf("%d were settled, want %d", n, want)
	}
}

func TestAScheduledMessageIsSentOnce(t *testing.T) {
	d := newDesk(t)
	d.carries(channel.ContentFile, channel.ContentReply)
	c := d.Receive(d.Inbox, "ext", "m1", "hello")
	file := d.file(media.File, byMember(d.agent))
	asked := d.Timeline(c.ID, 0)[1].Message.ID
	m := d.later(c.ID, "a1", func(p *conversation.Schedule) { p.Attachments, p.ReplyTo = []media.ID{file}, asked })
	before := d.Get(c.ID)
	d.sendDue(0)
	d.pass(time.Hour - time.Millisecond)
	d.sendDue(0)
	d.pass(time.Millisecond)
	d.store.after = func() error { return errStoreDown() } // committed, but nobody heard
	if _, err := d.service.SendDue(t.Context()); !errs.Is(err, errs.Unavailable) {
		t.Fatalf("got %v", err)
	}
	d.store.after = nil
	d.sendDue(0)
	kinds := d.kinds(c.ID, before.LastSeq)
	if !slices.Equal(kinds, []conversation.ChangeType{conversation.MessageCreated, conversation.ScheduledSent}) {
		t.Fatalf("it made %v", kinds)
	}
	sent := d.Timeline(c.ID, before.LastSeq)[0].Message
	if sent.Sender.ID != string(d.agent.ID) || sent.ClientID != "a1" || sent.Text != "how was it?" || sent.Attachments[0].ID != file || sent.ReplyTo.ID != asked ||
		sent.Delivery != conversation.DeliveryPending {
		t.Errorf("it became %+v", sent)
	}
	now := d.Get(c.ID)
	if !now.InQueue() || !now.WaitingSince.Equal(before.WaitingSince) {
		t.Errorf("it counts as an answer: %+v", now)
	}
	if all, err := d.service.Scheduled(t.Context(), as(d.agent), c.ID); err != nil || len(all) != 0 {
		t.Errorf("still listed: %+v, %v", all, err)
	}
	d.refused(d.service.CancelScheduled(t.Context(), as(d.agent), c.ID, m.ID), errs.Conflict, "scheduled.sent")
	_, err := d.service.Post(t.Context(), as(d.agent), conversation.Post{Conversation: c.ID, ClientID: "a1", Kind: conversation.Text, Text: "another"})
	d.refused(err, errs.Invalid, "message.client_id_reused")
}

func TestManyTryToSendTheSameScheduledMessage(t *testing.T) {
	d := newDesk(t)
	c := d.Receive(d.Inbox, "ext", "m1", "hello")
	for _, id := range []string{"a", "b", "c"} {
		d.later(c.ID, id, nil)
	}
	d.pass(2 * time.Hour)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if _, err := d.service.SendDue(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := d.texts(c.ID); len(got) != 4 {
		t.Errorf("the customer reads %v", got)
	}
	d.CheckSequences(c.ID)
}

func TestAScheduledMessageThatIsNotSent(t *testing.T) {
	for name, x := range map[string]struct {
		happens func(d *desk, c conversation.ID, m conversation.Scheduled)
		typ     conversation.ChangeType
		state   conversation.ScheduledState
		code    string
	}{
		"the customer replied": {func(d *desk, _ conversation.ID, _ conversation.Scheduled) {
			d.Receive(d.Inbox, "ext", "m2", "never mind")
		}, conversation.ScheduledCancelled, conversation.ScheduledIsCancelled, conversation.CodeReplied},
		"it is over": {func(d *desk, c conversation.ID, _ conversation.Scheduled) {
			_, err := d.service.SetState(d.Context(), as(d.agent), c, conversation.Resolved, time.Time{})
			d.OK(err)
		}, conversation.ScheduledFailed, conversation.ScheduledHasFailed, "conversation.resolved"},
		"its author left": {func(d *desk, _ conversation.ID, _ conversation.Scheduled) {
			_, err := d.fake.Identities.ChangeMember(d.Context(), d.WS, d.agent.ID, func(m *identity.Member) error { m.Suspended = true; return nil })
			d.OK(err)
		}, conversation.ScheduledFailed, conversation.ScheduledHasFailed, conversation.CodeAuthor},
		"somebody cancels": {func(d *desk, c conversation.ID, m conversation.Scheduled) {
			d.OK(d.service.CancelScheduled(d.Context(), as(d.Owner), c, m.ID))
			d.OK(d.service.CancelScheduled(d.Context(), as(d.Owner), c, m.ID)) // twice is once
		}, conversation.ScheduledCancelled, conversation.ScheduledIsCancelled, conversation.CodeByMember},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			c := d.Receive(d.Inbox, "ext", "m1", "hello")
			m := d.later(c.ID, "a1", func(p *conversation.Schedule) { p.UnlessReply = true })
			x.happens(d, c.ID, m)
			d.pass(2 * time.Hour)
			_, err := d.service.SendDue(t.Context())
			d.OK(err)
			told := 0
			for _, ch := range d.Timeline(c.ID, 0) {
				if ch.Message != nil && ch.Message.ClientID == "a1" {
					t.Errorf("it was sent")
				}
				if ch.Type == x.typ {
					told++
				}
			}
			if told != 1 {
				t.Errorf("%d changes tell of it: %v", told, d.kinds(c.ID, 0))
			}
			got := d.fake.FindScheduled(d.WS, m.ID)
			if got.State != x.state || got.Code != x.code || x.state == conversation.ScheduledHasFailed && got.Detail == "" {
				t.Errorf("it is %+v", got)
			}
			d.sendDue(0)
		})
	}
}

func TestSchedulingIsIdempotentAndBounded(t *testing.T) {
	d := newDesk(t)
	c := d.Receive(d.Inbox, "ext", "m1", "hello")
	p := conversation.Schedule{Conversation: c.ID, ClientID: "a1", Text: "later", SendAt: d.now().Add(time.Hour)}
	first, replayed, err := d.service.Schedule(t.Context(), as(d.agent), p)
	if err != nil || replayed {
		t.Fatalf("%v, %v", replayed, err)
	}
	again, replayed, err := d.service.Schedule(t.Context(), as(d.agent), p)
	if err != nil || !replayed || again.ID != first.ID {
		t.Fatalf("%+v, %v, %v", again, replayed, err)
	}
	other := p
	other.Text = "else"
	_, _, err = d.service.Schedule(t.Context(), as(d.agent), other)
	d.refused(err, errs.Invalid, "message.client_id_reused")
	d.post(d.agent, c.ID, conversation.Note, "n1", "x")
	for code, change := range map[string]func(*conversation.Schedule){
		"scheduled.past":           func(p *conversation.Schedule) { p.SendAt = d.now() },
		"scheduled.too_far":        func(p *conversation.Schedule) { p.SendAt = d.now().AddDate(2, 0, 0) },
		"message.client_id_reused": func(p *conversation.Schedule) { p.ClientID = "n1" },
		"message.text_empty":       func(p *conversation.Schedule) { p.Text = " " },
		"message.client_id":        func(p *conversation.Schedule) { p.ClientID = "" },
		"not_found":                func(p *conversation.Schedule) { p.Conversation = "cnv_none" },
	} {
		bad := p
		bad.ClientID = "a2"
		change(&bad)
		if _, _, err := d.service.Schedule(t.Context(), as(d.agent), bad); err == nil || errs.As(err).Code != code {
			t.Errorf("%s: %v", code, err)
		}
	}
	for n := 1; n < conversation.MaxScheduled; n++ {
		d.later(c.ID, d.IDs.New("x"), nil)
	}
	p.ClientID = "too-many"
	_, _, err = d.service.Schedule(t.Context(), as(d.agent), p)
	d.refused(err, errs.Conflict, "scheduled.too_many")
}

func TestEditingAScheduledMessage(t *testing.T) {
	d := newDesk(t)
	c := d.Receive(d.Inbox, "ext", "m1", "hello")
	m := d.later(c.ID, "a1", func(p *conversation.Schedule) { p.UnlessReply = true })
	d.Receive(d.Inbox, "ext", "m2", "one more thing")
	text, at := "seen that", d.now().Add(3*time.Hour).Add(123*time.Microsecond)
	got, err := d.service.Reschedule(t.Context(), as(d.Owner), c.ID, m.ID, conversation.ScheduledPatch{Text: &text, SendAt: &at})
	d.OK(err)
	if got.Text != text || !got.SendAt.Equal(at.Truncate(time.Millisecond)) || got.Author.ID != string(d.agent.ID) {
		t.Fatalf("it is %+v", got)
	}
	d.pass(2 * time.Hour)
	d.sendDue(0)
	empty, past := "", d.now()
	_, err = d.service.Reschedule(t.Context(), as(d.agent), c.ID, m.ID, conversation.ScheduledPatch{Text: &empty})
	d.refused(err, errs.Invalid, "message.text_empty")
	_, err = d.service.Reschedule(t.Context(), as(d.agent), c.ID, m.ID, conversation.ScheduledPatch{SendAt: &past})
	d.refused(err, errs.Invalid, "scheduled.past")
	elsewhere := d.Receive(d.Inbox, "ext2", "m1", "hello")
	_, err = d.service.Reschedule(t.Context(), as(d.agent), elsewhere.ID, m.ID, conversation.ScheduledPatch{Text: &text})
	d.Fails(err, errs.NotFound)
	d.pass(2 * time.Hour)
	d.sendDue(1) // whoever edited it has seen the reply
	if all := d.texts(c.ID); all[len(all)-1] != text {
		t.Errorf("the customer reads %v", all)
	}
	_, err = d.service.Reschedule(t.Context(), as(d.agent), c.ID, m.ID, conversation.ScheduledPatch{Text: &text})
	d.refused(err, errs.Conflict, "scheduled.sent")
}

func TestReadMarks(t *testing.T) {
	d := newDesk(t)
	news := &told{}
	d.service.News = news
	v := d.visitor()
	d.OK(d.service.VisitorRead(t.Context(), v, 5)) // no conversation yet
	p, err := d.service.VisitorSend(t.Context(), v, conversation.VisitorPost{ClientID: "m1", Text: "hello"})
	d.OK(err)
	id := p.Change.Conversation
	d.OK(d.service.VisitorRead(t.Context(), v, 1)) // their own words
	if got := d.Get(id); got.ContactReadSeq != 0 {
		t.Fatalf("own words count: %d", got.ContactReadSeq)
	}
	var last conversation.Posted
	for n := range 50 {
		last = d.post(d.agent, id, conversation.Text, d.IDs.New("a"), "answer")
		if n == 20 {
			d.post(d.agent, id, conversation.Note, "n", "private")
		}
	}
	before := d.Get(id)
	d.OK(d.service.VisitorRead(t.Context(), v, 1<<63))
	d.OK(d.service.VisitorRead(t.Context(), v, last.Change.PublicSeq))
	d.OK(d.service.VisitorRead(t.Context(), v, 3))
	now := d.Get(id)
	if now.ContactReadSeq != last.Change.Seq || now.LastSeq != before.LastSeq+1 || now.LastPublicSeq != before.LastPublicSeq {
		t.Fatalf("after reading fifty messages: %+v", now)
	}
	at, err := d.service.SeenAt(t.Context(), as(d.agent), id, last.Change.Seq)
	if err != nil || at.IsZero() {
		t.Errorf("seen at %v, %v", at, err)
	}

	// The other way: the visitor hears how far agents have read, and no more than that.
	d.OK(d.service.MarkRead(t.Context(), as(d.agent), id, 1)) // conversation.created: nothing public
	d.OK(d.service.MarkRead(t.Context(), as(d.agent), id, p.Change.Seq))
	d.OK(d.service.MarkRead(t.Context(), as(d.Owner), id, p.Change.Seq))
	d.OK(d.service.MarkRead(t.Context(), as(d.Owner), id, 1<<62))
	if !slices.Equal(news.reads, []uint64{1, now.LastPublicSeq}) {
		t.Errorf("the visitor hears %v", news.reads)
	}
	if far, err := d.service.VisitorReadByMembers(t.Context(), now); err != nil || far != now.LastPublicSeq {
		t.Errorf("at their next visit: %d, %v", far, err)
	}
}

func TestTranscripts(t *testing.T) {
	d := newDesk(t)
	v := d.visitor()
	policy := channel.SessionAnswer{Allow: true, Settings: []byte(`{"transcript":true}`)}
	d.OK(d.fake.SavePolicy(t.Context(), d.Live, policy))
	_, err := d.service.VisitorTranscript(t.Context(), v)
	d.Fails(err, errs.NotFound)
	p, err := d.service.VisitorSend(t.Context(), v, conversation.VisitorPost{ClientID: "m1", Text: "hello"})
	d.OK(err)
	id := p.Change.Conversation
	d.post(d.agent, id, conversation.Note, "n1", "private")
	d.post(d.agent, id, conversation.Text, "a1", "answer")
	for n := range 600 {
		d.post(d.agent, id, conversation.Note, d.IDs.New("n"), string(rune('a'+n%26)))
	}
	say := func(tr conversation.Transcript) (out []string) {
		for _, m := range tr.Messages {
			out = append(out, m.Text)
		}
		return out
	}
	theirs, err := d.service.VisitorTranscript(t.Context(), v)
	d.OK(err)
	public, err := d.service.Transcript(t.Context(), as(d.agent), id, false)
	d.OK(err)
	whole, err := d.service.Transcript(t.Context(), as(d.agent), id, true)
	d.OK(err)
	if !slices.Equal(say(theirs), []string{"hello", "answer"}) || !slices.Equal(say(public), []string{"hello", "answer"}) {
		t.Errorf("the customer gets %v, colleagues %v", say(theirs), say(public))
	}
	if got := say(whole); len(got) != 603 || got[1] != "private" || got[602] != string(rune('a'+599%26)) {
		t.Errorf("with notes %d messages: %v", len(got), got[:3])
	}
	for _, settings := range []string{`{"transcript":false}`, `{}`} {
		policy.Settings = []byte(settings)
		d.OK(d.fake.SavePolicy(t.Context(), d.Live, policy))
		_, err = d.service.VisitorTranscript(t.Context(), v)
		d.refused(err, errs.Forbidden, "transcript.not_allowed")
	}
}

// A visitor may make and ask for transcripts: what one takes is bounded however
// long the messages are.
func TestATranscriptFitsIntoMemory(t *testing.T) {
	d := newDesk(t)
	c := d.Receive(d.Inbox, "ext", "m1", "the oldest")
	long := strings.Repeat("字", conversation.MaxText)
	const sent = conversation.MaxTranscriptText/(3*conversation.MaxText) + 10
	for n := range sent {
		d.Receive(d.Inbox, "ext", fmt.Sprint("long", n), long)
	}
	d.Receive(d.Inbox, "ext", "m2", "the newest")
	got, err := d.service.Transcript(t.Context(), as(d.agent), c.ID, false)
	d.OK(err)
	bytes := 0
	for _, m := range got.Messages {
		bytes += len(m.Text)
	}
	if !got.Cut || bytes > conversation.MaxTranscriptText || bytes < conversation.MaxTranscriptText*9/10 {
		t.Errorf("%d messages with %d bytes, cut: %v", len(got.Messages), bytes, got.Cut)
	}
	if last := got.Messages[len(got.Messages)-1]; last.Text != "the newest" {
		t.Errorf("it ends with %q", last.Text[:20])
	}
}
