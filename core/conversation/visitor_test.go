package conversation_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/channeltest"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
)

// welcoming makes the policy answer so.
func (d *desk) welcoming(a channel.SessionAnswer) {
	d.plugins.OnOpenSession = func(channel.Inbox, channel.SessionRequest) (channel.SessionAnswer, error) { return a, nil }
}

// down stops the plugin.
func (d *desk) down() {
	d.plugins.OnOpenSession = func(channel.Inbox, channel.SessionRequest) (channel.SessionAnswer, error) {
		return channel.SessionAnswer{}, channeltest.Down()
	}
}

// open lets a visitor in, which must be possible.
func (d *desk) open(token string) conversation.Welcome {
	d.Helper()
	if d.plugins.OnOpenSession == nil {
		d.welcoming(channel.SessionAnswer{Allow: true, Name: "Guest"})
	}
	w, err := d.service.OpenSession(d.Context(), d.Live.ID, conversation.Knock{Token: token})
	d.OK(err)
	return w
}

// reconfigure changes the live inbox.
func (d *desk) reconfigure(change func(*channel.Inbox)) {
	d.Helper()
	inbox, err := d.fake.Inboxes.UpdateInbox(d.Context(), d.WS, d.Live.ID, func(i *channel.Inbox) ([]event.Event, error) {
		change(i)
		return nil, nil
	})
	d.OK(err)
	d.Live = inbox
}

func TestOpenSession(t *testing.T) {
	d := newDesk(t)
	var asked channel.SessionRequest
	d.plugins.OnOpenSession = func(inbox channel.Inbox, r channel.SessionRequest) (channel.SessionAnswer, error) {
		if inbox.ID != d.Live.ID {
			t.Errorf("asked about %s", inbox.ID)
		}
		asked = r
		return channel.SessionAnswer{
			Allow: true, Name: "Al\x00ice", Attributes: map[string]string{"plan": "gold", "locale": "fr"},
			Settings: json.RawMessage(`{"title":"Shop"}`),
		}, nil
	}
	w, err := d.service.OpenSession(t.Context(), d.Live.ID, conversation.Knock{Request: channel.SessionRequest{
		EmbedOrigin: "https://shop.example", PageURL: "https://shop.example/tea", PageTitle: "T\x00ea", Referrer: "", Locale: "zh-CN",
	}})
	d.OK(err)
	v := w.Visitor
	if asked.Session != string(v.ID) || asked.Resumed || asked.EmbedOrigin != "https://shop.example" {
		t.Errorf("the policy was asked %+v", asked)
	}
	if w.Resumed || v.Workspace != d.WS || v.Inbox != d.Live.ID || v.Name != "Alice" || v.Locale != "zh-CN" || string(w.Policy.Settings) != `{"title":"Shop"}` {
		t.Errorf("welcome %+v", w)
	}
	if !v.ExpiresAt.Equal(d.now().Add(conversation.VisitorTTL)) {
		t.Errorf("expires at %v", v.ExpiresAt)
	}
	want := map[string]string{"plan": "gold", "locale": "fr", "page_url": "https://shop.example/tea", "page_title": "Tea"}
	if fmt.Sprint(v.Attributes) != fmt.Sprint(want) {
		t.Errorf("attributes %v, want %v: what the policy says counts", v.Attributes, want)
	}
	stored, err := d.fake.Visitor(t.Context(), v.ID)
	d.OK(err)
	if stored.TokenHash == "" || strings.Contains(fmt.Sprint(stored), w.Token) || len(w.Token) < 60 {
		t.Errorf("the token %q is stored as %q", w.Token, stored.TokenHash)
	}
	got, err := d.service.Authenticate(t.Context(), d.Live.ID, w.Token)
	if err != nil || got.ID != v.ID {
		t.Errorf("the token opens %+v, %v", got, err)
	}
	if other := d.open(""); other.Token == w.Token || other.Visitor.ID == v.ID {
		t.Error("two visitors are one")
	}
}

