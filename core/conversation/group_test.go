package conversation_test

import (
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
)

// groups has the channel talk with groups.
func (d *desk) groups(content ...string) {
	d.plugins.Installed = []channel.Type{{Plugin: d.Inbox.Plugin, Capabilities: channel.Capabilities{
		Content: append(content, channel.ContentText, channel.ContentReply), Can: []string{channel.CanGroups, channel.CanEdit},
	}}}
}

// in is what a member of a group wrote.
func (d *desk) in(group, id string, who *channel.Member, text string) channel.Inbound {
	in := item(d.Inbox, id, group, text)
	in.Sender.Name, in.Sender.Group, in.Member = "Tea lovers", true, who
	return in
}

// the two of whom the tests tell, as the far side knows them.
func wong() *channel.Member    { return &channel.Member{External: "1", Name: " Alice\n Wong "} }
func another() *channel.Member { return &channel.Member{External: "2", Name: "Bob"} }

func TestAGroupIsOneCustomer(t *testing.T) {
	d := newDesk(t)
	d.groups()
	first := d.in("-7", "m1", wong(), "hello")
	first.Sender.Email, first.Sender.Phone = "tea@example.com", "+8613800000000"
	c := d.where(first)
	if other := d.where(d.in("-7", "m2", another(), "me too")); other.ID != c.ID {
		t.Fatalf("members have conversations of their own: %s", other.ID)
	}
	d.where(d.in("-7", "m3", nil, "nobody in particular"))
	got := d.Get(c.ID)
	if !got.Group || got.ContactName != "Tea lovers" {
		t.Errorf("the conversation is %+v", got)
	}
	who, _, err := d.fake.Contacts.Get(t.Context(), d.WS, got.Contact)
	d.OK(err)
	if !who.Group || who.Email != "" || who.Phone != "" {
		t.Errorf("the contact is %+v", who)
	}
	var by []string
	for _, ch := range d.Timeline(c.ID, 0) {
		if m := ch.Message; m != nil {
			by = append(by, m.Sender.Name+": "+m.Text)
			if m.Sender.ID != string(got.Contact) || ch.Actor != m.Sender || (m.Member != nil) != (m.Text != "nobody in particular") {
				t.Errorf("%q is of %+v, %+v", m.Text, m.Sender, m.Member)
			}
		}
	}
	conversationtest.Same(d.World, by, []string{"Alice Wong: hello", "Bob: me too", "Tea lovers: nobody in particular"})
	all, err := d.service.GroupMembers(t.Context(), as(d.agent), c.ID)
	d.OK(err)
	conversationtest.Same(d.World, all, []channel.Member{{External: "2", Name: "Bob"}, {External: "1", Name: "Alice Wong"}})
	if _, err := d.service.GroupMembers(t.Context(), as(d.agent), "cnv_none"); !errs.Is(err, errs.NotFound) {
		t.Errorf("of none: %v", err)
	}
}

func TestAGroupIsCalledAsItIsNow(t *testing.T) {
	d := newDesk(t)
	d.groups()
	c := d.where(d.in("-7", "m1", wong(), "hello"))
	again := d.in("-7", "m2", wong(), "hello")
	again.Sender.Name = "Coffee lovers"
	d.where(again)
	got := d.Get(c.ID)
	if got.ContactName != "Coffee lovers" {
		t.Errorf("called %q", got.ContactName)
	}
	d.where(d.in("-7", "m3", wong(), "hello")) // "Tea lovers" again
	told := 0
	for _, e := range d.events() {
		if e.Type == contact.Changed && e.Subject == string(got.Contact) {
			told++
			conversationtest.Same(d.World, string(e.Data), `{"id":"`+string(got.Contact)+`"}`)
		}
	}
	if told != 2 {
		t.Errorf("told of %d changes", told)
	}
}

// events lists what the workspace's feed has.
func (d *desk) events() []event.Event {
	d.Helper()
	all, err := d.F.Log.Since(d.Context(), string(d.WS), 0, 100)
	d.OK(err)
	return all
}

