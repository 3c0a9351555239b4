package conversation_test

import (
	"slices"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
)

func TestACustomerTypes(t *testing.T) {
	d := newDesk(t)
	types := func(from string) channel.Inbound {
		return channel.Inbound{Inbox: d.Inbox.ID, Kind: channel.KindTyping, Sender: channel.Person{External: from}}
	}
	d.became(t, types("anna"), channel.OutcomeAccepted, "") // nobody listens
	news := &told{}
	d.service.News = news
	anna, bob := d.where(item(d.Inbox, "m1", "anna", "hello")).ID, d.where(item(d.Inbox, "m2", "bob", "hello")).ID
	before := d.Get(anna)
	for range 3 {
		d.became(t, types("anna"), channel.OutcomeAccepted, "")
	}
	d.became(t, types("bob"), channel.OutcomeAccepted, "")
	d.became(t, types("nobody"), channel.OutcomeAccepted, "")
	d.pass(2 * time.Second)
	d.became(t, types("anna"), channel.OutcomeAccepted, "")
	if want := []conversation.ID{anna, bob, anna}; !slices.Equal(news.types, want) {
		t.Errorf("colleagues are told of %v, want %v", news.types, want)
	}
	if now := d.Get(anna); now.LastSeq != before.LastSeq {
		t.Error("typing is kept")
	}
	d.became(t, types(""), channel.OutcomeRejected, "sender")
	foreign := types("anna")
	foreign.Inbox = "inb_x"
	d.became(t, foreign, channel.OutcomeRejected, "inbox")
	// What was merged into another is written to there.
	d.OK(d.TryMerge(d.Turn(d.Owner), bob, anna))
	d.pass(2 * time.Second)
	d.became(t, types("bob"), channel.OutcomeAccepted, "")
	if got := news.types[len(news.types)-1]; len(news.types) != 4 || got != anna {
		t.Errorf("of what was merged they are told by %v", news.types)
	}
}

func TestTypingInTalksOfTheirOwn(t *testing.T) {
	d := newDesk(t)
	d.mails()
	news := &told{}
	d.service.News = news
	d.where(d.mail("<1>", anna, "hello"))
	d.became(t, channel.Inbound{Inbox: d.Inbox.ID, Kind: channel.KindTyping, Sender: channel.Person{External: anna}}, channel.OutcomeAccepted, "")
	if len(news.types) != 0 {
		t.Errorf("nobody knows in which of them: %v", news.types)
	}
}
