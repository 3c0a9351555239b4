package conversation_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

var _ channel.Receiver = (*conversation.Service)(nil)

// item is an inbound message.
func item(inbox channel.Inbox, id, sender, text string) channel.Inbound {
	return channel.Inbound{
		Inbox: inbox.ID, External: id, Sender: channel.Person{External: sender, Name: "Customer " + sender}, Content: channel.Content{Text: text},
	}
}

// receive hands items over, which must not fail, and returns the outcomes.
func (d *desk) receive(items ...channel.Inbound) []channel.Result {
	d.Helper()
	got, err := d.service.Receive(d.Context(), d.plugin(), items)
	d.OK(err)
	if len(got) != len(items) {
		d.Fatalf("%d results for %d items", len(got), len(items))
	}
	return got
}

// outcomes are the results without their words.
func outcomes(results []channel.Result) []channel.Outcome {
	out := make([]channel.Outcome, len(results))
	for i, r := range results {
		out[i] = r.Outcome
	}
	return out
}

// of returns the conversation of a sender; nil when there is none.
func (d *desk) of(inbox channel.Inbox, sender string) *conversation.Conversation {
	d.Helper()
	c, err := d.fake.OfContact(d.Context(), inbox.Workspace, inbox.ID, sender)
	d.OK(err)
	return c
}

func TestReceiveOnce(t *testing.T) {
	d := newDesk(t)
	other := d.NewInbox(d.WS, false)
	got := d.receive(
		item(d.Inbox, "m1", "alice", "hello"),
		item(d.Inbox, "m1", "alice", "hello"),
		item(d.Inbox, "m2", "alice", "again"),
		item(other, "m1", "alice", "elsewhere"),
	)
	want := []channel.Outcome{channel.OutcomeAccepted, channel.OutcomeDuplicate, channel.OutcomeAccepted, channel.OutcomeAccepted}
	if !slices.Equal(outcomes(got), want) {
		t.Errorf("outcomes %+v", got)
	}
	// Told again, in other words too: it is the same message.
	got = d.receive(item(d.Inbox, "m1", "alice", "hello"), item(d.Inbox, "m2", "alice", "edited"), item(d.Inbox, "m1", "bob", "hello"))
	for i, r := range got {
		if r.Outcome != channel.OutcomeDuplicate {
			t.Errorf("the repeat %d: %+v", i, r)
		}
	}
	if texts := d.texts(d.of(d.Inbox, "alice").ID); !slices.Equal(texts, []string{"hello", "again"}) {
		t.Errorf("alice's conversation holds %q", texts)
	}
	if c := d.of(d.Inbox, "bob"); c != nil {
		t.Errorf("a duplicate made a conversation: %+v", c)
	}
	if got := d.receive(); len(got) != 0 {
		t.Errorf("nothing gives %+v", got)
	}
}

func TestReceiveKeepsEachSendersOrder(t *testing.T) {
	d := newDesk(t)
	const senders, each = 24, 12
	var items []channel.Inbound
	for n := range each {
		for s := range senders {
			items = append(items, item(d.Inbox, fmt.Sprintf("m%d-%d", s, n), fmt.Sprint("s", s), strconv.Itoa(n)))
		}
	}
	for i, r := range d.receive(items...) {
		if r.Outcome != channel.OutcomeAccepted {
			t.Fatalf("item %d: %+v", i, r)
		}
	}
	for s := range senders {
		c := d.of(d.Inbox, fmt.Sprint("s", s))
		for n, text := range d.texts(c.ID) {
			if text != strconv.Itoa(n) {
				t.Fatalf("sender %d said %q", s, d.texts(c.ID))
			}
		}
		if c.LastSeq != each+2 { // created, queued
			t.Errorf("sender %d has %d changes", s, c.LastSeq)
		}
	}
}