// Many people write under a group, so nothing is proven to be its.
func TestNothingIsProvenOfAGroup(t *testing.T) {
	d := newDesk(t)
	d.groups()
	c := d.where(d.in("-7", "m1", wong(), "hello"))
	again := d.in("-7", "m2", another(), "hello")
	again.Sender.Email, again.Sender.Phone, again.Trust.Verdict = "tea@example.com", "+8613800000000", channel.Verified
	d.where(again)
	who, known, err := d.fake.Contacts.Get(t.Context(), d.WS, c.Contact)
	d.OK(err)
	if who.Verified || len(known) != 1 || known[0].Email != "" || known[0].Phone != "" {
		t.Errorf("it is %+v, known as %+v", who, known)
	}
}

// What was a customer like any other, before its channel could tell.
func TestACustomerTurnsOutToBeAGroup(t *testing.T) {
	d := newDesk(t)
	d.groups()
	c := d.where(item(d.Inbox, "m1", "-7", "Alice: hello"))
	d.where(d.in("-7", "m2", wong(), "hello"))
	if got := d.Get(c.ID); !got.Group || got.ContactName != "Tea lovers" {
		t.Errorf("the conversation is %+v", got)
	}
	joins := d.in("-8", "e1", another(), "was added to the group")
	joins.Kind = channel.KindEvent
	d.became(t, joins, channel.OutcomeAccepted, "")
	begun := d.where(d.in("-8", "m3", another(), "hi"))
	news := d.Timeline(begun.ID, 0)
	if !d.Get(begun.ID).Group || news[1].Type != conversation.CustomerEvent || news[1].Actor.Name != "Bob" {
		t.Errorf("begun by an event: %+v", news)
	}
}

func TestGroupsOfAChannelThatCannot(t *testing.T) {
	d := newDesk(t)
	d.became(t, d.in("-7", "m1", wong(), "hello"), channel.OutcomeRejected, "groups")
	d.became(t, d.in("-7", "m1", nil, "hello"), channel.OutcomeRejected, "groups")
	d.groups()
	person := d.in("-7", "m1", wong(), "hello")
	person.Sender.Group = false
	d.became(t, person, channel.OutcomeRejected, "member")
	d.became(t, d.in("-7", "m1", &channel.Member{Name: "x"}, "hello"), channel.OutcomeRejected, "member")
	foreign := d.in("-7", "m1", wong(), "hello")
	foreign.Inbox = "inb_x"
	d.became(t, foreign, channel.OutcomeRejected, "inbox")
}

func TestOfAGroupOnlyItsAuthorEdits(t *testing.T) {
	d := newDesk(t)
	d.groups()
	c := d.where(d.in("-7", "m1", wong(), "helo"))
	edit := func(id string, who *channel.Member, text string) channel.Inbound {
		in := d.in("-7", id, who, text)
		in.Kind, in.Target = channel.KindEdit, "m1"
		return in
	}
	d.became(t, edit("x1", another(), "bye"), channel.OutcomeRejected, "not_theirs")
	d.became(t, edit("x2", wong(), "hello"), channel.OutcomeAccepted, "")
	d.became(t, edit("x3", nil, "hello!"), channel.OutcomeAccepted, "")
	all := d.Timeline(c.ID, 0)
	if last := all[len(all)-1]; last.Message.Text != "hello!" || last.Message.Member == nil || last.Message.Member.External != "1" || last.Actor.Name != "Alice Wong" {
		t.Errorf("edited it is %+v by %+v", last.Message, last.Actor)
	}
}

