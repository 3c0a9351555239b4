package conversation_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
)

// carries makes the installed channel carry these kinds of content.
func (d *desk) carries(content ...string) {
	d.plugins.Installed[0].Capabilities = channel.Capabilities{Content: append(content, channel.ContentText)}
}

// file is a file that somebody has brought.
func (d *desk) file(kind media.Kind, by media.Uploader) media.ID {
	a := media.Attachment{
		Workspace: d.WS, ID: media.ID(d.IDs.New("att")), Name: "file." + string(kind), Type: "application/octet-stream", Size: 1000, Kind: kind, CreatedAt: d.Tick(),
	}
	d.fake.Media.Put(a, by)
	return a.ID
}

func byMember(m identity.Member) media.Uploader {
	return media.Uploader{Kind: media.ByMember, ID: string(m.ID)}
}

func TestAPictureNeedsNoWords(t *testing.T) {
	d := newDesk(t)
	d.carries(channel.ContentImage)
	c := d.Receive(d.Inbox, "ext", "m1", "hello")
	picture := d.file(media.Image, byMember(d.agent))
	p := conversation.Post{Conversation: c.ID, ClientID: "a1", Kind: conversation.Text, Attachments: []media.ID{picture}}
	got, err := d.service.Post(t.Context(), as(d.agent), p)
	d.OK(err)
	m := got.Change.Message
	if len(m.Attachments) != 1 || m.Attachments[0].ID != picture || m.Attachments[0].Name != "file.image" || m.Text != "" {
		t.Fatalf("the message is %+v", m)
	}
	last := d.Get(c.ID).Last
	if last.Attachment != media.Image || last.Text != "file.image" {
		t.Fatalf("lists show %+v", last)
	}
	again, err := d.service.Post(t.Context(), as(d.agent), p)
	d.OK(err)
	if !again.Replayed || again.Change.Message.Attachments[0].ID != picture {
		t.Fatalf("the repeat gives %+v", again)
	}
	other := p
	other.Attachments = []media.ID{d.file(media.Image, byMember(d.agent))}
	_, err = d.service.Post(t.Context(), as(d.agent), other)
	d.refused(err, errs.Invalid, "message.client_id_reused")
	p.ClientID = "a2"
	_, err = d.service.Post(t.Context(), as(d.agent), p)
	d.refused(err, errs.Invalid, "attachment.taken")
	p.ClientID, p.Attachments = "a3", nil
	_, err = d.service.Post(t.Context(), as(d.agent), p)
	d.refused(err, errs.Invalid, "message.text_empty")
	if got := d.Get(c.ID).LastSeq; got != m.Seq {
		t.Fatalf("refused posts left changes: seq %d after %d", got, m.Seq)
	}
}

func TestAFileOfSomebodyElse(t *testing.T) {
	d := newDesk(t)
	d.carries(channel.ContentImage)
	c := d.Receive(d.Live, "vis_x", "m1", "hello")
	for who, id := range map[string]media.ID{
		"a colleague's": d.file(media.Image, byMember(d.Owner)),
		"the visitor's": d.file(media.Image, media.Uploader{Kind: media.ByVisitor, ID: "vis_x"}),
		"nobody's":      media.ID(d.IDs.New("att")),
		"no file":       "att_1",
	} {
		_, err := d.service.Post(t.Context(), as(d.agent), conversation.Post{
			Conversation: c.ID, ClientID: "a", Kind: conversation.Text, Text: "look", Attachments: []media.ID{id},
		})
		if e := errs.As(err); e == nil || e.Code != "attachment.unknown" || e.Kind != errs.Invalid {
			t.Errorf("%s: %v", who, err)
		}
	}
	if n := len(d.texts(c.ID)); n != 1 {
		t.Errorf("%d messages", n)
	}
}

func TestWhatTheChannelCannotCarry(t *testing.T) {
	d := newDesk(t)
	c := d.Receive(d.Inbox, "ext", "m1", "hello")
	first := d.Timeline(c.ID, 0)[1].Message.ID
	post := func(p conversation.Post) error {
		p.Conversation, p.ClientID = c.ID, d.IDs.New("x")
		_, err := d.service.Post(t.Context(), as(d.agent), p)
		return err
	}
	for kind, other := range map[media.Kind]string{
		media.Image: channel.ContentAudio, media.Audio: channel.ContentImage, media.Video: channel.ContentImage, media.File: channel.ContentAudio,
	} {
		d.carries(other)
		id := d.file(kind, byMember(d.agent))
		d.refused(post(conversation.Post{Kind: conversation.Text, Text: "x", Attachments: []media.ID{id}}), errs.Invalid, "message.unsupported")
		d.OK(post(conversation.Post{Kind: conversation.Note, Text: "x", Attachments: []media.ID{id}})) // colleagues have no channel
	}
	d.refused(post(conversation.Post{Kind: conversation.Text, Text: "x", ReplyTo: first}), errs.Invalid, "message.unsupported")
	d.OK(post(conversation.Post{Kind: conversation.Note, Text: "x", ReplyTo: first}))
	d.carries(channel.ContentFile, channel.ContentReply)
	d.OK(post(conversation.Post{Kind: conversation.Text, Text: "x", ReplyTo: first}))
	d.plugins.Installed[0].Capabilities.AttachmentLimit = 999
	d.refused(post(conversation.Post{Kind: conversation.Text, Text: "x", Attachments: []media.ID{d.file(media.File, byMember(d.agent))}}), errs.Invalid, "message.unsupported")
}

