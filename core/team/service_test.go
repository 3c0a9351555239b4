package team_test

import (
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/team"
	"github.com/patchbay-im/patchbay/core/team/teamtest"
)

// everybody knows every member and inbox whose id has the right prefix.
type everybody struct{}

func (everybody) HasMember(_ identity.WorkspaceID, m identity.MemberID) bool {
	return strings.HasPrefix(string(m), "mem_")
}

func (everybody) HasInbox(_ identity.WorkspaceID, i string) bool { return strings.HasPrefix(i, "inb_") }

func newService() (*team.Service, *eventtest.Feed) {
	feed := eventtest.NewFeed()
	f := teamtest.NewFake(everybody{}, feed)
	return team.NewService(f, f, time.Now), feed
}

func as(role identity.Role) identity.Scope {
	return identity.Scope{Workspace: "wsp_1", Actor: identity.Actor{Kind: identity.ActorMember, ID: "mem_1", Role: role}}
}

func TestATeamsLife(t *testing.T) {
	s, feed := newService()
	name, members, inboxes := "  Sales 售前 ", []identity.MemberID{"mem_b", "mem_a", "mem_b"}, []string{"inb_1"}
	made, err := s.Create(t.Context(), as(identity.RoleSupervisor), team.Patch{Name: &name, Members: &members, Inboxes: &inboxes})
	if err != nil || made.Name != "Sales 售前" || len(made.Members) != 2 || made.Members[0] != "mem_a" {
		t.Fatalf("%+v, %v", made, err)
	}
	text := "first line\nsecond"
	changed, err := s.Update(t.Context(), as(identity.RoleOwner), made.ID, team.Patch{Description: &text})
	if err != nil || changed.Description != text || changed.Name != made.Name || len(changed.Members) != 2 {
		t.Fatalf("%+v, %v", changed, err)
	}
	of, err := s.TeamOfInbox(t.Context(), "wsp_1", "inb_1")
	if err != nil || of != made.ID {
		t.Fatal(of, err)
	}
	if err := s.Delete(t.Context(), as(identity.RoleSupervisor), made.ID); err != nil {
		t.Fatal(err)
	}
	p, err := s.List(t.Context(), as(identity.RoleAgent), page.Request{})
	if err != nil || len(p.Items) > 0 {
		t.Fatal(p, err)
	}
	events, err := feed.Since(t.Context(), "wsp_1", 0, 10)
	if err != nil || len(events) != 3 {
		t.Fatal(events, err)
	}
	for _, e := range events {
		if e.Type != team.Changed || e.Subject != string(made.ID) || string(e.Data) != `{"id":"`+string(made.ID)+`"}` {
			t.Errorf("%+v", e)
		}
	}
}

func TestWhoMayWhat(t *testing.T) {
	s, _ := newService()
	name := "Sales"
	if _, err := s.Create(t.Context(), as(identity.RoleAgent), team.Patch{Name: &name}); !errs.Is(err, errs.Forbidden) {
		t.Error("an agent makes a team:", err)
	}
	made, err := s.Create(t.Context(), as(identity.RoleSupervisor), team.Patch{Name: &name})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Update(t.Context(), as(identity.RoleAgent), made.ID, team.Patch{}); !errs.Is(err, errs.Forbidden) {
		t.Error("an agent changes a team:", err)
	}
	if err := s.Delete(t.Context(), as(identity.RoleAgent), made.ID); !errs.Is(err, errs.Forbidden) {
		t.Error("an agent deletes a team:", err)
	}
	if _, err := s.Get(t.Context(), as(identity.RoleAgent), made.ID); err != nil {
		t.Error("an agent reads a team:", err)
	}
	visitor := identity.Scope{Workspace: "wsp_1", Actor: identity.Actor{Kind: identity.ActorContact, ID: "vis_1"}}
	if _, err := s.Get(t.Context(), visitor, made.ID); !errs.Is(err, errs.Forbidden) {
		t.Error("a visitor reads a team:", err)
	}
	if _, err := s.List(t.Context(), visitor, page.Request{}); !errs.Is(err, errs.Forbidden) {
		t.Error("a visitor lists teams:", err)
	}
}

func TestBadValuesAreRefused(t *testing.T) {
	s, feed := newService()
	ok, many := "Sales", make([]identity.MemberID, team.MaxMembers+1)
	for i := range many {
		many[i] = identity.MemberID("mem_" + strings.Repeat("x", i+1))
	}
	ptr := func(s string) *string { return &s }
	for name, tt := range map[string]struct {
		patch   team.Patch
		pointer string
		code    string
	}{
		"no name":               {team.Patch{}, "/name", "required"},
		"a blank name":          {team.Patch{Name: ptr(" \u200b ")}, "/name", "required"},
		"a long name":           {team.Patch{Name: ptr(strings.Repeat("字", team.MaxName+1))}, "/name", "too_long"},
		"a name of two lines":   {team.Patch{Name: ptr("a\nb")}, "/name", "invalid_character"},
		"a name that turns":     {team.Patch{Name: ptr("a\u202eb")}, "/name", "invalid_character"},
		"a name with NUL":       {team.Patch{Name: ptr("a\x00b")}, "/name", "invalid_character"},
		"broken UTF-8":          {team.Patch{Name: ptr("a\xff")}, "/name", "invalid_text"},
		"a long description":    {team.Patch{Name: &ok, Description: ptr(strings.Repeat("x", team.MaxDescription+1))}, "/description", "too_long"},
		"too many members":      {team.Patch{Name: &ok, Members: &many}, "/member_ids", "too_many"},
		"a member nobody knows": {team.Patch{Name: &ok, Members: &[]identity.MemberID{"x"}}, "/member_ids", "unknown"},
		"an inbox nobody knows": {team.Patch{Name: &ok, Inboxes: &[]string{"x"}}, "/inbox_ids", "unknown"},
	} {
		_, err := s.Create(t.Context(), as(identity.RoleOwner), tt.patch)
		fields := errs.As(err).Fields
		if !errs.Is(err, errs.Invalid) || len(fields) == 0 || fields[0].Pointer != tt.pointer || fields[0].Code != tt.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if head, err := feed.Head(t.Context(), "wsp_1"); head != 0 || err != nil {
		t.Error("a refused team left an event", head, err)
	}
}