func TestManyAtOnceMakeOneConversation(t *testing.T) {
	d := newDesk(t)
	var wg sync.WaitGroup
	for n := range 8 { // eight calls of the plugin, twice each
		for range 2 {
			wg.Go(func() {
				if _, err := d.service.Receive(t.Context(), d.plugin(), []channel.Inbound{item(d.Inbox, fmt.Sprint("m", n), "alice", "picture")}); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	people, err := d.fake.Contacts.List(t.Context(), d.WS, contact.Filter{Reach: identity.Everywhere()}, page.Request{})
	d.OK(err)
	list, err := d.fake.List(t.Context(), d.WS, conversation.Filter{Reach: identity.Everywhere()}, page.Request{})
	d.OK(err)
	if len(people.Items) != 1 || len(list.Items) != 1 || len(d.texts(list.Items[0].ID)) != 8 {
		t.Errorf("%d contacts, %d conversations, %q", len(people.Items), len(list.Items), d.texts(list.Items[0].ID))
	}
}

func TestWhatIsRejectedStopsNothing(t *testing.T) {
	d := newDesk(t)
	ws, _ := d.Workspace("other@example.com")
	foreign := d.NewInbox(ws, false)
	absent := d.Inbox
	absent.ID = "inb_none"
	long := strings.Repeat("x", 513)
	bad := map[string][]channel.Inbound{
		"external_id": {
			item(d.Inbox, "", "alice", "x"), item(d.Inbox, long, "alice", "x"), item(d.Inbox, "m\x00", "alice", "x"),
			item(d.Inbox, "m\xff", "alice", "x"), item(d.Inbox, "\x00", "alice", "x"),
		},
		"sender": {item(d.Inbox, "b1", "", "x"), item(d.Inbox, "b2", long, "x"), item(d.Inbox, "b3", "alice\x00", "x"), item(d.Inbox, "b4", "\xff", "x")},
		"empty":  {item(d.Inbox, "b5", "alice", ""), item(d.Inbox, "b6", "alice", "\x00\x07")},
		"inbox":  {item(absent, "b8", "alice", "x"), item(foreign, "b9", "alice", "x")},
	}
	var items []channel.Inbound
	var want []string
	n := 0
	for code, list := range bad {
		for _, in := range list {
			n++
			items = append(items, in, item(d.Inbox, fmt.Sprint("good", n), "alice", strconv.Itoa(n)))
			want = append(want, code, "")
		}
	}
	got := d.receive(items...)
	var inbox []channel.Result
	for i, r := range got {
		wanted := channel.OutcomeAccepted
		if want[i] != "" {
			wanted = channel.OutcomeRejected
		}
		if r.Outcome != wanted || r.Code != want[i] || (want[i] != "") != (r.Detail != "") {
			t.Errorf("%.20q of %.20q: %+v, want %q", items[i].External, items[i].Sender.External, r, want[i])
		}
		if want[i] == "inbox" {
			inbox = append(inbox, r)
		}
	}
	if len(inbox) != 2 || inbox[0] != inbox[1] {
		t.Errorf("a foreign inbox can be told from an absent one: %+v", inbox)
	}
	if texts := d.texts(d.of(d.Inbox, "alice").ID); len(texts) != n {
		t.Errorf("%d of %d good ones are in: %q", len(texts), n, texts)
	}
	if c := d.of(foreign, "alice"); c != nil {
		t.Errorf("it came into a foreign workspace: %+v", c)
	}
}

func TestReceiveTakesTheLongestNames(t *testing.T) {
	d := newDesk(t)
	long := strings.Repeat("x", 512)
	if got := d.receive(item(d.Inbox, long, long, strings.Repeat("长", conversation.MaxText))); got[0].Outcome != channel.OutcomeAccepted {
		t.Errorf("%+v", got[0])
	}
}

func TestReceiveMendsTextAndPeople(t *testing.T) {
	d := newDesk(t)
	in := item(d.Inbox, "m1", "alice", "a\x00b\xffc\r\n\td\x1be")
	in.Sender.Name = "Al\x00ice\xff" + strings.Repeat("e", contact.MaxName)
	in.Sender.Attributes = map[string]string{"lang": "zh\x00-CN", "": "dropped", strings.Repeat("k", 65): "dropped", "long": strings.Repeat("长", 1001)}
	for n := range 60 {
		in.Sender.Attributes[fmt.Sprintf("z%02d", n)] = "x"
	}
	d.receive(in)
	c := d.of(d.Inbox, "alice")
	if texts := d.texts(c.ID); !slices.Equal(texts, []string{"ab\uFFFDc\r\n\tde"}) {
		t.Errorf("stored %q", texts)
	}
	who, _, err := d.fake.Contacts.Get(t.Context(), d.WS, c.Contact)
	d.OK(err)
	if !strings.HasPrefix(who.Name, "Alice\uFFFDeee") || len([]rune(who.Name)) != contact.MaxName {
		t.Errorf("name %q", who.Name)
	}
	long, _ := who.Attributes["long"].(string)
	if len(who.Attributes) != contact.MaxAttributes || who.Attributes["lang"] != "zh-CN" || len([]rune(long)) != contact.MaxAttribute {
		t.Errorf("attributes %q", who.Attributes)
	}
	for _, dropped := range []string{"", strings.Repeat("k", 65), "z59"} {
		if _, ok := who.Attributes[dropped]; ok {
			t.Errorf("kept the attribute %q", dropped)
		}
	}
	if who.Attributes["z00"] == "" {
		t.Error("which attributes stay is a matter of luck")
	}
}

func TestReceiveWithTheStoreDown(t *testing.T) {
	d := newDesk(t)
	items := []channel.Inbound{
		item(d.Inbox, "m1", "alice", "one"), item(d.Inbox, "m2", "alice", "two"), item(d.Inbox, "m3", "alice", "three"),
		item(d.Inbox, "m4", "bob", "four"),
	}
	tried, in := 0, 0
	d.store.before = func() error {
		if tried++; tried > 2 {
			return errStoreDown()
		}
		return nil
	}
	d.store.after = func() error { in++; return nil }
	got, err := d.service.Receive(t.Context(), d.plugin(), items)
	if !errs.Is(err, errs.Unavailable) || got != nil {
		t.Fatalf("with the store down: %+v, %v", got, err)
	}
	d.store.before, d.store.after = nil, nil
	duplicates := 0
	for i, r := range d.receive(items...) {
		switch r.Outcome {
		case channel.OutcomeDuplicate:
			duplicates++
		case channel.OutcomeAccepted:
		case channel.OutcomeRejected, channel.OutcomeRetry, channel.OutcomeUnknown:
			t.Errorf("item %d: %+v", i, r)
		}
	}
	if duplicates != in || in == 0 {
		t.Errorf("%d of the repeat count as duplicates, %d were in", duplicates, in)
	}
	if texts := d.texts(d.of(d.Inbox, "alice").ID); !slices.Equal(texts, []string{"one", "two", "three"}) {
		t.Errorf("alice's conversation holds %q", texts)
	}
	// The commit worked and its answer was lost.
	lost := item(d.Inbox, "m5", "carol", "five")
	d.store.after = errStoreDown
	if _, err := d.service.Receive(t.Context(), d.plugin(), []channel.Inbound{lost}); !errs.Is(err, errs.Unavailable) {
		t.Errorf("the answer was lost: %v", err)
	}
	d.store.after = nil
	if got := d.receive(lost); got[0].Outcome != channel.OutcomeDuplicate {
		t.Errorf("the repeat: %+v", got[0])
	}
}

func TestReceiveMovesTheConversation(t *testing.T) {
	d := newDesk(t)
	d.receive(item(d.Inbox, "m1", "alice", "hello"))
	c := d.of(d.Inbox, "alice")
	ch := d.Timeline(c.ID, 0)[1]
	if ch.Actor.Name != "Customer alice" || ch.Actor.ID != string(c.Contact) || ch.Message.ClientID != "m1" || ch.PublicSeq != 1 {
		t.Errorf("the message: %+v", ch)
	}
	d.set(c.ID, conversation.Resolved, d.now())
	d.receive(item(d.Inbox, "m2", "alice", "one more"))
	if got := d.Get(c.ID); !got.InQueue() || got.Assignee != "" {
		t.Errorf("not reopened into the queue: %+v", got)
	}
	law := conversation.Conversation{Workspace: c.Workspace, ID: c.ID}
	for _, ch := range d.Timeline(c.ID, 0) {
		law = conversationtest.Apply(law, ch)
	}
	if got := d.Get(c.ID); law.LastSeq != got.LastSeq || law.LastPublicSeq != got.LastPublicSeq || law.State != got.State {
		t.Errorf("the changes give %+v, the row says %+v", law, got)
	}
}
