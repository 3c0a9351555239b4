package routing_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/routing"
)

const refund = `{"field":"text","op":"contains","value":"退款"}`

func TestTheFirstRuleThatHoldsRoutes(t *testing.T) {
	d := newDesk(t)
	money := d.Team(d.WS, "money")
	d.queue("que_money", money)
	d.queue("que_rest", "")
	book := d.set(
		rule("refunds", refund, routing.Effects{Queue: "que_money", Priority: conversation.High}),
		rule("rest", "", routing.Effects{Queue: "que_rest"}),
	)
	c := d.writes("anna", "1", "我要退款", nil)
	if c.Queue != "que_money" || c.Team != money || c.Priority != conversation.High || !c.InQueue() || c.Unrouted != 0 {
		t.Errorf("it stands as %+v", c)
	}
	want := fmt.Sprintf(`{"reason":"new","rule":{"id":%q,"name":"refunds","revision":1},"team_id":%q}`, book.List[0].ID, money)
	if said := d.queued(c.ID); said != want {
		t.Errorf("it says %s, want %s", said, want)
	}
	for _, ch := range d.Timeline(c.ID, 0) {
		if (ch.Type == conversation.TeamChanged || ch.Type == conversation.PriorityChanged) && ch.Actor.Kind != identity.ActorSystem {
			t.Errorf("%s is %+v's", ch.Type, ch.Actor)
		}
	}
	if c = d.writes("bob", "2", "hello", nil); c.Queue != "que_rest" || c.Team != "" || c.Priority != "" {
		t.Errorf("bob's stands as %+v", c)
	}
	d.CheckSequences(c.ID)
}

// It is routed once: what comes back later stays where people put it.
func TestOnlyTheFirstTime(t *testing.T) {
	d := newDesk(t)
	d.queue("que_a", "")
	d.queue("que_b", "")
	d.set(rule("all", "", routing.Effects{Queue: "que_a", Priority: conversation.High}))
	c := d.writes("anna", "1", "hello", nil)
	other := queue.ID("que_b")
	_, err := d.talks.Transfer(t.Context(), d.scope(), c.ID, conversation.Destination{Queue: &other})
	d.OK(err)
	_, err = d.talks.SetPriority(t.Context(), d.scope(), c.ID, conversation.Low)
	d.OK(err)
	_, err = d.talks.SetState(t.Context(), d.scope(), c.ID, conversation.Resolved, d.at)
	d.OK(err)
	if c = d.writes("anna", "2", "again", nil); !c.InQueue() || c.Queue != "que_b" || c.Priority != conversation.Low || strings.Contains(d.queued(c.ID), "rule") {
		t.Errorf("what comes back stands as %+v, by %s", c, d.queued(c.ID))
	}
}

// handsOver lets the bot give a conversation to people.
func (d *desk) handsOver(c conversation.Conversation, of string) {
	d.Helper()
	turn, err := d.talks.BeginTurn(d.Context(), conversation.Ref{Workspace: d.WS, ID: c.ID}, d.bot, "claim", d.at.Add(time.Minute))
	d.OK(err)
	d.OK(d.talks.HandOff(d.Context(), turn.BotClaim, conversation.BotHandoff{Team: of, Reason: "asked_for_agent"}))
}

// What a bot answers is routed when it hands over, with what is known by then.
func TestABotsTalkIsRoutedWhenItIsHandedOver(t *testing.T) {
	d := newDesk(t)
	d.botFirst()
	d.queue("que_money", "")
	d.set(rule("angry", `{"and":[{"field":"finding","op":"is","value":"tone.angry"},`+refund+`]}`, routing.Effects{Queue: "que_money", Priority: conversation.Urgent}))
	c := d.writes("anna", "1", "退款", nil)
	if !c.ByBot() || c.Queue != "" || c.Unrouted != conversation.ToRoute {
		t.Fatalf("it stands as %+v", c)
	}
	c = d.writes("anna", "2", "now!", nil)
	last := d.Timeline(c.ID, 0)[c.LastInboundSeq-1]
	_, err := d.talks.Raise(t.Context(), d.WS, conversation.Bot{ID: "pin_2", Name: "Tone"}, c.ID, last.Message.ID, []conversation.Finding{
		{Code: "tone.angry", Level: conversation.FindingNotice, Title: map[string]string{"en": "Angry"}},
	})
	d.OK(err)
	d.handsOver(c, "")
	if c = d.Get(c.ID); c.Queue != "que_money" || c.Priority != conversation.Urgent || !c.InQueue() {
		t.Errorf("it stands as %+v, by %s", c, d.queued(c.ID))
	}
	if said := d.queued(c.ID); !strings.Contains(said, `"handoff":"asked_for_agent"`) || !strings.Contains(said, `"name":"angry"`) {
		t.Error(said)
	}
}

