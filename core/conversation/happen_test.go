package conversation_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
)

// limits has the channel declare windows.
func (d *desk) limits(windows []channel.Window) {
	d.plugins.Installed = []channel.Type{{Plugin: d.Inbox.Plugin, Capabilities: channel.Capabilities{Windows: windows}}}
}

// did is what a customer did beside writing.
func (d *desk) did(id, from, text, trigger string) channel.Inbound {
	in := item(d.Inbox, id, from, text)
	in.Kind, in.Trigger = channel.KindEvent, trigger
	return in
}

func TestWhatACustomerDoesIsKept(t *testing.T) {
	d := newDesk(t)
	d.limits([]channel.Window{{On: "scanned", Quota: 2, For: time.Minute}, {On: channel.TriggerMessage, Quota: 5, For: 48 * time.Hour}})
	c := d.where(item(d.Inbox, "m1", "anna", "hello"))
	_, err := d.service.SetState(t.Context(), as(d.agent), c.ID, conversation.Resolved, time.Time{})
	d.OK(err)
	before := d.Get(c.ID)
	d.became(t, d.did("m1", "anna", " Scanned\n a  code\u202e\x00 ", "scanned"), channel.OutcomeAccepted, "") // a message has the same id
	d.became(t, d.did("m1", "anna", "Scanned a code", "scanned"), channel.OutcomeDuplicate, "")
	now := d.Get(c.ID)
	if news := d.Timeline(c.ID, before.LastSeq); len(news) != 1 || news[0].Type != conversation.CustomerEvent || news[0].Actor.ID != string(c.Contact) ||
		!strings.HasPrefix(conversation.HappenedIn(news[0]).Text, "Scanned a code") || strings.ContainsAny(conversation.HappenedIn(news[0]).Text, "\n\x00") {
		t.Fatalf("kept is %+v", news)
	}
	if now.State != conversation.Resolved || !now.WaitingSince.IsZero() || now.LastInboundSeq != before.LastInboundSeq || now.Last != before.Last {
		t.Errorf("it is work for somebody: %+v", now)
	}
	if i := slices.IndexFunc(now.Windows, func(w conversation.Window) bool { return w.On == "scanned" }); i < 0 || now.Windows[i].Quota != 2 {
		t.Errorf("open are %+v", now.Windows)
	}
	d.became(t, d.did("e2", "anna", "Blocked us", ""), channel.OutcomeAccepted, "") // opens nothing, not even the window of messages
	at := d.now()
	for _, w := range d.Get(c.ID).Windows {
		if w.On == channel.TriggerMessage && w.OpenedAt.After(at) {
			t.Errorf("a message's window opens: %+v", w)
		}
	}
	d.became(t, d.did("e3", "anna", strings.Repeat("长", 2*conversation.MaxEvent), ""), channel.OutcomeAccepted, "")
	all := d.Timeline(c.ID, 0)
	if n := len([]rune(conversation.HappenedIn(all[len(all)-1]).Text)); n != conversation.MaxEvent {
		t.Errorf("%d characters are kept", n)
	}
	whole, err := d.service.Transcript(t.Context(), as(d.agent), c.ID, false)
	d.OK(err)
	if len(whole.Messages) != 1 || len(whole.Events) != 3 {
		t.Errorf("the transcript of members has %d messages and %d events", len(whole.Messages), len(whole.Events))
	}
}

func TestAnEventIsNoMessage(t *testing.T) {
	d := newDesk(t)
	d.became(t, d.did("", "anna", "x", ""), channel.OutcomeRejected, "external_id")
	d.became(t, d.did("e1", "", "x", ""), channel.OutcomeRejected, "sender")
	d.became(t, d.did("e1", "anna", " \n", ""), channel.OutcomeRejected, "empty")
	echo := d.echo("e1", "anna", "x")
	echo.Kind = channel.KindEvent
	d.became(t, echo, channel.OutcomeRejected, "sender")
	foreign := d.did("e1", "anna", "x", "")
	foreign.Inbox = "inb_x"
	d.became(t, foreign, channel.OutcomeRejected, "inbox")
	d.mails()
	d.became(t, d.did("e1", anna, "x", ""), channel.OutcomeRejected, "apart")
	d.OK(d.fake.Within(t.Context(), d.WS, func(ctx context.Context, tx conversation.Tx) error {
		who, err := tx.Contacts().ByIdentity(ctx, string(d.Inbox.ID), anna)
		if who != nil {
			t.Error("what is refused makes a contact")
		}
		return err
	}))
}

