package export_test

import (
	"errors"
	"testing"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/export"
	"github.com/patchbay-im/patchbay/core/identity"
)

// TestReach: an export has everything in it, so whoever reaches a part of the
// workspace neither makes one nor learns of those of others. The service has no
// store: what is not refused before anything is read ends the test.
func TestReach(t *testing.T) {
	member := identity.Scope{Workspace: "wsp_1", Actor: identity.Actor{Kind: identity.ActorMember, ID: "mem_1"}}
	of := func(kind identity.ReachKind, may ...identity.Permission) identity.Scope {
		return member.With(identity.Rights{Permissions: may, Reach: identity.Reach{Kind: kind, Member: "mem_1"}})
	}
	for name, tt := range map[string]struct {
		scope identity.Scope
		code  string
	}{
		"their team's":      {of(identity.ReachTeam, identity.WorkspaceExport), "export.reach"},
		"their own":         {of(identity.ReachOwn, identity.WorkspaceExport), "export.reach"},
		"all, but no right": {of(identity.ReachAll, identity.ConversationRead), "forbidden"},
	} {
		s := export.NewService(export.Deps{})
		_, listed := s.Jobs(t.Context(), tt.scope)
		_, started := s.Start(t.Context(), tt.scope, "", true)
		_, got := s.Job(t.Context(), tt.scope, "exp_1")
		_, _, fetched := s.Download(t.Context(), tt.scope, "exp_1")
		for what, err := range map[string]error{"list": listed, "start": started, "look": got, "download": fetched, "delete": s.Delete(t.Context(), tt.scope, "exp_1")} {
			var problem *errs.Error
			if !errors.As(err, &problem) || problem.Kind != errs.Forbidden || problem.Code != tt.code {
				t.Errorf("%s, %s: %v, not %s", name, what, err, tt.code)
			}
		}
	}
}
