package calendar_test

import (
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/calendar/calendartest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

func newService() (*calendar.Service, *eventtest.Feed) {
	feed := eventtest.NewFeed()
	return calendar.NewService(calendartest.NewFake(feed), now), feed
}

func as(role identity.Role) identity.Scope {
	return identity.Scope{Workspace: "wsp_1", Actor: identity.Actor{Kind: identity.ActorMember, ID: "mem_1", Role: role}}
}

func weekly(name string) calendar.Patch {
	zone := "Asia/Shanghai"
	return calendar.Patch{Name: &name, Zone: &zone, Week: &calendar.WeekDraft{Monday: []calendar.Span{{From: "09:00", To: "18:00"}}}}
}

func TestACalendarsLife(t *testing.T) {
	s, feed := newService()
	made, err := s.Create(t.Context(), as(identity.RoleSupervisor), weekly("  Office 办公室 "))
	if err != nil || made.Name != "Office 办公室" || made.Revision != 1 || !strings.HasPrefix(string(made.ID), "cal_") {
		t.Fatalf("%+v, %v", made, err)
	}
	status, err := s.Status(made)
	if err != nil || !status.Open || !status.ChangeAt.Equal(time.Date(2026, time.November, 23, 10, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v, %v", status, err)
	}
	days, err := s.Days(t.Context(), as(identity.RoleAgent), made.ID, 14)
	if err != nil || len(days) != 14 || days[0].Date.String() != "2026-11-23" || len(days[0].Hours) != 1 || len(days[1].Hours) != 0 || len(days[7].Hours) != 1 {
		t.Errorf("%+v, %v", days, err)
	}
	off := []calendar.ExceptionDraft{{Name: "off", From: "2026-11-30", Effect: "closed"}}
	changed, err := s.Update(t.Context(), as(identity.RoleOwner), made.ID, 1, calendar.Patch{Exceptions: &off})
	if err != nil || changed.Revision != 2 || len(changed.Hours.Exceptions) != 1 || changed.Hours.Zone != "Asia/Shanghai" || changed.Name != made.Name {
		t.Fatalf("%+v, %v", changed, err)
	}
	if _, err := s.Update(t.Context(), as(identity.RoleOwner), made.ID, 1, calendar.Patch{}); !errs.Is(err, errs.Conflict) || errs.As(err).Code != "calendar.stale" {
		t.Error("a change of what is no longer so:", err)
	}
	closed := calendar.WeekDraft{}
	if _, err := s.Update(t.Context(), as(identity.RoleOwner), made.ID, 2, calendar.Patch{Week: &closed}); errs.As(err).Code != "calendar.invalid" {
		t.Error("it never opens:", err)
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
	for i, action := range []string{"calendar.created", "calendar.updated", "calendar.deleted"} {
		if e := events[i]; e.Type != calendar.Changed || e.Subject != string(made.ID) || e.Audit == nil || e.Audit.Action != action {
			t.Errorf("%+v", e)
		}
	}
}

func TestWhoMayWhat(t *testing.T) {
	s, _ := newService()
	if _, err := s.Create(t.Context(), as(identity.RoleAgent), weekly("x")); !errs.Is(err, errs.Forbidden) {
		t.Error("an agent makes a calendar:", err)
	}
	made, err := s.Create(t.Context(), as(identity.RoleSupervisor), weekly("x"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Update(t.Context(), as(identity.RoleAgent), made.ID, 1, calendar.Patch{}); !errs.Is(err, errs.Forbidden) {
		t.Error("an agent changes a calendar:", err)
	}
	if err := s.Delete(t.Context(), as(identity.RoleAgent), made.ID); !errs.Is(err, errs.Forbidden) {
		t.Error("an agent deletes a calendar:", err)
	}
	visitor := identity.Scope{Workspace: "wsp_1", Actor: identity.Actor{Kind: identity.ActorContact, ID: "vis_1"}}
	if _, err := s.Get(t.Context(), visitor, made.ID); !errs.Is(err, errs.Forbidden) {
		t.Error("a visitor reads a calendar:", err)
	}
	if _, err := s.List(t.Context(), visitor, page.Request{}); !errs.Is(err, errs.Forbidden) {
		t.Error("a visitor lists calendars:", err)
	}
	if _, err := s.Days(t.Context(), visitor, made.ID, 1); !errs.Is(err, errs.Forbidden) {
		t.Error("a visitor asks for days:", err)
	}
}

// TestWhoSeesLessChangesNone: hours are those of everybody, so who does not see
// everything only reads them.
func TestWhoSeesLessChangesNone(t *testing.T) {
	s, _ := newService()
	made, err := s.Create(t.Context(), as(identity.RoleSupervisor), weekly("x"))
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []identity.ReachKind{identity.ReachTeam, identity.ReachOwn} {
		scope := as(identity.RoleAgent).With(identity.Rights{Permissions: []identity.Permission{identity.TeamRead, identity.TeamManage}, Reach: identity.Reach{Kind: kind, Member: "mem_1"}})
		if _, err := s.Get(t.Context(), scope, made.ID); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		set := calendar.Import{Set: "cn-2026"}
		_, created := s.Create(t.Context(), scope, weekly("y"))
		_, updated := s.Update(t.Context(), scope, made.ID, 1, calendar.Patch{})
		_, previewed := s.Preview(t.Context(), scope, made.ID, set)
		_, imported := s.Import(t.Context(), scope, made.ID, 1, set)
		for what, err := range map[string]error{"create": created, "update": updated, "delete": s.Delete(t.Context(), scope, made.ID), "preview": previewed, "import": imported} {
			if !errs.Is(err, errs.Forbidden) {
				t.Errorf("%s, %s: %v", kind, what, err)
			}
		}
	}
}

func TestAWrongCalendarLeavesNothing(t *testing.T) {
	s, feed := newService()
	for name, p := range map[string]calendar.Patch{
		"/name": weekly(" \u200b "),
		"/time_zone": func() calendar.Patch {
			p := weekly("x")
			p.Zone = nil
			return p
		}(),
		"/week": func() calendar.Patch {
			p := weekly("x")
			p.Week = nil
			return p
		}(),
	} {
		_, err := s.Create(t.Context(), as(identity.RoleOwner), p)
		if fields := errs.As(err).Fields; !errs.Is(err, errs.Invalid) || len(fields) != 1 || fields[0].Pointer != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	if head, err := feed.Head(t.Context(), "wsp_1"); head != 0 || err != nil {
		t.Error("a refused calendar left an event", head, err)
	}
}
