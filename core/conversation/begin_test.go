package conversation_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/team"
)

// mailsFirst makes the installed channel one of mails that may be written first.
func (d *desk) mailsFirst() {
	d.mails()
	d.plugins.Installed[0].Capabilities.Can = []string{channel.CanBegin}
}

// opening is a mail that begins a conversation.
func (d *desk) opening(clientID string, addresses ...string) conversation.Opening {
	return conversation.Opening{
		ClientID: clientID, Inbox: d.Inbox.ID, Text: "Your order is ready.",
		Envelope: &channel.Envelope{Subject: "Order 12", To: to(addresses...)},
	}
}

// begun is a conversation that the agent began, which must have worked.
func (d *desk) begun(o conversation.Opening) conversation.Begun {
	d.Helper()
	b, err := d.service.Begin(d.Context(), as(d.agent), o)
	d.OK(err)
	return b
}

// answer is a mail to the address that our last one names, with its token.
func (d *desk) answer(id string, to conversation.ID, from string, verdict channel.Verdict) channel.Inbound {
	in := d.mail(id, from, "thank you")
	in.Trust.Verdict = verdict
	in.Answers = "dlv_" + strings.TrimPrefix(string(d.lastSent(to).ID), "msg_")
	return in
}

// entry is a contact that was made by hand.
func (d *desk) entry(name, email string) contact.Contact {
	d.Helper()
	c := contact.Contact{Workspace: d.WS, ID: contact.ID("con_" + name), Name: name, Email: email, CreatedAt: d.now(), UpdatedAt: d.now()}
	d.OK(d.fake.Contacts.Add(d.Context(), c))
	return c
}

func TestAConversationIsBegun(t *testing.T) {
	d := newDesk(t)
	d.mailsFirst()
	o := d.opening("b1", " Anna@Example.com ")
	o.Envelope.To[0].Name, o.Envelope.CC = "Anna", to(carol)
	b := d.begun(o)
	c, m := b.Conversation, b.Change.Message
	if c.Assignee != d.agent.ID || c.State != conversation.Open || !c.WaitingSince.IsZero() || c.InQueue() || !c.Apart || c.Recipient != anna || c.Number == 0 {
		t.Fatalf("it began as %+v", c)
	}
	if m.Delivery != conversation.DeliveryPending || m.Envelope.Subject != "Order 12" || m.Envelope.To[0].Address != anna || m.Envelope.CC[0].Address != carol {
		t.Errorf("it is sent as %+v", m)
	}
	if got, want := d.kinds(c.ID, 0), []conversation.ChangeType{conversation.Created, conversation.Assigned, conversation.MessageCreated}; !slices.Equal(got, want) {
		t.Errorf("its changes are %v, want %v", got, want)
	}
	who, known, err := d.fake.Contacts.Get(t.Context(), d.WS, c.Contact)
	d.OK(err)
	if who.Name != "Anna" || who.Email != anna || who.Verified || who.CreatedBy != d.agent.ID || len(known) != 1 || known[0].Email != "" {
		t.Errorf("she is %+v, known as %+v", who, known)
	}
	d.CheckSequences(c.ID)
	if again := d.begun(o); !again.Replayed || again.Conversation.ID != c.ID || again.Change.Seq != b.Change.Seq {
		t.Errorf("again: %+v", again)
	}
	o.Text = "Another."
	_, err = d.service.Begin(t.Context(), as(d.agent), o)
	d.refused(err, errs.Invalid, "message.client_id_reused")
	if other := d.begun(d.opening("b2", anna)); other.Conversation.ID == c.ID || other.Conversation.Contact != c.Contact {
		t.Errorf("another is %+v", other.Conversation)
	}
}