// Where a team was chosen, a queue of another is left out, and one that everybody
// serves leaves it its team.
func TestRoutingKeepsToTheTeamThatWasChosen(t *testing.T) {
	d := newDesk(t)
	sales, money := d.Team(d.WS, "sales"), d.Team(d.WS, "money")
	d.queue("que_money", money)
	d.queue("que_all", "")
	d.queue("que_sales", sales)
	always, err := filter.Parse(nil, channel.AllRuleFields())
	d.OK(err)
	d.inbox(func(in *channel.Inbox) {
		in.Rules = channel.Rules{Revision: 1, List: []channel.Rule{{ID: "rul_in", Name: "in", Enabled: true, When: always, Then: channel.Effects{Team: string(sales)}}}}
	})
	for i, c := range []struct {
		to   queue.ID
		in   queue.ID
		said string
	}{{"que_money", "", `"skipped":[{"pointer":"/queue_id","code":"other_team"}]`}, {"que_all", "que_all", ""}, {"que_sales", "que_sales", ""}} {
		d.set(rule("all", "", routing.Effects{Queue: c.to, Priority: conversation.High}))
		got := d.writes(fmt.Sprint("anna", i), fmt.Sprint("m", i), "hello", nil)
		if got.Queue != c.in || got.Team != sales || got.Priority != conversation.High || !strings.Contains(d.queued(got.ID), c.said) {
			t.Errorf("%s: it stands in %q of %q, by %s", c.to, got.Queue, got.Team, d.queued(got.ID))
		}
	}
	d.inbox(func(in *channel.Inbox) { in.Rules = channel.Rules{} })
	d.botFirst()
	d.set(rule("all", "", routing.Effects{Queue: "que_money"}))
	c := d.writes("bob", "b1", "hello", nil)
	d.handsOver(c, "sales")
	if c = d.Get(c.ID); c.Queue != "" || c.Team != sales {
		t.Errorf("the bot's choice stands as %+v", c)
	}
}

func TestWhatAPersonChoseStays(t *testing.T) {
	d := newDesk(t)
	d.botFirst()
	d.queue("que_a", "")
	d.queue("que_b", "")
	d.set(rule("all", "", routing.Effects{Queue: "que_a", Priority: conversation.High}))
	c := d.writes("anna", "1", "hello", nil)
	_, err := d.talks.SetPriority(t.Context(), d.scope(), c.ID, conversation.Low)
	d.OK(err)
	d.handsOver(c, "")
	if c = d.Get(c.ID); c.Queue != "que_a" || c.Priority != conversation.Low || !strings.Contains(d.queued(c.ID), `"code":"chosen"`) {
		t.Errorf("it stands as %+v, by %s", c, d.queued(c.ID))
	}
	c = d.writes("bob", "2", "hello", nil)
	other := queue.ID("que_b")
	_, err = d.talks.Transfer(t.Context(), d.scope(), c.ID, conversation.Destination{Queue: &other})
	d.OK(err)
	if c = d.Get(c.ID); c.Queue != "que_b" || c.Priority != "" || strings.Contains(d.queued(c.ID), "rule") {
		t.Errorf("it stands as %+v, by %s", c, d.queued(c.ID))
	}
	nobody := identity.MemberID("")
	c = d.writes("carol", "3", "hello", nil)
	_, err = d.talks.Transfer(t.Context(), d.scope(), c.ID, conversation.Destination{Member: &nobody})
	d.OK(err)
	if c = d.Get(c.ID); c.Queue != "que_a" {
		t.Errorf("to people, and nobody said which: %+v", c)
	}
}