func TestAVisitorKeepsNoMoreThanAContact(t *testing.T) {
	d := newDesk(t)
	many := map[string]string{}
	for n := range contact.MaxAttributes {
		many[fmt.Sprintf("a%02d", n)] = "x"
	}
	d.welcoming(channel.SessionAnswer{Allow: true, Attributes: many})
	w, err := d.service.OpenSession(t.Context(), d.Live.ID, conversation.Knock{Request: channel.SessionRequest{PageURL: "https://x.example", Locale: "en"}})
	d.OK(err)
	if len(w.Visitor.Attributes) != contact.MaxAttributes {
		t.Errorf("%d attributes", len(w.Visitor.Attributes))
	}
}

func TestResumeSession(t *testing.T) {
	d := newDesk(t)
	w := d.open("")
	d.pass(24 * time.Hour)
	d.plugins.OnOpenSession = func(_ channel.Inbox, r channel.SessionRequest) (channel.SessionAnswer, error) {
		if !r.Resumed || r.Session != string(w.Visitor.ID) {
			t.Errorf("the policy was asked %+v", r)
		}
		return channel.SessionAnswer{Allow: true, Name: "Somebody else"}, nil
	}
	got := d.open(w.Token)
	if !got.Resumed || got.Visitor.ID != w.Visitor.ID || got.Token != w.Token || !got.Visitor.ExpiresAt.Equal(w.Visitor.ExpiresAt) || got.Visitor.Name != "Guest" {
		t.Errorf("resumed as %+v", got)
	}
}

func TestRenewalNearTheEnd(t *testing.T) {
	d := newDesk(t)
	w := d.open("")
	d.pass(60*24*time.Hour - time.Second)
	if got := d.open(w.Token); got.Token != w.Token {
		t.Error("renewed too early")
	}
	d.pass(time.Second)
	got := d.open(w.Token)
	if !got.Resumed || got.Token == w.Token || got.Visitor.ID != w.Visitor.ID || !got.Visitor.ExpiresAt.Equal(d.now().Add(conversation.VisitorTTL)) {
		t.Errorf("not renewed: %+v", got)
	}
	if _, err := d.service.Authenticate(t.Context(), d.Live.ID, got.Token); err != nil {
		t.Errorf("the new token: %v", err)
	}
	// Another tab has the old token still: it gets the same new one, and for a
	// minute the old one works.
	for range 2 {
		if tab := d.open(w.Token); !tab.Resumed || tab.Token != got.Token {
			t.Errorf("the other tab got %+v", tab)
		}
	}
	d.pass(time.Minute - time.Second)
	if _, err := d.service.Authenticate(t.Context(), d.Live.ID, w.Token); err != nil {
		t.Errorf("the old token within the minute: %v", err)
	}
	d.pass(time.Second)
	_, err := d.service.Authenticate(t.Context(), d.Live.ID, w.Token)
	d.refused(err, errs.Unauthenticated, "visitor.token_invalid")
	if late := d.open(w.Token); late.Resumed {
		t.Errorf("the old token opens %+v", late)
	}
	if again := d.open(got.Token); !again.Resumed || again.Token != got.Token {
		t.Errorf("the new token opens %+v", again)
	}
}

func TestTabsThatRenewAtOnce(t *testing.T) {
	d := newDesk(t)
	w := d.open("")
	d.pass(80 * 24 * time.Hour)
	tokens := make([]string, 8)
	var wg sync.WaitGroup
	for i := range tokens {
		wg.Go(func() {
			got, err := d.service.OpenSession(t.Context(), d.Live.ID, conversation.Knock{Token: w.Token})
			if err != nil {
				t.Error(err)
			}
			tokens[i] = got.Token
		})
	}
	wg.Wait()
	for _, token := range tokens {
		if token != tokens[0] || token == w.Token {
			t.Errorf("the tabs have %q", tokens)
			break
		}
	}
	d.pass(time.Hour)
	if got := d.open(tokens[0]); !got.Resumed {
		t.Error("the token they share is not valid")
	}
}