// Her answer is the customer's whether her server vouches for her or not; then
// it is proven that the address is hers.
func TestWhoIsWrittenToAnswers(t *testing.T) {
	for _, verdict := range []channel.Verdict{channel.Verified, channel.Unverified} {
		t.Run(string(verdict), func(t *testing.T) {
			d := newDesk(t)
			d.mailsFirst()
			c := d.begun(d.opening("b1", anna)).Conversation
			d.pass(time.Minute)
			got := d.where(d.answer("<1>", c.ID, anna, verdict))
			if got.ID != c.ID || got.WaitingSince.IsZero() || got.Assignee != d.agent.ID || d.last(c.ID).Participant || d.last(c.ID).Sender.ID != string(c.Contact) {
				t.Fatalf("her answer is %+v in %+v", d.last(c.ID), got)
			}
			who, known, err := d.fake.Contacts.Get(t.Context(), d.WS, c.Contact)
			d.OK(err)
			if proven := verdict == channel.Verified; len(known) != 1 || who.Verified != proven || (known[0].Email == anna) != proven {
				t.Errorf("she is %+v, known as %+v", who, known)
			}
		})
	}
	d := newDesk(t)
	d.mailsFirst()
	c := d.begun(d.opening("b1", anna)).Conversation
	d.where(d.answer("<1>", c.ID, anna, channel.Verified))
	for id, in := range map[string]channel.Inbound{
		"who says to be her when she has proven it": d.answer("<2>", c.ID, anna, channel.Unverified),
		"who is not":      d.answer("<3>", c.ID, anna, channel.Failed),
		"somebody else":   d.answer("<4>", c.ID, carol, channel.Unverified),
		"their neighbour": d.answer("<5>", c.ID, carol, channel.Verified),
	} {
		if got := d.where(in); got.ID == c.ID && !d.last(c.ID).Participant {
			t.Errorf("%s is the customer", id)
		}
	}
}

func TestWhomAnAddressIsOf(t *testing.T) {
	d := newDesk(t)
	d.mailsFirst()
	proven := d.where(d.mail("<1>", anna, "hello"))
	if b := d.begun(d.opening("b1", anna)).Conversation; b.Contact != proven.Contact || b.Recipient != anna {
		t.Errorf("who wrote and is proven: %+v", b)
	}
	doubtful := d.mail("<2>", carol, "hello")
	doubtful.Trust.Verdict = channel.Unverified
	said := d.where(doubtful)
	if b := d.begun(d.opening("b2", carol)).Conversation; b.Contact != said.Contact || !conversation.Unverified(b.Recipient) || b.Address() != carol {
		t.Errorf("who wrote and is not proven: %+v", b)
	}
	bo := d.entry("Bo", "bo@example.com")
	if b := d.begun(d.opening("b3", "bo@example.com")).Conversation; b.Contact != bo.ID || b.ContactName != "Bo" || b.Recipient != "bo@example.com" {
		t.Errorf("an entry made by hand: %+v", b)
	}
	d.entry("Ci", "shared@example.com")
	d.entry("Di", "shared@example.com")
	if b := d.begun(d.opening("b4", "shared@example.com")).Conversation; b.Contact == "con_Ci" || b.Contact == "con_Di" {
		t.Errorf("one of two is %s", b.Contact)
	}
	// A visitor who only said that the address is theirs gets nobody's answers.
	chat := d.Receive(d.Live, "visitor", "m1", "I am eve")
	_, err := d.fake.Contacts.Update(t.Context(), d.WS, chat.Contact, func(c *contact.Contact) ([]event.Event, error) {
		c.Email = "ceo@example.com"
		return nil, nil
	})
	d.OK(err)
	if b := d.begun(d.opening("b5", "ceo@example.com")).Conversation; b.Contact == chat.Contact {
		t.Error("an address became who said that it is theirs")
	}
}