// What is gone is left out, and told; a rule that asks about it does not hold.
func TestWhatIsGoneIsSkipped(t *testing.T) {
	d := newDesk(t)
	d.queue("que_a", "")
	d.opens("cal_1")
	d.set(
		rule("closed", `{"field":"open_hours","op":"has_not","value":"cal_1"}`, routing.Effects{Priority: conversation.Low}),
		rule("all", "", routing.Effects{Queue: "que_a", Priority: conversation.High}),
	)
	d.OK(d.calendars.Delete(t.Context(), d.WS, "cal_1"))
	d.OK(d.fake.Queues.Delete(t.Context(), d.WS, "que_a", d.at))
	c := d.writes("anna", "1", "hello", nil)
	if c.Queue != "" || c.Priority != conversation.High || !c.InQueue() || !strings.Contains(d.queued(c.ID), `"skipped":[{"pointer":"/queue_id","code":"unknown"}]`) {
		t.Errorf("it stands as %+v, by %s", c, d.queued(c.ID))
	}
	book, err := d.rules.Rules(t.Context(), d.scope())
	d.OK(err)
	if f := book.Faults[book.List[0].ID]; len(f) != 1 || f[0].Pointer != "/when" || f[0].Code != "gone" {
		t.Errorf("of the business hours: %+v", f)
	}
	if f := book.Faults[book.List[1].ID]; len(f) != 1 || f[0].Pointer != "/then/queue_id" || f[0].Code != "unknown" {
		t.Errorf("of the queue: %+v", f)
	}
}

// Each field is found out of what is there.
func TestWhatRulesFindOut(t *testing.T) {
	d := newDesk(t)
	d.queue("que_a", "")
	d.opens("cal_1")
	d.OK(d.fake.Catalog.CreateAttribute(t.Context(), catalog.Attribute{Workspace: d.WS, ID: "cat_1", Target: catalog.OfContact, Key: "level", Name: "Level", Type: catalog.List, Options: []string{"gold"}, CreatedAt: d.at}))
	d.OK(d.fake.Contacts.AddPageViews(t.Context(), d.WS, string(d.Inbox.ID), "anna", []contact.PageView{
		{At: d.at.Add(-time.Minute), URL: "https://shop.example/prices", Title: "Prices 价格"}, {At: d.at.Add(-time.Hour), URL: "https://shop.example/", Title: "Home"},
	}, 10))
	n := 0
	for when, want := range map[string]bool{
		`{"field":"channel","op":"is","value":"mail"}`:                                     true,
		`{"field":"channel","op":"is","value":"chat"}`:                                     false,
		`{"field":"inbox","op":"is","value":"` + string(d.Inbox.ID) + `"}`:                 true,
		`{"field":"inbox","op":"is","value":"` + string(d.Live.ID) + `"}`:                  false,
		`{"field":"language","op":"is","value":"zh"}`:                                      true,
		`{"field":"language","op":"is","value":"zh-cn"}`:                                   true,
		`{"field":"language","op":"is","value":"en"}`:                                      false,
		`{"field":"contact.attributes.level","op":"is","value":"gold"}`:                    true,
		`{"field":"contact.attributes.level","op":"is_not_set"}`:                           false,
		`{"field":"contact.organisation","op":"is_set"}`:                                   false,
		`{"field":"verified","op":"is","value":true}`:                                      true,
		`{"field":"returning","op":"is","value":false}`:                                    true,
		`{"field":"open_hours","op":"has","value":"cal_1"}`:                                true,
		`{"field":"weekday","op":"is","value":"monday"}`:                                   true,
		`{"field":"hour","op":"between","value":[9,17]}`:                                   true,
		`{"field":"hour","op":"lt","value":9}`:                                             false,
		`{"field":"priority","op":"is_not_set"}`:                                           true,
		`{"field":"finding","op":"is_set"}`:                                                false,
		refund:                                                                             true,
		`{"and":[` + refund + `,{"not":{"field":"text","op":"starts_with","value":"x"}}]}`: true,
	} {
		n++
		d.set(rule("one", when, routing.Effects{Queue: "que_a"}))
		c := d.writes(fmt.Sprint("someone", n), fmt.Sprint("m", n), "我要退款", map[string]string{"locale": "zh-CN", "level": "gold"})
		if got := c.Queue != ""; got != want {
			t.Errorf("%s: %t", when, got)
		}
	}
	d.set(rule("prices", `{"and":[{"field":"page_url","op":"contains","value":"/prices"},{"field":"page_title","op":"contains","value":"价格"}]}`, routing.Effects{Queue: "que_a"}))
	if c := d.writes("anna", "p1", "hello", nil); c.Queue != "que_a" {
		t.Errorf("by the page that she looks at: %+v", c)
	}
	d.set(rule("again", `{"field":"returning","op":"is","value":true}`, routing.Effects{Queue: "que_a"}))
	if c := d.writes("carol", "c1", "hello", nil); c.Queue != "" {
		t.Errorf("she comes for the first time: %+v", c)
	}
}

