package view_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/team"
	"github.com/patchbay-im/patchbay/core/view"
	"github.com/patchbay-im/patchbay/core/view/viewtest"
)

// desk is a workspace with two agents, of whom one is in a team, and a supervisor.
type desk struct {
	*conversationtest.World
	views      *view.Service
	attributes []catalog.Attribute

	agent, mate, boss identity.Scope
}

func (d *desk) Attributes(context.Context, identity.WorkspaceID, catalog.Target) ([]catalog.Attribute, error) {
	return d.attributes, nil
}

func (d *desk) TeamsOf(_ context.Context, _ identity.WorkspaceID, m identity.MemberID) ([]team.ID, error) {
	if m == d.agent.Member() {
		return []team.ID{"tea_1"}, nil
	}
	return nil, nil
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	f := viewtest.NewFake(conversationtest.NewFake())
	d := &desk{World: conversationtest.NewWorld(t, f.Fixture())}
	d.OK(f.Teams.Create(t.Context(), team.Team{Workspace: d.WS, ID: "tea_1", Name: "Sales", CreatedAt: d.Tick(), UpdatedAt: d.Tick()}))
	d.OK(f.Queues.Create(t.Context(), queue.Queue{Workspace: d.WS, ID: "que_1", Name: "Sales", Team: "tea_1", Revision: 1, CreatedAt: d.Tick(), UpdatedAt: d.Tick()}))
	scope := func(email string, role identity.Role) identity.Scope {
		m := d.Member(d.WS, email, email, 5)
		return identity.Scope{Workspace: d.WS, Actor: identity.Actor{Kind: identity.ActorMember, ID: string(m.ID), Name: m.Name, Role: role}}
	}
	d.agent, d.mate = scope("agent@example.com", identity.RoleAgent), scope("mate@example.com", identity.RoleAgent)
	d.boss = scope("boss@example.com", identity.RoleSupervisor)
	d.views = view.NewService(view.Deps{Store: f, Lister: f, Definitions: d, Teams: d, Now: func() time.Time { return d.Tick() }})
	return d
}

func draft(name string, scope view.Visibility, teams ...string) view.Draft {
	out := view.Draft{Name: &name, Scope: &scope}
	if len(teams) > 0 {
		out.Team = &teams[0]
	}
	return out
}

func TestWhoMayDoWhatWithViews(t *testing.T) {
	d := newDesk(t)
	ctx := t.Context()
	mine, err := d.views.Create(ctx, d.agent, draft("mine", view.Personal))
	d.OK(err)
	teams, err := d.views.Create(ctx, d.boss, draft("the team's", view.OfTeam, "tea_1"))
	d.OK(err)
	all, err := d.views.Create(ctx, d.boss, draft("everybody's", view.Workspace))
	d.OK(err)
	for _, refused := range []view.Draft{draft("x", view.Workspace), draft("x", view.OfTeam, "tea_1")} {
		_, err := d.views.Create(ctx, d.agent, refused)
		d.Fails(err, errs.Forbidden)
		_, err = d.views.Update(ctx, d.agent, mine.ID, refused)
		d.Fails(err, errs.Forbidden)
	}
	for who, sees := range map[*identity.Scope][]bool{&d.agent: {true, true, true}, &d.mate: {false, false, true}, &d.boss: {false, true, true}} {
		for i, v := range []view.View{mine, teams, all} {
			if _, err := d.views.Get(ctx, *who, v.ID); (err == nil) != sees[i] || err != nil && !errs.Is(err, errs.NotFound) {
				t.Errorf("%s opens %q: %v", who.Actor.Name, v.Name, err)
			}
			_, err := d.views.Find(ctx, *who, view.Ask{View: string(v.ID)}, page.Request{})
			if (err == nil) != sees[i] {
				t.Errorf("%s lists %q: %v", who.Actor.Name, v.Name, err)
			}
		}
	}
	name := "renamed"
	_, err = d.views.Update(ctx, d.agent, all.ID, view.Draft{Name: &name})
	d.Fails(err, errs.Forbidden)
	d.Fails(d.views.Delete(ctx, d.agent, teams.ID), errs.Forbidden)
	d.Fails(d.views.Delete(ctx, d.boss, mine.ID), errs.NotFound)
	got, err := d.views.Update(ctx, d.agent, mine.ID, view.Draft{Name: &name})
	if err != nil || got.Name != name || got.Owner != string(d.agent.Member()) {
		t.Errorf("one's own becomes %+v, %v", got, err)
	}
	d.OK(d.views.Delete(ctx, d.agent, mine.ID))
	list, err := d.views.List(ctx, d.agent)
	if err != nil || len(list) != 2 {
		t.Errorf("the agent sees %d, %v", len(list), err)
	}
}