func TestTokensThatOpenNothing(t *testing.T) {
	d := newDesk(t)
	w, stranger := d.open(""), d.open("")
	elsewhere := d.NewInbox(d.WS, true)
	abroad, err := d.service.OpenSession(t.Context(), elsewhere.ID, conversation.Knock{})
	d.OK(err)
	id, secret, _ := strings.Cut(w.Token, ".")
	otherID, _, _ := strings.Cut(stranger.Token, ".")
	for name, token := range map[string]string{
		"rubbish":                      "rubbish",
		"no secret":                    id + ".",
		"another secret":               id + "." + strings.Repeat("A", len(secret)),
		"another visitor's id":         otherID + "." + secret,
		"an id that does not exist":    "vis_none." + secret,
		"of another inbox":             abroad.Token,
		"longer than any":              w.Token + strings.Repeat("A", 200),
		"with a NUL":                   "\x00" + w.Token,
		"broken UTF-8":                 "\xff" + w.Token,
		"with a line break at the end": w.Token + "\n",
		"the stored hash":              id + "." + w.Visitor.TokenHash,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := d.service.Authenticate(t.Context(), d.Live.ID, token)
			d.refused(err, errs.Unauthenticated, "visitor.token_invalid")
			if got := d.open(token); got.Resumed || got.Visitor.ID == w.Visitor.ID {
				t.Errorf("opens %+v", got)
			}
		})
	}
	_, err = d.service.Authenticate(t.Context(), d.Live.ID, "")
	d.refused(err, errs.Unauthenticated, "visitor.token_invalid")

	d.pass(conversation.VisitorTTL - time.Second)
	if _, err := d.service.Authenticate(t.Context(), d.Live.ID, w.Token); err != nil {
		t.Errorf("a second before its end: %v", err)
	}
	d.pass(time.Second)
	_, err = d.service.Authenticate(t.Context(), d.Live.ID, w.Token)
	d.refused(err, errs.Unauthenticated, "visitor.token_invalid")
	if got := d.open(w.Token); got.Resumed || got.Visitor.ID == w.Visitor.ID {
		t.Errorf("an expired token resumes %+v", got)
	}
}

func TestAStoreThatIsDownCostsNobodyTheirSession(t *testing.T) {
	d := newDesk(t)
	w := d.open("")
	d.plugins.OnOpenSession = nil // is not even asked
	d.kept.failing = errStoreDown()
	if _, err := d.service.OpenSession(t.Context(), d.Live.ID, conversation.Knock{Token: w.Token}); !errs.Is(err, errs.Unavailable) {
		t.Errorf("with the store down: %v", err)
	}
	d.kept.failing = nil
	if got := d.open(w.Token); !got.Resumed {
		t.Error("the session is lost")
	}
}

func TestOnlyEnabledLiveInboxesLetIn(t *testing.T) {
	d := newDesk(t)
	w := d.open("")
	d.plugins.OnOpenSession = nil
	for _, id := range []channel.InboxID{"inb_none", "", d.Inbox.ID} {
		_, err := d.service.OpenSession(t.Context(), id, conversation.Knock{})
		d.refused(err, errs.NotFound, "not_found")
	}
	d.reconfigure(func(i *channel.Inbox) { i.Enabled = false })
	_, err := d.service.OpenSession(t.Context(), d.Live.ID, conversation.Knock{Token: w.Token})
	d.refused(err, errs.NotFound, "not_found")
	_, err = d.service.VisitorSend(t.Context(), w.Visitor, conversation.VisitorPost{ClientID: "m1", Text: "hello"})
	d.refused(err, errs.NotFound, "not_found")
}

