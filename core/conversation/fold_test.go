package conversation_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
)

const outlookHead = "-----Original Message-----\nFrom: Support <us@shop.example>\nSent: Monday, November 23, 2026 9:30 AM\nTo: Ann\nSubject: RE: order\n\n"

// letter is a mail.
func letter(inbox channel.Inbox, id, sender, text string) channel.Inbound {
	in := item(inbox, id, sender, text)
	in.Content.Envelope = &channel.Envelope{Subject: "order", From: channel.Party{Address: sender}}
	return in
}

// latest is the newest message of a customer's conversation.
func (d *desk) latest(sender string) conversation.Message {
	d.Helper()
	return d.last(d.of(d.Inbox, sender).ID)
}

func TestWhatAMailRepeatsIsFolded(t *testing.T) {
	d := newDesk(t)
	d.receive(letter(d.Inbox, "m1", "ann@example.com", "Where is my order?"), letter(d.Inbox, "b1", "bob@example.com", "Where is mine?"))
	c := d.of(d.Inbox, "ann@example.com")
	const answer = "Dear Ann,\nyour order is on its way and comes on Friday.\n\nKind regards\nLin"
	d.post(d.agent, c.ID, conversation.Text, "a1", answer)
	d.post(d.agent, c.ID, conversation.Note, "n1", "She gets the next one for nothing, says the boss.")

	for n, step := range []struct{ in, text, quoted string }{
		{"Thank you!\n\n" + outlookHead + answer, "Thank you!", outlookHead + answer},
		{"See below.\n\n" + outlookHead + strings.Replace(answer, "\n\nKind", "\n\nNot on Friday, please.\n\nKind", 1), "Not on Friday, please.", "Kind regards\nLin"},
		{"FYI\n\n" + outlookHead + "I owe Ann 300 euros.", "I owe Ann 300 euros.", ""},
		{"Hm\n\n" + outlookHead + "She gets the next one for nothing, says the boss.", "She gets the next one for nothing", ""},
		{outlookHead + answer, "Dear Ann", ""},
		{"And again\n\n" + outlookHead + "Thank you!\n\n" + outlookHead + answer, "And again", outlookHead + "Thank you!\n\n" + outlookHead + answer},
	} {
		d.receive(letter(d.Inbox, fmt.Sprint("r", n), "ann@example.com", step.in))
		m := d.latest("ann@example.com")
		if !strings.Contains(m.Text, step.text) || m.Quoted != step.quoted {
			t.Errorf("%q\nis shown as\n%q\nwith\n%q", step.in, m.Text, m.Quoted)
		}
		if got := strings.Join(strings.Fields(m.Text+m.Quoted), ""); got != strings.Join(strings.Fields(step.in), "") {
			t.Errorf("of %q there is %q", step.in, got)
		}
	}
	if got := d.of(d.Inbox, "ann@example.com").Last.Text; got != "And again" {
		t.Errorf("the list shows %q", got)
	}

	d.receive(letter(d.Inbox, "b2", "bob@example.com", "Hi\n\n"+outlookHead+answer), item(d.Inbox, "r9", "ann@example.com", "> "+answer))
	if m := d.latest("bob@example.com"); m.Quoted != "" || !strings.Contains(m.Text, "on its way") {
		t.Errorf("what another conversation knows is folded: %q", m.Quoted)
	}
	if m := d.latest("ann@example.com"); m.Quoted != "" {
		t.Errorf("a chat is folded: %q", m.Quoted)
	}
}

// A long mail is folded before it is cut.
func TestALongMailIsFoldedFirst(t *testing.T) {
	d := newDesk(t)
	d.receive(letter(d.Inbox, "m1", "ann@example.com", "Where is my order?"))
	answer := strings.Repeat("Your order is on its way. ", conversation.MaxText/30)
	d.post(d.agent, d.of(d.Inbox, "ann@example.com").ID, conversation.Text, "a1", strings.TrimSpace(answer))
	words := strings.Repeat("Thank you! ", conversation.MaxText/11)
	in := letter(d.Inbox, "m2", "ann@example.com", words+"\n\n"+outlookHead+answer)
	d.receive(in)
	if m := d.latest("ann@example.com"); m.Text != strings.TrimSpace(words) || !m.Cut || m.Quoted == "" || !m.HTML {
		t.Errorf("%d characters, cut %v, folded %q", len(m.Text), m.Cut, m.Quoted)
	}
}

// What somebody writes in their own program instead of here is folded, too.
func TestWhatACopyRepeatsIsFolded(t *testing.T) {
	d := newDesk(t)
	d.receive(letter(d.Inbox, "m1", "anna", "Where is my order?"))
	echo := d.echo("e1", "anna", "It comes on Friday.\n\n"+outlookHead+"Where is my order?")
	echo.Content.Envelope = &channel.Envelope{Subject: "RE: order"}
	d.receive(echo)
	if m := d.latest("anna"); m.Text != "It comes on Friday." || !m.Elsewhere {
		t.Errorf("%q, elsewhere %v", m.Text, m.Elsewhere)
	}
}