func TestAContactIsWrittenTo(t *testing.T) {
	d := newDesk(t)
	d.mailsFirst()
	with := func(id string, c contact.ID, addresses ...string) (conversation.Begun, error) {
		o := d.opening(id, addresses...)
		o.Contact = c
		return d.service.Begin(t.Context(), as(d.agent), o)
	}
	bo, none := d.entry("Bo", "bo@example.com"), d.entry("Nobody", "")
	b, err := with("c1", bo.ID)
	d.OK(err)
	if e := b.Change.Message.Envelope; b.Conversation.Contact != bo.ID || len(e.To) != 1 || e.To[0] != (channel.Party{Address: "bo@example.com", Name: "Bo"}) {
		t.Errorf("%+v to %+v", b.Conversation, b.Change.Message.Envelope)
	}
	if b, err = with("c2", bo.ID, carol, "bo@example.com"); err != nil || b.Conversation.Recipient != "bo@example.com" {
		t.Errorf("among others: %+v, %v", b.Conversation, err)
	}
	if b, err = with("c3", none.ID, "new@example.com"); err != nil || b.Conversation.Contact != none.ID || b.Conversation.Recipient != "new@example.com" {
		t.Errorf("one without an address: %+v, %v", b.Conversation, err)
	}
	_, err = with("c4", bo.ID, carol)
	d.refused(err, errs.Invalid, "message.envelope")
	_, err = with("c5", d.entry("Blank", "").ID)
	d.refused(err, errs.Invalid, "message.envelope")
	_, err = with("c6", d.entry("Twin", "").ID, "bo@example.com")
	d.refused(err, errs.Conflict, "conversation.address_taken")
	_, err = with("c7", "con_none", anna)
	d.Fails(err, errs.NotFound)

	_, err = d.fake.Contacts.Update(t.Context(), d.WS, d.entry("Club", "").ID, func(c *contact.Contact) ([]event.Event, error) { c.Group = true; return nil, nil })
	d.OK(err)
	_, err = with("c9", "con_Club", anna)
	d.refused(err, errs.Invalid, "message.envelope")

	// A visitor's word does not prove the address: whoever proves it and answers takes part.
	chat := d.Receive(d.Live, "visitor", "m1", "I am anna@example.com")
	b, err = with("c8", chat.Contact, anna)
	d.OK(err)
	if b.Conversation.Contact != chat.Contact || !conversation.Unverified(b.Conversation.Recipient) || b.Conversation.Address() != anna {
		t.Fatalf("a visitor: %+v", b.Conversation)
	}
	if got := d.where(d.answer("<1>", b.Conversation.ID, anna, channel.Verified)); got.ID != b.Conversation.ID || !d.last(got.ID).Participant {
		t.Errorf("her answer is %+v in %s", d.last(got.ID), got.ID)
	}
}

func TestWhoHasWhatIsBegun(t *testing.T) {
	d := newDesk(t)
	d.mailsFirst()
	sales := d.Team(d.WS, "sales", d.agent.ID)
	_, err := d.F.Teams.Change(t.Context(), d.WS, sales, func(t *team.Team) error { t.Inboxes = []string{string(d.Inbox.ID)}; return nil })
	d.OK(err)
	if c := d.begun(d.opening("h1", anna)).Conversation; c.Team != sales || c.Assignee != d.agent.ID || c.Load().Member != d.agent.ID {
		t.Errorf("by itself: %+v", c)
	}
	o := d.opening("h2", anna)
	o.Assignee = &d.Owner.ID
	if c := d.begun(o).Conversation; c.Assignee != d.Owner.ID || c.AssigneeName != d.Owner.Name || c.Team != sales {
		t.Errorf("to the owner: %+v", c)
	}
	everybody, nobody := team.ID(""), identity.MemberID("")
	o = d.opening("h3", anna)
	o.Assignee, o.Team = &nobody, &everybody
	c := d.begun(o).Conversation
	if c.Assignee != "" || c.Team != "" || c.State != conversation.Resolved || c.InQueue() {
		t.Errorf("to nobody: %+v", c)
	}
	if got := d.where(d.answer("<1>", c.ID, anna, channel.Verified)); got.ID != c.ID || !got.InQueue() || got.WaitingSince.IsZero() {
		t.Errorf("answered: %+v", got)
	}
	mayNot := as(d.agent).Only(identity.ConversationReply, identity.ConversationRead)
	o.ClientID = "h4"
	_, err = d.service.Begin(t.Context(), mayNot, o)
	d.refused(err, errs.Forbidden, "forbidden")

	elsewhere := as(d.agent).With(identity.Rights{
		Permissions: []identity.Permission{identity.ConversationReply}, Reach: identity.Reach{Kind: identity.ReachTeam, Member: d.agent.ID, Teams: []string{"tem_other"}},
	})
	_, err = d.service.Begin(t.Context(), elsewhere, d.opening("h5", anna))
	d.Fails(err, errs.NotFound)
	own := as(d.agent).With(identity.Rights{
		Permissions: []identity.Permission{identity.ConversationReply}, Reach: identity.Reach{Kind: identity.ReachOwn, Member: d.agent.ID},
	})
	if _, err = d.service.Begin(t.Context(), own, d.opening("h6", anna)); err != nil {
		t.Errorf("who sees their own: %v", err)
	}
	mine := d.opening("h7")
	mine.Contact = d.entry("Bo", "bo@example.com").ID
	_, err = d.service.Begin(t.Context(), own, mine)
	d.Fails(err, errs.NotFound)
}

