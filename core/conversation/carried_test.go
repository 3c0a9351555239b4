package conversation_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
)

func TestWhatChannelsCarryIsKept(t *testing.T) {
	d := newDesk(t)
	in := item(d.Inbox, "<m1@far>", "王@example.com", "")
	in.Content.HTML = "<p>你好</p><script>x()</script><p>world\x00</p>"
	in.Content.Envelope = &channel.Envelope{Subject: " Re:\r\n order ", To: []channel.Party{{}, {Address: "us@example.com"}}}
	in.Content.Quoted = "> before\x07"
	in.Trust = channel.Trust{Verdict: channel.Verified, Reason: "DKIM"}
	in.Content.Location = &channel.Location{Latitude: 91}
	long := item(d.Inbox, "m2", "王@example.com", strings.Repeat("长", conversation.MaxText+1))
	long.Content.Quoted = "> quoted"
	both := item(d.Inbox, "m3", "王@example.com", strings.Repeat("x", conversation.MaxText-3))
	both.Content.Quoted = "> quoted"
	poll := item(d.Inbox, "m4", "王@example.com", "")
	poll.Content.Unsupported = &channel.Unsupported{Kind: "poll", Summary: "A or B?"}
	for i, r := range d.receive(in, long, both, poll) {
		if r.Outcome != channel.OutcomeAccepted {
			t.Fatalf("number %d: %+v", i, r)
		}
	}
	c := d.of(d.Inbox, "王@example.com")
	var got []conversation.Message
	for _, ch := range d.Timeline(c.ID, 0) {
		if ch.Message != nil {
			got = append(got, *ch.Message)
		}
	}
	m := got[0]
	if m.Text != "你好\n\nworld" || !m.HTML || m.Cut || m.Envelope.Subject != "Re: order" || len(m.Envelope.To) != 1 || m.Quoted != "> before" ||
		m.Trust != in.Trust || m.Location != nil {
		t.Errorf("a mail is kept as %s", conversationtest.Show(m))
	}
	html := func(n int) string {
		t.Helper()
		text, err := d.fake.HTML(t.Context(), d.WS, c.ID, got[n].ID)
		d.OK(err)
		return text
	}
	if html(0) != "<p>你好</p><script>x()</script><p>world</p>" {
		t.Errorf("the HTML is kept as %q", html(0))
	}
	if m := got[1]; utf8.RuneCountInString(m.Text) != conversation.MaxText || !m.Cut || !m.HTML || m.Quoted != "" ||
		!strings.Contains(html(1), strings.Repeat("长", conversation.MaxText+1)+"\n\n&gt; quoted") {
		t.Errorf("a long text is kept as %d characters, cut %v, quoted %q", utf8.RuneCountInString(m.Text), m.Cut, m.Quoted)
	}
	if m := got[2]; m.Text != both.Content.Text || m.Quoted != "> …" || !m.Cut {
		t.Errorf("a long quotation is kept as %q, cut %v", m.Quoted, m.Cut)
	}
	if c.Last.Text != "A or B?" || got[3].Unsupported.Kind != "poll" {
		t.Errorf("what nobody knows is shown as %+v", c.Last)
	}
	whole := got[3]
	whole.Envelope, whole.Text, whole.Quoted = &channel.Envelope{Subject: "votes"}, "which?", "> before"
	whole.Location = &channel.Location{Latitude: 1, Longitude: -2.5, Name: "home"}
	if text := whole.Whole(); text != "votes\n\nwhich?\n\n> before\n\nhome\n\n1.000000, -2.500000\n\n[poll]\n\nA or B?" {
		t.Errorf("all of it is %q", text)
	}
	in = item(d.Inbox, "m5", "王@example.com", "\x00")
	in.Content.Envelope = &channel.Envelope{}
	if r := d.receive(in)[0]; r.Outcome != channel.OutcomeRejected || r.Code != "empty" {
		t.Errorf("nothing is %+v", r)
	}
}
