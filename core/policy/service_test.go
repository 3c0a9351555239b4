package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/policy"
	"github.com/patchbay-im/patchbay/core/policy/policytest"
)

func open() (*policy.Service, *policytest.Fake) {
	store := policytest.NewFake(eventtest.NewFeed())
	return policy.NewService(store, policytest.Budgets{2, 4}, policytest.Recorder{"2026-11-20": policytest.Busy()}, time.Now), store
}

func scope(role identity.Role) identity.Scope {
	return identity.Scope{Workspace: "wsp_1", Actor: identity.Actor{Kind: identity.ActorMember, ID: "mem_1", Name: "Ann", Role: role}}
}

func ordered(by string) dispatch.Plan { return dispatch.Plan{Order: dispatch.OrderPlan{By: by}} }

func refused(t *testing.T, err error, kind errs.Kind, code string) {
	t.Helper()
	if !errs.Is(err, kind) || errs.As(err).Code != code {
		t.Fatalf("got %v, want %v %s", err, kind, code)
	}
}

func TestDraftPublishedAndRestored(t *testing.T) {
	t.Parallel()
	s, store := open()
	ctx, owner := t.Context(), scope(identity.RoleOwner)
	inForce := func(want string) {
		t.Helper()
		if p, err := store.Plan(ctx, "wsp_1"); err != nil || p.Order.By != want {
			t.Fatalf("%+v, %v; want %q", p, err, want)
		}
	}
	step := func(number, draft uint64) func(st policy.Advised, err error) {
		return func(st policy.Advised, err error) {
			t.Helper()
			if err != nil || st.Published.Number != number || st.Draft.Revision != draft {
				t.Fatalf("%+v, %v; want number %d, draft %d", st, err, number, draft)
			}
		}
	}
	step(0, 1)(s.Save(ctx, owner, 0, ordered("value")))
	inForce("")
	step(1, 1)(s.Publish(ctx, owner, 1, " important\ncustomers "))
	inForce("value")
	step(1, 2)(s.Save(ctx, owner, 1, ordered("deadline")))
	step(2, 2)(s.Publish(ctx, owner, 2, ""))
	inForce("deadline")
	step(3, 3)(s.Restore(ctx, owner, 1, 2, "worse"))
	inForce("value")
	all, err := s.Revisions(ctx, scope(identity.RoleOwner), page.Request{})
	if err != nil || len(all.Items) != 3 || all.Items[0].Restores != 1 || all.Items[0].By.Role != "" || all.Items[2].Note != "important\ncustomers" {
		t.Fatalf("%+v, %v", all, err)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	s, _ := open()
	ctx, owner := t.Context(), scope(identity.RoleOwner)
	_, err := s.Publish(ctx, owner, 0, "")
	refused(t, err, errs.Conflict, "policy.stale")
	_, err = s.Save(ctx, owner, 0, ordered("luck"))
	refused(t, err, errs.Invalid, "dispatch.plan")
	if _, err = s.Save(ctx, owner, 0, ordered("value")); err != nil {
		t.Fatal(err)
	}
	_, err = s.Save(ctx, owner, 0, ordered("deadline"))
	refused(t, err, errs.Conflict, "policy.stale")
	_, err = s.Publish(ctx, owner, 2, "")
	refused(t, err, errs.Conflict, "policy.stale")
	for _, note := range []string{strings.Repeat("x", policy.MaxNote+1), "\xff", "a\u202eb"} {
		_, err = s.Publish(ctx, owner, 1, note)
		refused(t, err, errs.Invalid, "policy.note")
	}
	if _, err = s.Publish(ctx, owner, 1, ""); err != nil {
		t.Fatal(err)
	}
	_, err = s.Publish(ctx, owner, 1, "")
	refused(t, err, errs.Conflict, "policy.unchanged")
	_, err = s.Restore(ctx, owner, 1, 1, "")
	refused(t, err, errs.Conflict, "policy.unchanged")
	_, err = s.Restore(ctx, owner, 1, 7, "")
	refused(t, err, errs.Conflict, "policy.stale")
	_, err = s.Restore(ctx, owner, 7, 1, "")
	refused(t, err, errs.NotFound, "not_found")
}

func TestWhoMay(t *testing.T) {
	t.Parallel()
	s, _ := open()
	ctx, agent := t.Context(), scope(identity.RoleAgent)
	if _, err := s.State(ctx, agent); err != nil {
		t.Fatal(err)
	}
	_, err := s.Save(ctx, agent, 0, dispatch.Plan{})
	refused(t, err, errs.Forbidden, "forbidden")
	_, err = s.Publish(ctx, agent, 0, "")
	refused(t, err, errs.Forbidden, "forbidden")
	_, err = s.Restore(ctx, agent, 1, 0, "")
	refused(t, err, errs.Forbidden, "forbidden")
}

// What no member can carry is warned of where it is entered; and who sees a team
// alone changes nothing of what everybody is given.
func TestPolicyIsHeldAgainstThePeople(t *testing.T) {
	t.Parallel()
	s, _ := open()
	ctx := t.Context()
	heavy := dispatch.Plan{Channels: map[dispatch.Channel]dispatch.ChannelPlan{dispatch.Chat: {Weight: 5}}}
	got, err := s.Save(ctx, scope(identity.RoleOwner), 0, heavy)
	if err != nil || len(got.Warnings) != 1 || got.Warnings[0].Code != dispatch.WarnTooHeavy {
		t.Fatalf("%+v, %v", got.Warnings, err)
	}
	if got, err = s.State(ctx, scope(identity.RoleOwner)); err != nil || len(got.Warnings) != 1 {
		t.Fatalf("%+v, %v", got.Warnings, err)
	}
	team := scope("rol_1").With(identity.Rights{
		Permissions: []identity.Permission{identity.TeamRead, identity.TeamManage}, Reach: identity.Reach{Kind: identity.ReachTeam, Member: "mem_1"},
	})
	_, err = s.Publish(ctx, team, 1, "")
	refused(t, err, errs.Forbidden, "forbidden")
}