func TestQuotes(t *testing.T) {
	d := newDesk(t)
	d.carries(channel.ContentReply)
	c := d.Receive(d.Inbox, "ext", "m1", strings.Repeat("长", 200))
	question := *d.Timeline(c.ID, 0)[1].Message
	note := d.post(d.agent, c.ID, conversation.Note, "n1", "a rude one").Change.Message
	elsewhere := d.Receive(d.Inbox, "ext2", "m1", "theirs")
	foreign := d.Timeline(elsewhere.ID, 0)[1].Message.ID

	p := conversation.Post{Conversation: c.ID, ClientID: "a1", Kind: conversation.Text, Text: "yes", ReplyTo: question.ID}
	got, err := d.service.Post(t.Context(), as(d.agent), p)
	d.OK(err)
	q := got.Change.Message.ReplyTo
	if q == nil || q.ID != question.ID || q.Seq != question.Seq || q.Sender != question.Sender || len([]rune(q.Text)) != conversation.PreviewLength || q.Kind != conversation.Text {
		t.Fatalf("it quotes %+v", q)
	}
	p.ReplyTo = ""
	_, err = d.service.Post(t.Context(), as(d.agent), p)
	d.refused(err, errs.Invalid, "message.client_id_reused")

	for name, id := range map[string]conversation.MessageID{"a note": note.ID, "another conversation's": foreign, "none": "msg_none"} {
		_, err := d.service.Post(t.Context(), as(d.agent), conversation.Post{Conversation: c.ID, ClientID: "a2", Kind: conversation.Text, Text: "yes", ReplyTo: id})
		if e := errs.As(err); e == nil || e.Code != "message.reply_to" || e.Fields[0].Pointer != "/reply_to" {
			t.Errorf("%s: %v", name, err)
		}
	}
	private, err := d.service.Post(t.Context(), as(d.agent), conversation.Post{Conversation: c.ID, ClientID: "n2", Kind: conversation.Note, Text: "indeed", ReplyTo: note.ID})
	d.OK(err)
	if q := private.Change.Message.ReplyTo; q.Text != "a rude one" || q.Kind != conversation.Note {
		t.Errorf("a note quotes %+v", q)
	}
}

func TestAVisitorQuotesWhatTheySeeAndSendsFiles(t *testing.T) {
	d := newDesk(t)
	d.carries(channel.ContentReply, channel.ContentImage)
	v := d.visitor()
	first, err := d.service.VisitorSend(t.Context(), v, conversation.VisitorPost{ClientID: "m1", Text: "hello"})
	d.OK(err)
	id := first.Change.Conversation
	note := d.post(d.agent, id, conversation.Note, "n1", "a rude one").Change.Message.ID
	answer := d.post(d.agent, id, conversation.Text, "a1", "hi there").Change.Message.ID
	picture := d.file(media.Image, media.Uploader{Kind: media.ByVisitor, ID: string(v.ID)})
	p := conversation.VisitorPost{ClientID: "m2", ReplyTo: answer, Attachments: []media.ID{picture}}
	got, err := d.service.VisitorSend(t.Context(), v, p)
	d.OK(err)
	if m := got.Change.Message; m.ReplyTo.Text != "hi there" || m.Attachments[0].ID != picture {
		t.Fatalf("it became %+v", m)
	}
	again, err := d.service.VisitorSend(t.Context(), v, p)
	d.OK(err)
	if !again.Replayed || again.Change.ID != got.Change.ID || again.Change.Message.ReplyTo == nil {
		t.Fatalf("the repeat gives %+v", again)
	}
	for name, change := range map[string]func(*conversation.VisitorPost){
		"another quote": func(p *conversation.VisitorPost) { p.ReplyTo = "" },
		"no file":       func(p *conversation.VisitorPost) { p.Attachments, p.Text = nil, "x" },
	} {
		other := p
		change(&other)
		if _, err := d.service.VisitorSend(t.Context(), v, other); errs.As(err) == nil || errs.As(err).Code != "message.client_id_reused" {
			t.Errorf("%s: %v", name, err)
		}
	}
	// To a visitor a note is as absent as what does not exist.
	stranger := d.visitor()
	var said []string
	for _, try := range []struct {
		v  conversation.Visitor
		id conversation.MessageID
	}{{v, note}, {v, "msg_none"}, {stranger, answer}} {
		_, err := d.service.VisitorSend(t.Context(), try.v, conversation.VisitorPost{ClientID: "m3", Text: "x", ReplyTo: try.id})
		d.refused(err, errs.Invalid, "message.reply_to")
		said = append(said, fmt.Sprintf("%+v", *errs.As(err)))
	}
	if said[0] != said[1] || said[1] != said[2] {
		t.Errorf("the refusals differ: %v", said)
	}
	_, err = d.service.VisitorSend(t.Context(), stranger, conversation.VisitorPost{ClientID: "m4", Attachments: []media.ID{picture}})
	d.refused(err, errs.Invalid, "attachment.unknown")
}

