package routing_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/routing"
	"github.com/patchbay-im/patchbay/core/team"
)

func TestRulesThatAreRefused(t *testing.T) {
	d := newDesk(t)
	d.queue("que_a", "")
	high := routing.Effects{Priority: conversation.High}
	first := d.set(rule("first", "", high)).List[0].ID
	one := func(when string, then routing.Effects) []routing.Draft { return []routing.Draft{rule("a", when, then)} }
	for name, c := range map[string]struct {
		revision uint64
		zone     string
		drafts   []routing.Draft
		code     string
		pointer  string
	}{
		"no name":        {1, "", []routing.Draft{rule(" ", "", high)}, "routing.rules", "/rules/0/name"},
		"nothing done":   {1, "", []routing.Draft{rule("a", "", high), rule("b", "", routing.Effects{})}, "routing.rules", "/rules/1/then"},
		"no such field":  {1, "", one(`{"and":[`+refund+`,{"field":"subject","op":"is","value":"x"}]}`, high), "routing.rules", "/rules/0/when/and/1/field"},
		"no attribute":   {1, "", one(`{"field":"contact.attributes.level","op":"is","value":"x"}`, high), "routing.rules", "/rules/0/when/field"},
		"wrong operator": {1, "", one(`{"field":"hour","op":"contains","value":"x"}`, high), "routing.rules", "/rules/0/when/op"},
		"bad value":      {1, "", one(`{"field":"weekday","op":"is","value":"someday"}`, high), "routing.rules", "/rules/0/when/value"},
		"no hours":       {1, "", one(`{"not":{"field":"open_hours","op":"has","value":"cal_none"}}`, high), "routing.rules", "/rules/0/when/not/value"},
		"no queue":       {1, "", one("", routing.Effects{Queue: "que_none"}), "routing.rules", "/rules/0/then/queue_id"},
		"no priority":    {1, "", one("", routing.Effects{Priority: "soon"}), "routing.rules", "/rules/0/then/priority"},
		"no skill":       {1, "", one("", routing.Effects{Skills: []routing.Need{{Skill: "skl_none", Level: 1}}}), "routing.rules", "/rules/0/then/skills/0"},
		"no level":       {1, "", one("", routing.Effects{Skills: []routing.Need{{Skill: "skl_none", Level: 6}}}), "routing.rules", "/rules/0/then/skills"},
		"a skill twice":  {1, "", one("", routing.Effects{Skills: []routing.Need{{Skill: "skl_a", Level: 1}, {Skill: "skl_a", Level: 2}}}), "routing.rules", "/rules/0/then/skills"},
		"too worthy":     {1, "", one("", routing.Effects{Value: queue.MaxValue + 1}), "routing.rules", "/rules/0/then/value"},
		"another's id":   {1, "", []routing.Draft{{ID: "rul_other", Name: "a", Then: high}}, "routing.rules", "/rules/0/id"},
		"an id twice":    {1, "", []routing.Draft{{ID: first, Name: "a", Then: high}, {ID: first, Name: "b", Then: high}}, "routing.rules", "/rules/1/id"},
		"too many":       {1, "", make([]routing.Draft, routing.MaxRules+1), "routing.rules", "/rules"},
		"no zone":        {1, "Mars/Olympus", nil, "routing.rules", "/time_zone"},
		"of before":      {0, "", nil, "routing.stale", ""},
	} {
		_, err := d.rules.Set(t.Context(), d.scope(), c.revision, c.zone, c.drafts)
		e := errs.As(err)
		if e == nil || e.Code != c.code || c.pointer != "" && (len(e.Fields) != 1 || e.Fields[0].Pointer != c.pointer) {
			t.Errorf("%s: %v %+v, want %s at %s", name, err, e, c.code, c.pointer)
		}
	}
	other, _ := d.Workspace("other@example.com")
	elsewhere := d.scope()
	elsewhere.Workspace = other
	if _, err := d.rules.Set(t.Context(), elsewhere, 0, "", one("", routing.Effects{Queue: "que_a"})); errs.As(err) == nil || errs.As(err).Code != "routing.rules" {
		t.Error("the queue of another workspace:", err)
	}
	agent := d.scope()
	agent.Actor.Role = identity.RoleAgent
	_, err := d.rules.Set(t.Context(), agent, 1, "", nil)
	d.Fails(err, errs.Forbidden)
	_, err = d.rules.Try(t.Context(), agent, routing.Facts{})
	d.Fails(err, errs.Forbidden)
	_, err = d.rules.TryOn(t.Context(), agent, "cnv_1")
	d.Fails(err, errs.Forbidden)
	if book, err := d.rules.Rules(t.Context(), d.scope()); err != nil || book.Revision != 1 || len(book.List) != 1 || book.Zone != "Asia/Shanghai" {
		t.Errorf("left are %+v, %v", book, err)
	}
}