func TestNamingMembersOfAGroup(t *testing.T) {
	d := newDesk(t)
	d.groups(channel.ContentMention)
	c, person := d.where(d.in("-7", "m1", wong(), "hello")), d.where(item(d.Inbox, "p1", "anna", "hello"))
	d.where(d.in("-7", "m2", another(), "hello"))
	post := func(in conversation.ID, key, text string, ids ...string) (conversation.Posted, error) {
		return d.service.Post(t.Context(), as(d.agent), conversation.Post{Conversation: in, ClientID: key, Kind: conversation.Text, Text: text, GroupMentions: ids})
	}
	got, err := post(c.ID, "a", "@Bob and @Alice Wong: yes", "2", "1", "2")
	d.OK(err)
	conversationtest.Same(d.World, got.Change.Message.GroupMentions, []channel.Member{{External: "2", Name: "Bob"}, {External: "1", Name: "Alice Wong"}})
	if again, err := post(c.ID, "a", "@Bob and @Alice Wong: yes", "2", "1"); err != nil || !again.Replayed {
		t.Errorf("again: %+v, %v", again, err)
	}
	refused := func(pointer, code string, err error) {
		t.Helper()
		if e := errs.As(err); err == nil || len(e.Fields) != 1 || e.Fields[0].Pointer != pointer || e.Fields[0].Code != code {
			t.Errorf("refused with %v", err)
		}
	}
	_, err = post(c.ID, "a", "@Bob and @Alice Wong: yes", "1")
	refused("/client_msg_id", "reused", err)
	_, err = post(c.ID, "b", "@Bob", "2", "3")
	refused("/group_mentions/1", "unknown", err)
	_, err = post(person.ID, "b", "@Bob", "2")
	refused("/group_mentions", "unsupported", err)
	_, err = d.service.Post(t.Context(), as(d.agent), conversation.Post{Conversation: c.ID, ClientID: "b", Kind: conversation.Note, Text: "@Bob", GroupMentions: []string{"2"}})
	refused("/group_mentions", "kind", err)
	var many []string
	for n := range conversation.MaxGroupMentions + 1 {
		many = append(many, string(rune('a'+n)))
	}
	_, err = post(c.ID, "b", "@Bob", many...)
	refused("/group_mentions", "too_many", err)
	d.groups()
	_, err = post(c.ID, "b", "@Bob", "2")
	refused("/group_mentions", "unsupported", err)
}

// A member who has another name now does not hold up what was written to the
// old one.
func TestNamingAMemberByAnOldName(t *testing.T) {
	d := newDesk(t)
	d.groups(channel.ContentMention)
	c := d.where(d.in("-7", "m1", wong(), "hello"))
	d.where(d.in("-7", "m2", another(), "hello"))
	d.pass(time.Second)
	d.where(d.in("-7", "m3", &channel.Member{External: "2", Name: "Robert"}, "call me Robert"))
	for _, replayed := range []bool{false, true} {
		got, err := d.service.Post(t.Context(), as(d.agent), conversation.Post{
			Conversation: c.ID, ClientID: "a", Kind: conversation.Text, Text: "@Bob and @Alice Wong: yes", GroupMentions: []string{"2", "1"},
		})
		d.OK(err)
		if got.Replayed != replayed {
			t.Errorf("replayed: %t, want %t", got.Replayed, replayed)
		}
		conversationtest.Same(d.World, got.Change.Message.GroupMentions, []channel.Member{{External: "1", Name: "Alice Wong"}})
	}
}

// A quote says whom it quotes.
func TestAQuoteOfAMember(t *testing.T) {
	d := newDesk(t)
	d.groups()
	c := d.where(d.in("-7", "m1", wong(), "hello"))
	all := d.Timeline(c.ID, 0)
	asked := all[1].Message
	d.pass(time.Second)
	got, err := d.service.Post(t.Context(), as(d.agent), conversation.Post{Conversation: c.ID, ClientID: "a", Kind: conversation.Text, Text: "yes", ReplyTo: asked.ID})
	d.OK(err)
	if q := got.Change.Message.ReplyTo; q == nil || q.Sender.Name != "Alice Wong" {
		t.Errorf("quoted is %+v", q)
	}
}