// own is the scope of somebody who sees their own alone.
func (d *desk) own(extra ...identity.Permission) identity.Scope {
	return as(d.agent).With(identity.Rights{
		Permissions: append(extra, identity.ConversationReply, identity.ConversationRead, identity.ContactRead), Reach: identity.Reach{Kind: identity.ReachOwn, Member: d.agent.ID},
	})
}

// Whoever types an address meets nobody by it whom they do not reach.
func TestATypedAddressReachesNoFurther(t *testing.T) {
	const mara, eve = "mara@example.com", "eve@example.com"
	for name, strangers := range map[string]func(*desk) (contact.ID, string){
		"who wrote here": func(d *desk) (contact.ID, string) { return d.where(d.mail("<1>", carol, "private")).Contact, carol },
		"who is not proven": func(d *desk) (contact.ID, string) {
			in := d.mail("<1>", eve, "private")
			in.Trust.Verdict = channel.Unverified
			return d.where(in).Contact, eve
		},
		"who has proven it elsewhere": func(d *desk) (contact.ID, string) {
			chat := d.Receive(d.Live, "visitor", "m1", "hello")
			d.OK(d.fake.Within(d.Context(), d.WS, func(ctx context.Context, tx conversation.Tx) error {
				return tx.Contacts().Vouch(ctx, string(d.Live.ID), "visitor", mara, "")
			}))
			return chat.Contact, mara
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.mailsFirst()
			who, address := strangers(d)
			before := len(d.events())
			_, err := d.service.Begin(t.Context(), d.own(), d.opening("r1", address))
			d.refused(err, errs.Conflict, "conversation.address_taken")
			d.Fails(contact.Reached(t.Context(), d.fake.Contacts, d.own(), who), errs.NotFound)
			_, known, err := d.fake.Contacts.Get(t.Context(), d.WS, who)
			d.OK(err)
			if len(known) != 1 || len(d.events()) != before {
				t.Errorf("known as %+v, %d events more", known, len(d.events())-before)
			}
			if b := d.begun(d.opening("r2", address)).Conversation; b.Contact != who {
				t.Errorf("who reaches everybody meets %s", b.Contact)
			}
			if b, err := d.service.Begin(t.Context(), d.own(), d.opening("r3", address)); err != nil || b.Conversation.Contact != who {
				t.Errorf("of whom they have a conversation: %+v, %v", b.Conversation, err)
			}
		})
	}
}

// It is known what somebody began, also when they gave it away.
func TestWhatWasBegunAndGivenAway(t *testing.T) {
	d := newDesk(t)
	d.mailsFirst()
	o := d.opening("g1", anna)
	o.Assignee = &d.Owner.ID
	first, err := d.service.Begin(t.Context(), d.own(identity.ConversationAssign), o)
	d.OK(err)
	again, err := d.service.Begin(t.Context(), d.own(identity.ConversationAssign), o)
	d.OK(err)
	if !again.Replayed || again.Conversation.ID != first.Conversation.ID || again.Change.Seq != first.Change.Seq {
		t.Errorf("again: %+v", again)
	}
}