func TestRulesThatNeverCount(t *testing.T) {
	d := newDesk(t)
	high := routing.Effects{Priority: conversation.High}
	off := rule("off", "", high)
	off.Enabled = false
	book := d.set(
		off,
		rule("night", `{"and":[{"field":"hour","op":"gt","value":22},{"field":"hour","op":"lt","value":6}]}`, high),
		rule("late", `{"field":"hour","op":"gte","value":24}`, high),
		rule("fine", `{"or":[{"field":"hour","op":"gt","value":22},{"field":"hour","op":"lt","value":6}]}`, high),
		rule("all", "", high),
		rule("behind", refund, high),
	)
	var said []string
	for _, w := range book.Warnings {
		said = append(said, w.Pointer+" "+w.Code)
	}
	if want := []string{"/rules/1/when never", "/rules/2/when never", "/rules/5 unreachable"}; !slices.Equal(said, want) {
		t.Errorf("warned of %q, want %q", said, want)
	}
}

// The audit log says what each rule was and is.
func TestChangesAreAudited(t *testing.T) {
	d := newDesk(t)
	d.set(rule("a", refund, routing.Effects{Priority: conversation.High}))
	events, err := d.fake.Feed.Since(t.Context(), string(d.WS), 0, 1000)
	d.OK(err)
	last := events[len(events)-1]
	if last.Type != identity.WorkspaceChanged || last.Audit == nil || last.Audit.Action != "routing.updated" || !strings.Contains(string(last.Audit.Detail), "退款") {
		t.Errorf("%+v %+v", last, last.Audit)
	}
}

func verdicts(o routing.Outcome) string {
	var out []string
	for _, t := range o.Trials {
		holds := make([]bool, len(t.Conditions))
		for i, c := range t.Conditions {
			holds[i] = c.Holds
		}
		out = append(out, fmt.Sprintf("%s holds=%t fires=%t %v", t.Rule.Name, t.Holds, t.Fires, holds))
	}
	return strings.Join(out, "; ")
}

func TestTrials(t *testing.T) {
	d := newDesk(t)
	money := d.Team(d.WS, "money", d.Owner.ID)
	d.queue("que_money", money)
	d.opens("cal_1")
	d.set(
		rule("closed", `{"field":"open_hours","op":"has_not","value":"cal_1"}`, routing.Effects{Priority: conversation.Low}),
		rule("refunds", `{"and":[`+refund+`,{"field":"hour","op":"is","value":9}]}`, routing.Effects{Queue: "que_money"}),
	)
	got, err := d.rules.Try(t.Context(), d.scope(), routing.Facts{Text: "退款"})
	if err != nil || verdicts(got) != "closed holds=false fires=false [false]; refunds holds=true fires=true [true true]" ||
		got.Queue != "que_money" || got.Team != money || !slices.Equal(got.Serves, []identity.MemberID{d.Owner.ID}) {
		t.Errorf("%s %+v, %v", verdicts(got), got.Landing, err)
	}
	got, err = d.rules.Try(t.Context(), d.scope(), routing.Facts{Text: "退款", At: time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)})
	if err != nil || !got.Trials[0].Fires || got.Priority != conversation.Low || got.Queue != "" {
		t.Errorf("on Tuesday: %s %+v, %v", verdicts(got), got.Landing, err)
	}
	sales := d.Team(d.WS, "sales")
	got, err = d.rules.Try(t.Context(), d.scope(), routing.Facts{Text: "退款", Team: sales})
	if err != nil || got.Queue != "" || got.Team != sales || len(got.Skipped) != 1 || len(got.Serves) != 0 {
		t.Errorf("of another team: %+v, %v", got.Landing, err)
	}
	_, err = d.rules.Try(t.Context(), d.scope(), routing.Facts{Inbox: "inb_none"})
	d.Fails(err, errs.Invalid)
	_, err = d.F.Teams.Change(t.Context(), d.WS, sales, func(x *team.Team) error { x.Inboxes = []string{string(d.Inbox.ID)}; return nil })
	d.OK(err)
	got, err = d.rules.Try(t.Context(), d.scope(), routing.Facts{Inbox: d.Inbox.ID, Text: "hello"})
	if err != nil || got.Team != sales || got.Facts.Channel != routing.Mail || got.Facts.Team != sales {
		t.Errorf("no rule holds: %+v, %v", got, err)
	}

	c := d.writes("anna", "1", "我要退款", nil)
	got, err = d.rules.TryOn(t.Context(), d.scope(), c.ID)
	if err != nil || verdicts(got) != "closed holds=false fires=false [false]; refunds holds=true fires=true [true true]" || got.Queue != "que_money" || got.Facts.Text != "我要退款" {
		t.Errorf("of hers: %s %+v, %v", verdicts(got), got, err)
	}
	_, err = d.rules.TryOn(t.Context(), d.scope(), "cnv_none")
	d.Fails(err, errs.NotFound)
}

// What is kept is what was said.
func TestRulesAreKept(t *testing.T) {
	d := newDesk(t)
	book := d.set(rule("a", `{"and":[`+refund+`]}`, routing.Effects{Priority: conversation.High}))
	var when map[string]string
	if err := json.Unmarshal(book.List[0].When, &when); err != nil || when["field"] != "text" || book.Revision != 1 || !strings.HasPrefix(book.List[0].ID, "rul_") {
		t.Errorf("%+v, %v", book.List[0], err)
	}
	kept := book.List[0].ID
	book = d.set(routing.Draft{ID: kept, Name: "b", When: book.List[0].When, Then: book.List[0].Then})
	if book.Revision != 2 || book.List[0].ID != kept || book.List[0].Enabled || book.List[0].Name != "b" {
		t.Errorf("%+v", book)
	}
}
