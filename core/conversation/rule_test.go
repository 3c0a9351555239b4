package conversation_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/identity"
)

// rules gives the inbox rules, over a channel of mails.
func (d *desk) rules(list ...channel.Rule) {
	d.Helper()
	d.mails()
	_, err := d.fake.Inboxes.UpdateInbox(d.Context(), d.WS, d.Inbox.ID, func(in *channel.Inbox) ([]event.Event, error) {
		in.Rules = channel.Rules{Revision: in.Rules.Revision + 1, List: list}
		return nil, nil
	})
	d.OK(err)
}

// rule is one that is on.
func (d *desk) rule(name, when string, then channel.Effects) channel.Rule {
	d.Helper()
	tree, err := filter.Parse([]byte(when), channel.AllRuleFields())
	d.OK(err)
	return channel.Rule{ID: "rul_" + name, Name: name, Enabled: true, When: tree, Then: then}
}

// ruledBy is what the first change of a conversation says of a rule.
func (d *desk) ruledBy(id conversation.ID) string {
	d.Helper()
	return string(d.Timeline(id, 0)[0].Data)
}

func TestARuleSendsAMailToATeam(t *testing.T) {
	d := newDesk(t)
	sales, vip := d.Team(d.WS, "sales"), d.Label(d.WS, "VIP")
	d.rules(
		d.rule("other", `{"field":"subject","op":"contains","value":"invoice"}`, channel.Effects{Priority: "low"}),
		d.rule("anna", `{"field":"from","op":"is","value":"anna@example.com"}`, channel.Effects{Team: string(sales), Priority: "urgent", Labels: []string{string(vip)}}),
	)
	c := d.where(d.mail("<1>", "anna@example.com", "hello"))
	if c.Team != sales || c.Priority != conversation.Urgent || !slices.Equal(c.Labels, []catalog.LabelID{vip}) || !c.InQueue() || c.WaitingSince.IsZero() {
		t.Errorf("it stands as %+v", c)
	}
	if said := d.ruledBy(c.ID); said != `{"rule":{"id":"rul_anna","name":"anna","revision":1}}` {
		t.Errorf("it says %s", said)
	}
	for _, ch := range d.Timeline(c.ID, 1) {
		if (ch.Type == conversation.PriorityChanged || ch.Type == conversation.Labeled) && ch.Actor.Kind != identity.ActorSystem {
			t.Errorf("%s is %+v's", ch.Type, ch.Actor)
		}
		if ch.Type == conversation.Queued && !strings.Contains(string(ch.Data), string(sales)) {
			t.Errorf("queued as %s", ch.Data)
		}
	}
	// It is the beginning that counts.
	_, err := d.service.SetPriority(t.Context(), as(d.Owner), c.ID, conversation.Low)
	d.OK(err)
	if again := d.where(d.mail("<2>", "anna@example.com", "and?", "<1>")); again.ID != c.ID || again.Priority != conversation.Low {
		t.Errorf("an answer came to %+v", again)
	}
	// Nothing that the others do not ask for.
	if bob := d.where(d.mail("<3>", "bob@example.com", "hello")); bob.Team != "" || bob.Priority != "" || bob.Labels != nil || d.ruledBy(bob.ID) != "" {
		t.Errorf("bob's stands as %+v, by %s", bob, d.ruledBy(bob.ID))
	}
}

func TestWhatIsIgnoredWaitsForNobody(t *testing.T) {
	d := newDesk(t)
	d.acknowledges(nil)
	d.rules(d.rule("news", `{"field":"from_domain","op":"is","value":"news.example"}`, channel.Effects{Ignore: true}))
	c := d.where(d.mail("<1>", "a@news.example", "buy"))
	if !c.Ignored || c.State != conversation.Resolved || c.InQueue() || c.Responder != "" || !c.WaitingSince.IsZero() || c.LastInboundSeq == 0 {
		t.Fatalf("it stands as %+v", c)
	}
	if kinds := d.kinds(c.ID, 0); !slices.Equal(kinds, []conversation.ChangeType{conversation.Created, conversation.MessageCreated}) {
		t.Errorf("it was changed by %v", kinds)
	}
	if c = d.where(d.mail("<2>", "a@news.example", "buy more", "<1>")); !c.Ignored || c.State != conversation.Resolved || !c.WaitingSince.IsZero() {
		t.Errorf("what comes next wakes it: %+v", c)
	}
	if texts := d.texts(c.ID); !slices.Equal(texts, []string{"buy", "buy more"}) {
		t.Errorf("kept are %q", texts)
	}
	if len(d.automatic(c.ID)) > 0 {
		t.Error("it was acknowledged")
	}
	// Somebody looks at it: it is a conversation as any other from then on.
	c, err := d.service.SetState(t.Context(), as(d.agent), c.ID, conversation.Open, d.now())
	d.OK(err)
	if c.Ignored || c.State != conversation.Open || c.Assignee != d.agent.ID {
		t.Errorf("reopened it is %+v", c)
	}
	_, err = d.service.SetState(t.Context(), as(d.agent), c.ID, conversation.Resolved, d.now())
	d.OK(err)
	if c = d.where(d.mail("<3>", "a@news.example", "still", "<1>")); c.State != conversation.Open || !c.InQueue() {
		t.Errorf("after that it is %+v", c)
	}
}