func TestRefusedByThePolicy(t *testing.T) {
	d := newDesk(t)
	for reason, want := range map[string]string{
		"":                        "This chat is not available here.",
		"\x00\x01":                "This chat is not available here.",
		"Not on\x00 this site.":   "Not on this site.",
		strings.Repeat("长", 5000): strings.Repeat("长", 299) + "…",
	} {
		var session string
		d.plugins.OnOpenSession = func(_ channel.Inbox, r channel.SessionRequest) (channel.SessionAnswer, error) {
			session = r.Session
			return channel.SessionAnswer{Reason: reason}, nil
		}
		_, err := d.service.OpenSession(t.Context(), d.Live.ID, conversation.Knock{})
		d.refused(err, errs.Forbidden, "visitor.refused")
		if got := errs.As(err).Message; got != want {
			t.Errorf("%.20q is told as %.20q", reason, got)
		}
		if _, err := d.fake.Visitor(t.Context(), conversation.VisitorID(session)); !errs.Is(err, errs.NotFound) {
			t.Errorf("a session was made all the same: %v", err)
		}
	}
	if d.kept.policies != 0 {
		t.Error("a refusal is kept as the inbox's policy")
	}
	broken := errs.New(errs.Invalid, "plugin.refused", "The plugin refused.")
	d.plugins.OnOpenSession = func(channel.Inbox, channel.SessionRequest) (channel.SessionAnswer, error) {
		return channel.SessionAnswer{Allow: true}, broken
	}
	if _, err := d.service.OpenSession(t.Context(), d.Live.ID, conversation.Knock{}); !errors.Is(err, broken) {
		t.Errorf("an answer with an error: %v", err)
	}
}

func TestLastKnownPolicy(t *testing.T) {
	d := newDesk(t)
	knock := func(origin string) (conversation.Welcome, error) {
		return d.service.OpenSession(t.Context(), d.Live.ID, conversation.Knock{Request: channel.SessionRequest{EmbedOrigin: origin}})
	}
	d.down()
	if _, err := knock("https://shop.example"); !errs.Is(err, errs.Unavailable) {
		t.Errorf("with nothing known: %v", err)
	}
	d.welcoming(channel.SessionAnswer{
		Allow: true, Name: "Alice", Attributes: map[string]string{"plan": "gold"},
		Settings: json.RawMessage(`{"title":"Shop"}`), Origins: []string{"https://shop.example"},
	})
	for range 3 {
		_, err := knock("https://shop.example")
		d.OK(err)
	}
	if d.kept.policies != 1 {
		t.Errorf("the same policy was kept %d times", d.kept.policies)
	}

	d.down()
	w, err := knock("HTTPS://Shop.example")
	d.OK(err)
	if w.Visitor.Name != "" || w.Visitor.Attributes["plan"] != "" || string(w.Policy.Settings) != `{"title":"Shop"}` {
		t.Errorf("with the plugin down: %+v", w)
	}
	for _, origin := range []string{"", "null", "https://evil.example", "https://shop.example.evil.example", "http://shop.example"} {
		_, err := knock(origin)
		d.refused(err, errs.Forbidden, "visitor.refused")
	}
	_, err = d.service.OpenSession(t.Context(), d.Live.ID, conversation.Knock{Token: w.Token}) // an earlier session is no pass
	d.refused(err, errs.Forbidden, "visitor.refused")

	// A plugin that is there and says no is not overruled by what it said before.
	d.plugins.OnOpenSession = func(channel.Inbox, channel.SessionRequest) (channel.SessionAnswer, error) {
		return channel.SessionAnswer{}, errs.New(errs.Invalid, "plugin.refused", "The plugin refused.")
	}
	_, err = knock("https://shop.example")
	d.refused(err, errs.Invalid, "plugin.refused")
}

func TestATightenedConfigurationIsNotAnsweredFromBefore(t *testing.T) {
	d := newDesk(t)
	d.welcoming(channel.SessionAnswer{Allow: true})
	d.open("")
	d.reconfigure(func(i *channel.Inbox) {
		i.Config, i.ConfigRevision = json.RawMessage(`{"allowed_origins":["https://a.example"]}`), 2
	})
	d.down()
	_, err := d.service.OpenSession(t.Context(), d.Live.ID, conversation.Knock{Request: channel.SessionRequest{EmbedOrigin: "https://evil.example"}})
	d.Fails(err, errs.Unavailable)
	if _, err := d.service.Policy(t.Context(), d.Live); !errs.Is(err, errs.Unavailable) {
		t.Errorf("the widget's page is answered from before: %v", err)
	}
	d.welcoming(channel.SessionAnswer{Allow: true, Origins: []string{"https://a.example"}})
	d.open("")
	d.down()
	if p, err := d.service.Policy(t.Context(), d.Live); err != nil || !slices.Equal(p.Origins, []string{"https://a.example"}) {
		t.Errorf("the new policy: %+v, %v", p, err)
	}
}