// visitor is a visitor of the live inbox.
func (d *desk) visitor() conversation.Visitor {
	d.Helper()
	v := conversation.Visitor{Workspace: d.WS, ID: conversation.VisitorID(d.IDs.New("vis")), Inbox: d.Live.ID, CreatedAt: d.Tick()}
	d.OK(d.fake.CreateVisitor(d.Context(), v))
	return v
}

func TestMentions(t *testing.T) {
	d := newDesk(t)
	c := d.Receive(d.Inbox, "ext", "m1", "hello")
	gone := d.Member(d.WS, "gone@example.com", "Gone", 1)
	_, err := d.fake.Identities.ChangeMember(t.Context(), d.WS, gone.ID, func(m *identity.Member) error { m.Suspended = true; return nil })
	d.OK(err)
	p := conversation.Post{
		Conversation: c.ID, ClientID: "n1", Kind: conversation.Note, Text: "@Owner look",
		Mentions: []identity.MemberID{d.Owner.ID, d.agent.ID, d.Owner.ID},
	}
	got, err := d.service.Post(t.Context(), as(d.agent), p)
	d.OK(err)
	want := []conversation.Mention{{Member: d.Owner.ID, Name: d.Owner.Name}, {Member: d.agent.ID, Name: "Lin"}}
	if !slices.Equal(got.Change.Message.Mentions, want) {
		t.Fatalf("it mentions %+v", got.Change.Message.Mentions)
	}
	again, err := d.service.Post(t.Context(), as(d.agent), p)
	d.OK(err)
	if !again.Replayed || !slices.Equal(again.Change.Message.Mentions, want) {
		t.Fatalf("the repeat gives %+v", again)
	}
	p.Mentions = p.Mentions[:1]
	_, err = d.service.Post(t.Context(), as(d.agent), p)
	d.refused(err, errs.Invalid, "message.client_id_reused")
	for pointer, bad := range map[string]conversation.Post{
		"/mentions/1": {Kind: conversation.Note, Mentions: []identity.MemberID{d.Owner.ID, "mem_none"}},
		"/mentions/0": {Kind: conversation.Note, Mentions: []identity.MemberID{gone.ID}},
		"/mentions":   {Kind: conversation.Text, Mentions: []identity.MemberID{d.Owner.ID}},
	} {
		bad.Conversation, bad.ClientID, bad.Text = c.ID, "n2", "x"
		_, err := d.service.Post(t.Context(), as(d.agent), bad)
		if e := errs.As(err); e == nil || e.Code != "message.mentions" || e.Fields[0].Pointer != pointer {
			t.Errorf("%s: %v", pointer, err)
		}
	}
}

// The license of a paid channel is over: what was accepted is there, what comes
// in is taken, notes are written, and what is new is refused with the reason.
func TestAChannelWhoseLicenseIsOver(t *testing.T) {
	d := newDesk(t)
	c := d.Receive(d.Inbox, "ext", "m1", "hello")
	post := conversation.Post{Conversation: c.ID, ClientID: "a1", Kind: conversation.Text, Text: "accepted"}
	_, err := d.service.Post(t.Context(), as(d.agent), post)
	d.OK(err)
	d.plugins.Installed[0].Barred = errs.New(errs.Conflict, "license.expired", "The license has expired.")
	again, err := d.service.Post(t.Context(), as(d.agent), post)
	d.OK(err)
	if !again.Replayed {
		t.Errorf("the repeat gives %+v", again)
	}
	post.ClientID, post.Text = "a2", "new"
	_, err = d.service.Post(t.Context(), as(d.agent), post)
	d.refused(err, errs.Conflict, "license.expired")
	post.Kind = conversation.Note
	_, err = d.service.Post(t.Context(), as(d.agent), post)
	d.OK(err)
	d.Receive(d.Inbox, "ext", "m2", "still there?")
	d.plugins.Installed[0].Barred = nil
	post.ClientID, post.Kind = "a3", conversation.Text
	_, err = d.service.Post(t.Context(), as(d.agent), post)
	d.OK(err)
}