// What a member begins is theirs or a colleague's: nothing answers the customer
// by itself when they answer. It is as ever once they have.
func TestNothingActsOnWhatIsBegun(t *testing.T) {
	nobody := identity.MemberID("")
	for name, begin := range map[string]func(*desk) conversation.ID{
		"for nobody": func(d *desk) conversation.ID {
			o := d.opening("n1", anna)
			o.Assignee = &nobody
			return d.begun(o).Conversation.ID
		},
		"and resolved": func(d *desk) conversation.ID {
			c := d.begun(d.opening("n1", anna)).Conversation.ID
			d.resolves(c)
			return c
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.acknowledges(nil)
			d.mailsFirst()
			d.service.Bots = robot{}
			_, err := d.fake.Inboxes.UpdateInbox(t.Context(), d.WS, d.Inbox.ID, func(in *channel.Inbox) ([]event.Event, error) {
				in.Bot = "cnn_1"
				return nil, nil
			})
			d.OK(err)
			id := begin(d)
			d.pass(time.Minute)
			got := d.where(d.answer("<1>", id, anna, channel.Verified))
			if got.ID != id || !got.InQueue() || got.WaitingSince.IsZero() || len(d.automatic(id)) != 0 {
				t.Errorf("answered: %+v, by itself %+v", got, d.automatic(id))
			}
			d.resolves(id)
			d.pass(time.Minute)
			if again := d.where(d.mail("<2>", anna, "one more thing", "<1>")); again.ID != id || !again.ByBot() {
				t.Errorf("later: %+v", again)
			}
		})
	}
}

// resolves ends a conversation.
func (d *desk) resolves(id conversation.ID) {
	d.Helper()
	d.Change(id, func(c *conversation.Conversation) error {
		c.Resolve(d.Turn(d.Owner))
		return nil
	})
}

func TestWhatCannotBeBegun(t *testing.T) {
	d := newDesk(t)
	d.mailsFirst()
	try := func(kind errs.Kind, code string, change func(*conversation.Opening)) {
		t.Helper()
		o := d.opening("w1", anna)
		change(&o)
		_, err := d.service.Begin(t.Context(), as(d.agent), o)
		d.refused(err, kind, code)
	}
	try(errs.Invalid, "message.envelope", func(o *conversation.Opening) { o.Envelope.Subject = " " })
	try(errs.Invalid, "message.envelope", func(o *conversation.Opening) { o.Envelope = nil })
	try(errs.Invalid, "message.envelope", func(o *conversation.Opening) { o.Envelope.To = nil })
	try(errs.Invalid, "message.envelope", func(o *conversation.Opening) { o.Envelope.To = to("anna") })
	try(errs.Invalid, "message.envelope", func(o *conversation.Opening) { o.Envelope.CC = to("x") })
	try(errs.Invalid, "message.text_empty", func(o *conversation.Opening) { o.Text = "" })
	try(errs.Invalid, "message.client_id", func(o *conversation.Opening) { o.ClientID = "" })
	try(errs.Invalid, "conversation.cannot_begin", func(o *conversation.Opening) { o.Inbox = d.Live.ID })
	try(errs.NotFound, "not_found", func(o *conversation.Opening) { o.Inbox = "inb_none" })
	d.service.Interceptor = &watchman{sends: refuses}
	try(errs.Forbidden, conversation.CodeDenied, func(*conversation.Opening) {})
	w := &watchman{sends: masks}
	d.service.Interceptor = w
	o := d.opening("w2", anna)
	o.Text = "the secret word"
	if m := d.begun(o).Change.Message; m.Text != "the ****** word" || m.Altered == nil || w.asked[0].Conversation != "" || w.asked[0].Key != string(d.agent.ID)+"/w2" {
		t.Errorf("%+v, asked about %+v", m, w.asked[0])
	}
	if again := d.begun(o); !again.Replayed || len(w.asked) != 1 {
		t.Errorf("again: %+v, asked %d times", again, len(w.asked))
	}
	d.service.Interceptor = nil
	_, err := d.fake.Inboxes.UpdateInbox(t.Context(), d.WS, d.Inbox.ID, func(i *channel.Inbox) ([]event.Event, error) {
		i.Enabled = false
		return nil, nil
	})
	d.OK(err)
	try(errs.Conflict, "conversation.inbox_off", func(*conversation.Opening) {})
	d.plugins.Installed[0].Capabilities.Can = nil
	try(errs.Invalid, "conversation.cannot_begin", func(*conversation.Opening) {})
	found, err := d.fake.List(context.Background(), d.WS, conversation.Filter{Reach: identity.Everywhere()}, page.Request{Limit: 10})
	d.OK(err)
	if len(found.Items) != 1 {
		t.Errorf("%d conversations are there", len(found.Items))
	}
}