func TestPolicyAsksOnceItKnowsNothing(t *testing.T) {
	d := newDesk(t)
	d.welcoming(channel.SessionAnswer{Settings: json.RawMessage(`{"title":"Shop"}`), Origins: []string{"https://shop.example"}})
	p, err := d.service.Policy(t.Context(), d.Live)
	if err != nil || string(p.Settings) != `{"title":"Shop"}` || len(p.Origins) != 1 {
		t.Errorf("asked: %+v, %v", p, err)
	}
	d.welcoming(channel.SessionAnswer{Allow: true, Settings: json.RawMessage(`{"title":"Kept"}`)})
	d.open("")
	d.plugins.OnOpenSession = nil
	if p, err := d.service.Policy(t.Context(), d.Live); err != nil || string(p.Settings) != `{"title":"Kept"}` {
		t.Errorf("known: %+v, %v", p, err)
	}
}

func TestVisitorSendIsIdempotent(t *testing.T) {
	d := newDesk(t)
	v, other := d.open("").Visitor, d.open("").Visitor
	if c, err := d.service.VisitorConversation(t.Context(), v); c != nil || err != nil {
		t.Errorf("before the first message: %+v, %v", c, err)
	}
	send := func(v conversation.Visitor, id, text string) conversation.Posted {
		t.Helper()
		p, err := d.service.VisitorSend(t.Context(), v, conversation.VisitorPost{ClientID: id, Text: text})
		d.OK(err)
		return p
	}
	first := send(v, "m1", "hello")
	again := send(v, "m1", "hello")
	if first.Replayed || !again.Replayed {
		t.Errorf("replayed %v, then %v", first.Replayed, again.Replayed)
	}
	conversationtest.Same(d.World, again.Change, first.Change)
	_, err := d.service.VisitorSend(t.Context(), v, conversation.VisitorPost{ClientID: "m1", Text: "another"})
	d.refused(err, errs.Invalid, "message.client_id_reused")
	if p := send(other, "m1", "hi"); p.Replayed || p.Change.Conversation == first.Change.Conversation {
		t.Errorf("two visitors share an id or a conversation: %+v", p)
	}
	if p := send(v, "m2", "hello"); p.Replayed || p.Change.Conversation != first.Change.Conversation || p.Change.PublicSeq != 2 {
		t.Errorf("the second message: %+v", p)
	}
	if got := d.texts(first.Change.Conversation); !slices.Equal(got, []string{"hello", "hello"}) {
		t.Errorf("the conversation holds %q", got)
	}
	// A session that was renewed is still the same sender.
	d.store.after = errStoreDown
	if _, err := d.service.VisitorSend(t.Context(), v, conversation.VisitorPost{ClientID: "m3", Text: "lost answer"}); !errs.Is(err, errs.Unavailable) {
		t.Errorf("the answer was lost: %v", err)
	}
	d.store.after = nil
	if p := send(v, "m3", "lost answer"); !p.Replayed || p.Change.Message == nil || p.Change.Message.Text != "lost answer" {
		t.Errorf("the repeat: %+v", p)
	}
}

func TestTheFirstMessageAtOnceFromManyTabs(t *testing.T) {
	d := newDesk(t)
	v := d.open("").Visitor
	var fresh atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			p, err := d.service.VisitorSend(t.Context(), v, conversation.VisitorPost{ClientID: "m1", Text: "hello"})
			if err != nil {
				t.Error(err)
			} else if !p.Replayed {
				fresh.Add(1)
			}
		})
	}
	wg.Wait()
	c, err := d.service.VisitorConversation(t.Context(), v)
	d.OK(err)
	if fresh.Load() != 1 || len(d.texts(c.ID)) != 1 {
		t.Errorf("%d were new, stored %q", fresh.Load(), d.texts(c.ID))
	}
}