// What a rule asks for goes with the conversation, until a person says where it
// goes. What nobody can is said beside the rule, and in a trial.
func TestARuleAsksForSkillsAndGivesAValue(t *testing.T) {
	d := newDesk(t)
	d.queue("que_a", "")
	d.queue("que_b", "")
	d.OK(d.fake.Queues.CreateSkill(t.Context(), queue.Skill{Workspace: d.WS, ID: "skl_de", Name: "German"}))
	book := d.set(rule("german", "", routing.Effects{Queue: "que_a", Value: 3, Skills: []routing.Need{{Skill: "skl_de", Level: 4}}}))
	if w := book.Warnings; len(w) != 1 || w[0].Pointer != "/rules/0/then/skills" || w[0].Code != "nobody" {
		t.Errorf("nobody speaks German: %+v", w)
	}
	got, err := d.rules.Try(t.Context(), d.scope(), routing.Facts{})
	d.OK(err)
	if len(got.Serves) != 0 || got.Value != 3 || len(got.Needs) != 1 {
		t.Errorf("a trial says %+v", got.Landing)
	}
	c := d.writes("anna", "1", "Guten Tag", nil)
	if c.Demand.Value != 3 || len(c.Demand.Needs) != 1 || c.Demand.Needs[0] != (queue.Need{Skill: "skl_de", Level: 4}) {
		t.Errorf("it asks for %+v", c.Demand)
	}
	if said := d.queued(c.ID); !strings.Contains(said, `"skills":[{"skill_id":"skl_de","level":4}],"value":3`) {
		t.Errorf("it says %s", said)
	}
	d.OK(d.fake.Queues.SetAbilities(t.Context(), d.WS, d.Owner.ID, []queue.Need{{Skill: "skl_de", Level: 4}}))
	if book, err = d.rules.Rules(t.Context(), d.scope()); err != nil || len(book.Warnings) != 0 {
		t.Errorf("somebody speaks German: %+v, %v", book.Warnings, err)
	}
	if got, err = d.rules.Try(t.Context(), d.scope(), routing.Facts{}); err != nil || len(got.Serves) != 1 {
		t.Errorf("served by %+v, %v", got.Serves, err)
	}
	other := queue.ID("que_b")
	_, err = d.talks.Transfer(t.Context(), d.scope(), c.ID, conversation.Destination{Queue: &other})
	d.OK(err)
	if now := d.Get(c.ID).Demand; len(now.Needs) != 0 || now.Value != 3 {
		t.Errorf("after somebody moved it: %+v", now)
	}
	d.OK(d.fake.Queues.DeleteSkill(t.Context(), d.WS, "skl_de"))
	if book, err = d.rules.Rules(t.Context(), d.scope()); err != nil || len(book.Faults[book.List[0].ID]) != 1 || book.Faults[book.List[0].ID][0].Pointer != "/then/skills/0" {
		t.Errorf("without the skill: %+v, %v", book.Faults, err)
	}
	if c = d.writes("bob", "2", "Hallo", nil); len(c.Demand.Needs) != 0 || c.Queue != "que_a" {
		t.Errorf("bob's asks for %+v", c.Demand)
	}
}

// A trial says that the queue is closed then, and where who comes goes on to.
func TestATrialLooksAtTheHours(t *testing.T) {
	d := newDesk(t)
	d.opens("cal_day")
	d.queue("que_day", "")
	d.queue("que_night", "")
	hours := func(change func(*queue.Queue)) {
		_, err := d.fake.Queues.Change(t.Context(), d.WS, "que_day", func(q *queue.Queue) error {
			change(q)
			return nil
		})
		d.OK(err)
	}
	hours(func(q *queue.Queue) { q.Calendar = "cal_day" })
	d.set(rule("all", "", routing.Effects{Queue: "que_day"}))
	try := func(at time.Time) routing.Landing {
		got, err := d.rules.Try(t.Context(), d.scope(), routing.Facts{At: at})
		d.OK(err)
		return got.Landing
	}
	if at := try(d.at); at.Shut != "" || at.Queue != "que_day" {
		t.Errorf("by day: %+v", at)
	}
	night := d.at.Add(12 * time.Hour)
	if at := try(night); at.Shut != "que_day" || at.Queue != "que_day" || !at.Opens.Equal(d.at.Add(7*24*time.Hour)) {
		t.Errorf("by night: %+v", at)
	}
	hours(func(q *queue.Queue) {
		q.Overflow = queue.Overflow{Queue: "que_night", After: time.Minute}
		q.Outside = queue.Outside{Do: queue.Pass}
	})
	if at := try(night); at.Shut != "que_day" || at.Queue != "que_night" {
		t.Errorf("by night, going on: %+v", at)
	}
}