func TestWhatAViewMayNotBe(t *testing.T) {
	d := newDesk(t)
	text := func(s string) *string { return &s }
	sort, position, columns := view.Sort("best"), -5, []string{""}
	for name, x := range map[string]struct {
		d       view.Draft
		pointer string
	}{
		"no name": {view.Draft{}, "/name"}, "a name of spaces": {view.Draft{Name: text("  ")}, "/name"},
		"a name in two lines": {view.Draft{Name: text("a\nb")}, "/name"}, "a name turned around": {view.Draft{Name: text("a\u202eb")}, "/name"},
		"NUL": {view.Draft{Name: text("a\x00")}, "/name"}, "broken UTF-8": {view.Draft{Name: text("a\xff")}, "/name"},
		"another order":  {view.Draft{Name: text("a"), Sort: &sort}, "/sort"},
		"a position":     {view.Draft{Name: text("a"), Position: &position}, "/position"},
		"a column":       {view.Draft{Name: text("a"), Columns: &columns}, "/columns/0"},
		"a team alone":   {view.Draft{Name: text("a"), Team: text("tea_1")}, "/team_id"},
		"a wrong filter": {view.Draft{Name: text("a"), Filter: json.RawMessage(`{"field":"x","op":"is","value":1}`)}, "/field"},
	} {
		_, err := d.views.Create(t.Context(), d.agent, x.d)
		if e := errs.As(err); err == nil || e.Kind != errs.Invalid || len(e.Fields) == 0 || e.Fields[0].Pointer != x.pointer {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := d.views.Create(t.Context(), d.boss, draft("a", view.OfTeam))
	d.Fails(err, errs.Invalid)
}

// A view that asks about an attribute that is gone says so, and only it.
func TestAnOutdatedView(t *testing.T) {
	d := newDesk(t)
	d.attributes = []catalog.Attribute{{Target: catalog.OfConversation, Key: "plan", Type: catalog.Text}}
	x := draft("plans", view.Personal)
	x.Filter = json.RawMessage(`{"and":[{"field":"attributes.plan","op":"is","value":"gold"}]}`)
	v, err := d.views.Create(t.Context(), d.agent, x)
	d.OK(err)
	if string(v.Filter) != `{"field":"attributes.plan","op":"is","value":"gold"}` {
		t.Errorf("the filter is kept as %s", v.Filter)
	}
	_, err = d.views.Find(t.Context(), d.agent, view.Ask{View: string(v.ID)}, page.Request{})
	d.OK(err)
	d.attributes = nil
	_, err = d.views.Find(t.Context(), d.agent, view.Ask{View: string(v.ID)}, page.Request{})
	if e := errs.As(err); e.Kind != errs.Conflict || e.Code != "view.outdated" {
		t.Errorf("it answers %v", err)
	}
	counts, err := d.views.Counts(t.Context(), d.agent, []string{string(v.ID), "all", "vie_none"})
	if err != nil || len(counts) != 1 {
		t.Errorf("the counts are %v, %v", counts, err)
	}
}

func TestBuiltinViewsAndCounts(t *testing.T) {
	d := newDesk(t)
	ctx := t.Context()
	mine, mentioned, teams, done := d.Receive(d.Inbox, "a", "", "x"), d.Receive(d.Inbox, "b", "", "x"), d.Receive(d.Inbox, "c", "", "x"), d.Receive(d.Inbox, "d", "", "x")
	member := d.agent.Member()
	d.Change(mine.ID, func(c *conversation.Conversation) error { return c.Assign(d.System(), member, "agent", "member") })
	d.Change(mentioned.ID, func(c *conversation.Conversation) error {
		c.Participants = []identity.MemberID{member}
		c.AddNote(d.System(), conversation.Written{Text: "look", Mentions: []conversation.Mention{{Member: member, Name: "agent"}}})
		return nil
	})
	d.Change(teams.ID, func(c *conversation.Conversation) error {
		c.Team, c.Queue = "tea_1", "que_1"
		c.AddNote(d.System(), conversation.Written{Text: "for the team"})
		return nil
	})
	d.Change(done.ID, func(c *conversation.Conversation) error { c.Resolve(d.System()); return nil })
	want := map[string]int{"mine": 1, "unassigned": 2, "all": 3, "mentions": 1, "team": 1, "participating": 1, "tea_1": 1, "tea_none": 0, "que_1": 1, "que_none": 0, "lab_none": 0}
	var names []string
	for name := range want {
		names = append(names, name)
	}
	counts, err := d.views.Counts(ctx, d.agent, names)
	d.OK(err)
	for name, n := range want {
		if counts[name] != n {
			t.Errorf("%s counts %d, want %d", name, counts[name], n)
		}
	}
	for name, first := range map[string]conversation.ID{"mine": mine.ID, "mentions": mentioned.ID, "team": teams.ID, "participating": mentioned.ID} {
		p, err := d.views.Find(ctx, d.agent, view.Ask{View: name}, page.Request{})
		if err != nil || len(p.Items) != 1 || p.Items[0].ID != first {
			t.Errorf("%s lists %d, %v", name, len(p.Items), err)
		}
		if p, err := d.views.Find(ctx, d.mate, view.Ask{View: name}, page.Request{}); err != nil || len(p.Items) != 0 {
			t.Errorf("%s of a colleague lists %d, %v", name, len(p.Items), err)
		}
	}
	_, err = d.views.Find(ctx, d.agent, view.Ask{View: "best"}, page.Request{})
	d.Fails(err, errs.Invalid)
	_, err = d.views.Find(ctx, d.agent, view.Ask{Sort: "best"}, page.Request{})
	d.Fails(err, errs.Invalid)
	_, err = d.views.Counts(ctx, d.agent, make([]string, 31))
	d.Fails(err, errs.Invalid)
	held, err := d.views.Check(ctx, d.agent, view.Ask{View: "mentions"}, []conversation.ID{mine.ID, mentioned.ID, mentioned.ID, "cnv_none"})
	if err != nil || !slices.Equal(held, []conversation.ID{mentioned.ID}) {
		t.Errorf("of what was given, the mentions hold %v, %v", held, err)
	}
	_, err = d.views.Check(ctx, d.agent, view.Ask{}, nil)
	d.Fails(err, errs.Invalid)
	_, err = d.views.Check(ctx, d.agent, view.Ask{}, make([]conversation.ID, view.MaxChecked+1))
	d.Fails(err, errs.Invalid)
	_, err = d.views.Find(ctx, identity.Scope{Workspace: d.WS}, view.Ask{}, page.Request{})
	d.Fails(err, errs.Forbidden)
}