func TestVisitorTextRules(t *testing.T) {
	d := newDesk(t)
	v := d.open("").Visitor
	d.limited(70)
	for text, code := range map[string]string{
		"":                        "message.text_empty",
		"a\x00b":                  "message.text_control",
		"\xff":                    "message.text_encoding",
		strings.Repeat("长", 71):   "message.text_too_long",
		strings.Repeat("长", 9999): "message.text_too_long",
	} {
		_, err := d.service.VisitorSend(t.Context(), v, conversation.VisitorPost{ClientID: "m1", Text: text})
		d.refused(err, errs.Invalid, code)
	}
	_, err := d.service.VisitorSend(t.Context(), v, conversation.VisitorPost{ClientID: "", Text: "hello"})
	d.refused(err, errs.Invalid, "message.client_id")
	if c, err := d.service.VisitorConversation(t.Context(), v); c != nil || err != nil {
		t.Errorf("a refused message made %+v, %v", c, err)
	}
	if _, err := d.service.VisitorSend(t.Context(), v, conversation.VisitorPost{ClientID: "m1", Text: strings.Repeat("长", 70)}); err != nil {
		t.Errorf("as long as the channel takes: %v", err)
	}
}

func TestVisitorsSeeNothingOfTheHouse(t *testing.T) {
	d := newDesk(t)
	v := d.open("").Visitor
	if changes, c, err := d.service.VisitorChanges(t.Context(), v, 0, 100); changes != nil || c != nil || err != nil {
		t.Errorf("before the first message: %v, %v, %v", changes, c, err)
	}
	p, err := d.service.VisitorSend(t.Context(), v, conversation.VisitorPost{ClientID: "m1", Text: "hello"})
	d.OK(err)
	id := p.Change.Conversation
	d.post(d.agent, id, conversation.Note, "n1", "private one")
	d.assign(id, d.Owner.ID)
	d.assign(id, "") // internal
	d.post(d.agent, id, conversation.Text, "a1", "answer")
	d.post(d.agent, id, conversation.Note, "n2", "private two")
	d.set(id, conversation.Snoozed, d.now().Add(time.Hour))
	d.set(id, conversation.Open, time.Time{})
	d.set(id, conversation.Resolved, time.Time{})
	_, err = d.service.VisitorSend(t.Context(), v, conversation.VisitorPost{ClientID: "m2", Text: "one more"})
	d.OK(err)

	want := []conversation.ChangeType{
		conversation.MessageCreated, conversation.Assigned, conversation.Assigned, conversation.MessageCreated,
		conversation.ResolvedChange, conversation.Reopened, conversation.MessageCreated,
	}
	all, c, err := d.service.VisitorChanges(t.Context(), v, 0, 100)
	d.OK(err)
	equal(t, types(all), want)
	if c.LastPublicSeq != uint64(len(want)) {
		t.Errorf("the last public seq is %d", c.LastPublicSeq)
	}
	for i, ch := range all {
		if ch.PublicSeq != uint64(i+1) {
			t.Errorf("change %d has the public number %d: something hidden shows", i, ch.PublicSeq)
		}
		if ch.Message != nil && (ch.Message.Kind == conversation.Note || strings.Contains(ch.Message.Text, "private")) {
			t.Errorf("the visitor sees %+v", ch.Message)
		}
	}
	for after := range uint64(len(want) + 2) {
		part, _, err := d.service.VisitorChanges(t.Context(), v, after, 2)
		d.OK(err)
		first := min(int(after), len(want))
		equal(t, types(part), want[first:min(first+2, len(want))])
	}
	stranger := d.open("").Visitor
	if changes, c, err := d.service.VisitorChanges(t.Context(), stranger, 0, 100); changes != nil || c != nil || err != nil {
		t.Errorf("a stranger sees %v, %v, %v", changes, c, err)
	}
}