func TestAnEventOfSomebodyWithoutAConversation(t *testing.T) {
	d := newDesk(t)
	d.limits([]channel.Window{{On: "followed", Quota: 3, For: time.Minute}})
	d.became(t, d.did("e1", "anna", "Followed us", "followed"), channel.OutcomeAccepted, "")
	found, err := d.fake.OfContact(t.Context(), d.WS, d.Inbox.ID, "anna")
	d.OK(err)
	c := *found
	if got, want := d.kinds(c.ID, 0), []conversation.ChangeType{conversation.Created, conversation.CustomerEvent}; !slices.Equal(got, want) {
		t.Errorf("it has %v", got)
	}
	if c.State != conversation.Resolved || c.Responder != "" || !c.Last.At.IsZero() || len(c.Windows) != 1 {
		t.Errorf("it is %+v", c)
	}
	before, timeline := d.Get(c.ID), d.Timeline(c.ID, 0)
	if now := d.where(item(d.Inbox, "m1", "anna", "hello")); now.ID != c.ID || !now.InQueue() || now.WaitingSince.IsZero() {
		t.Errorf("once they write it is %+v", now)
	}
	d.CheckLaw(before, timeline)
	if got, want := d.kinds(c.ID, 2), []conversation.ChangeType{conversation.MessageCreated, conversation.Queued}; !slices.Equal(got, want) {
		t.Errorf("their first words say %v", got)
	}
	if all := d.Timeline(c.ID, 0); string(all[len(all)-1].Data) != `{"reason":"new"}` {
		t.Errorf("queued as %s", all[len(all)-1].Data)
	}
}

// What somebody opened and resolved before its customer wrote a word was open
// once, and is opened again.
func TestAnEventThatWasLookedAt(t *testing.T) {
	d := newDesk(t)
	d.limits(nil)
	d.became(t, d.did("e1", "anna", "Followed us", ""), channel.OutcomeAccepted, "")
	found, err := d.fake.OfContact(t.Context(), d.WS, d.Inbox.ID, "anna")
	d.OK(err)
	for _, state := range []conversation.State{conversation.Open, conversation.Resolved} {
		_, err := d.service.SetState(t.Context(), as(d.agent), found.ID, state, time.Time{})
		d.OK(err)
	}
	before, timeline := d.Get(found.ID), d.Timeline(found.ID, 0)
	d.where(item(d.Inbox, "m1", "anna", "hello"))
	d.CheckLaw(before, timeline)
	if got, want := d.kinds(found.ID, before.LastSeq), []conversation.ChangeType{conversation.Reopened, conversation.MessageCreated, conversation.Queued}; !slices.Equal(got, want) {
		t.Errorf("their first words say %v", got)
	}
}

func TestAnEventInWhatWasMerged(t *testing.T) {
	d := newDesk(t)
	d.limits([]channel.Window{{On: "followed", Quota: 3, For: time.Minute}})
	anna, bob := d.where(item(d.Inbox, "m1", "anna", "hello")).ID, d.where(item(d.Inbox, "m2", "bob", "hello")).ID
	d.OK(d.TryMerge(d.Turn(d.Owner), bob, anna))
	d.became(t, d.did("e1", "bob", "Followed us", "followed"), channel.OutcomeAccepted, "")
	into := d.Get(anna)
	last := d.Timeline(anna, into.LastSeq-1)[0]
	if last.Type != conversation.CustomerEvent || len(into.Windows) != 0 || d.Get(bob).MergedInto != anna {
		t.Errorf("it is in %+v, with %+v", last, into.Windows)
	}
}

func TestRulesWaitForTheFirstWord(t *testing.T) {
	d := newDesk(t)
	sales := d.Team(d.WS, "sales")
	d.rules(
		d.rule("follow", `{"field":"text","op":"contains","value":"Followed"}`, channel.Effects{Priority: "low"}),
		d.rule("price", `{"field":"text","op":"contains","value":"price"}`, channel.Effects{Team: string(sales), Priority: "urgent", Ignore: true}),
	)
	d.limits(nil)
	d.became(t, d.did("e1", "anna", "Followed us", ""), channel.OutcomeAccepted, "")
	found, err := d.fake.OfContact(t.Context(), d.WS, d.Inbox.ID, "anna")
	d.OK(err)
	if found.Priority != "" || d.ruledBy(found.ID) != "" {
		t.Errorf("a rule looks at an event: %+v", found)
	}
	before, timeline := d.Get(found.ID), d.Timeline(found.ID, 0)
	c := d.where(item(d.Inbox, "m1", "anna", "what is the price?"))
	if c.ID != found.ID || c.Team != sales || c.Priority != conversation.Urgent || c.Ignored || !c.InQueue() {
		t.Errorf("it stands as %+v", c)
	}
	d.CheckLaw(before, timeline)
	_, err = d.service.SetPriority(t.Context(), as(d.Owner), c.ID, conversation.Low)
	d.OK(err)
	if again := d.where(item(d.Inbox, "m2", "anna", "the price?")); again.Priority != conversation.Low {
		t.Errorf("a rule comes again: %+v", again)
	}
}
