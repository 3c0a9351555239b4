package wire_test

import (
	"testing"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/erasure"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/wire"
)

func as(m identity.MemberID, role identity.Role, reach identity.Reach) identity.Scope {
	s := identity.Scope{Actor: identity.Actor{Kind: identity.ActorMember, ID: string(m), Role: role}, Workspace: "w"}
	return s.With(identity.Rights{Permissions: role.Permissions(), Reach: reach})
}

// Who reached a deleted conversation is told that it is gone; everybody else
// gets a number. Of who held it nothing is told.
func TestTellingOfDeleted(t *testing.T) {
	f := conversation.Farewell{Seq: 7, Held: identity.Holding{Assignee: "mem_a", Followers: []identity.MemberID{"mem_f"}, Team: "tea_1", Inbox: "inb_1"}}
	told := wire.Told{Event: event.Event{Feed: 3, Type: conversation.Deleted, Subject: "cnv_1", Data: f.Data()}}
	scope := func(m identity.MemberID, kind identity.ReachKind, teams ...string) identity.Scope {
		return as(m, identity.RoleAgent, identity.Reach{Kind: kind, Member: m, Teams: teams})
	}
	for name, tt := range map[string]struct {
		scope identity.Scope
		want  string
	}{
		"all":       {scope("mem_x", identity.ReachAll), wire.TypeGone},
		"assignee":  {scope("mem_a", identity.ReachOwn), wire.TypeGone},
		"follower":  {scope("mem_f", identity.ReachOwn), wire.TypeGone},
		"her team":  {scope("mem_x", identity.ReachTeam, "tea_1"), wire.TypeGone},
		"elsewhere": {scope("mem_x", identity.ReachTeam, "tea_2"), wire.TypeSkip},
		"nobody":    {scope("mem_x", identity.ReachOwn), wire.TypeSkip},
	} {
		got := told.To(tt.scope, func(string) bool { return true })
		if got.Type != tt.want || tt.want == wire.TypeGone && (got.Data["id"] != "cnv_1" || got.Data["seq"] != uint64(7) || len(got.Data) != 2) {
			t.Errorf("%s is told %+v, want %s", name, got, tt.want)
		}
	}
}

// An erasure is told without anything of whom it concerns.
func TestTellingOfErasures(t *testing.T) {
	told := wire.Told{Event: event.Event{Feed: 3, Type: erasure.Changed, Subject: "con_secret"}}
	for _, role := range identity.BuiltIns() {
		got := told.To(as("m", role, identity.Everywhere()), func(string) bool { return true })
		want := wire.TypeSkip // who sees no customers has nothing to ask for
		if role.May(identity.ContactRead) {
			want = erasure.Changed
		}
		if got.Type != want || got.Data != nil || got.Change != nil {
			t.Errorf("%s is told %+v, want %s", role, got, want)
		}
	}
}
