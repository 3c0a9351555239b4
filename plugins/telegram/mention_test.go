package main

import (
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/plugins/telegram/telegramrig"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/message"
)

// Members whom an answer names are named at Telegram, which counts in UTF-16: in
// texts, below files, in the second message of a long text, and in what is changed.
func TestMembersAreNamed(t *testing.T) {
	d := newDesk(t, map[string]any{"groups": "conversation"})
	team := telegramrig.Group(-500, "Tea lovers")
	d.bot.WriteIn(team, telegramrig.User(42, "Alice"), map[string]any{"text": "hello"})
	d.bot.WriteIn(team, telegramrig.User(43, "王😀"), map[string]any{"text": "hello"})
	d.came(2)
	members := []message.Mention{{ID: "42", Name: "Alice"}, {ID: "43", Name: "王😀"}, {ID: "-500", Name: "Owner"}, {ID: "44", Name: "Stranger"}}
	n := 0
	send := func(c message.Content) (channel.SendResponse, []telegramrig.Message) {
		t.Helper()
		n++
		before := len(d.bot.Sent())
		c.Mentions = members
		sent, err := d.plug.Send(d.to("-500", strings.Replace(one, "0001", "010"+string(rune('0'+n)), 1), c))
		if err != nil {
			t.Fatal(err)
		}
		return sent, d.bot.Sent()[before:]
	}
	named := func(m telegramrig.Message, want ...telegramrig.Named) {
		t.Helper()
		if len(m.Named) != len(want) {
			t.Fatalf("%q names %+v, want %+v", m.Text, m.Named, want)
		}
		for i := range want {
			if m.Named[i] != want[i] {
				t.Errorf("%q names %+v, want %+v", m.Text, m.Named[i], want[i])
			}
		}
	}
	sent, all := send(textOf("👍👍 @王😀 and @Alice, @Owner, @Stranger, @nobody"))
	named(all[0], telegramrig.Named{User: 43, Text: "@王😀"}, telegramrig.Named{User: 42, Text: "@Alice"})
	_, all = send(message.Content{Text: "😀 @Alice", Attachments: []message.Attachment{d.file("cup.png", picture(t, 4, 4))}})
	named(all[0], telegramrig.Named{User: 42, Text: "@Alice"})
	_, all = send(textOf(strings.Repeat("😀\n", 1500) + "@Alice @王😀"))
	if len(all) != 2 {
		t.Fatalf("sent as %d", len(all))
	}
	named(all[0])
	named(all[1], telegramrig.Named{User: 42, Text: "@Alice"}, telegramrig.Named{User: 43, Text: "@王😀"})

	change := d.to("-500", two, textOf("😀😀 @Alice"))
	change.Act, change.Target, change.Content.Mentions = channel.Edit, sent.MessageID, members
	if _, err := d.plug.Send(change); err != nil {
		t.Fatal(err)
	}
	named(d.bot.Sent()[0], telegramrig.Named{User: 42, Text: "@Alice"})
}