func TestAnEchoEndsIgnoring(t *testing.T) {
	d := newDesk(t)
	d.rules(d.rule("news", `{"and":[]}`, channel.Effects{Ignore: true}))
	c := d.where(d.mail("<1>", anna, "hello"))
	echo := d.mail("<2>", "us@example.com", "we answered from elsewhere", "<1>")
	echo.Echo, echo.Recipient = true, anna
	d.receive(echo)
	if c = d.Get(c.ID); c.Ignored {
		t.Fatalf("it is %+v", c)
	}
	if c = d.where(d.mail("<3>", anna, "thanks", "<2>")); c.State != conversation.Open || !c.InQueue() {
		t.Errorf("her answer wakes nothing: %+v", c)
	}
}

// without is a Targets for whom what is named is gone.
type without []string

func (w without) Faults(_ context.Context, _ identity.WorkspaceID, e channel.Effects) ([]errs.Field, error) {
	var out []errs.Field
	if slices.Contains(w, e.Team) {
		out = append(out, errs.Field{Pointer: channel.AtTeam, Code: "unknown"})
	}
	for i, l := range e.Labels {
		if slices.Contains(w, l) {
			out = append(out, errs.Field{Pointer: fmt.Sprint(channel.AtLabels, "/", i), Code: "unknown"})
		}
	}
	return out, nil
}

func TestWhatIsGoneIsSkippedAndTold(t *testing.T) {
	d := newDesk(t)
	vip := d.Label(d.WS, "VIP")
	d.service.Targets = without{"tea_gone", "lab_gone"}
	d.rules(d.rule("all", `{"and":[]}`, channel.Effects{Team: "tea_gone", Labels: []string{"lab_gone", string(vip)}, Priority: "high"}))
	c := d.where(d.mail("<1>", anna, "hello"))
	if c.Team != "" || c.Priority != conversation.High || !slices.Equal(c.Labels, []catalog.LabelID{vip}) || !c.InQueue() {
		t.Errorf("it stands as %+v", c)
	}
	var said struct {
		Rule struct {
			Skipped []struct{ Pointer, Code string } `json:"skipped"`
		} `json:"rule"`
	}
	d.OK(json.Unmarshal([]byte(d.ruledBy(c.ID)), &said))
	if got := fmt.Sprint(said.Rule.Skipped); got != "[{/team_id unknown} {/label_ids/0 unknown}]" {
		t.Errorf("skipped: %s", got)
	}
}

func TestRulesAreTriedOnWhatCame(t *testing.T) {
	d := newDesk(t)
	d.mails()
	in := d.mail("<1>", anna, "hello")
	in.NoReply, in.Trust = true, channel.Trust{Verdict: channel.Unverified}
	in.Content.Envelope.CC = []channel.Party{{Address: "boss+vip@example.com"}}
	c := d.where(in)
	message := d.Timeline(c.ID, 1)[0].Message
	got, err := d.service.ArrivalOf(t.Context(), as(d.Owner), d.Inbox.ID, c.ID, message.ID)
	d.OK(err)
	want := channel.Arrival{From: anna, To: []string{"us@example.com", "boss+vip@example.com"}, Subject: "Order", Text: "hello", Automatic: true}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	_, err = d.service.ArrivalOf(t.Context(), as(d.Owner), d.Live.ID, c.ID, message.ID)
	d.refused(err, errs.NotFound, errs.As(errs.Absent()).Code)
	_, err = d.service.ArrivalOf(t.Context(), as(d.agent), d.Inbox.ID, c.ID, message.ID)
	if err == nil {
		t.Error("an agent tries rules")
	}
}
