package audit

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// RetentionUpdated is the action of a change of how long rows are kept.
const RetentionUpdated = "audit.retention_updated"

// Bounds of how long rows are kept, in months. Chinese law asks for six months
// at least (Cybersecurity Law, article 21).
const (
	MinMonths = 6
	MaxMonths = 120
)

// Months returns how long the scope's workspace keeps its rows; 0 = for ever.
// Needs AuditRead.
func (s *Service) Months(ctx context.Context, scope identity.Scope) (int, error) {
	if err := scope.Require(identity.AuditRead); err != nil {
		return 0, err
	}
	return s.store.Months(ctx, scope.Workspace)
}

// SetMonths changes it: 0, or MinMonths to MaxMonths. It takes a member who may
// both read the log and decide how long things are kept, which of the roles
// that come with the product is the owner alone: an auditor changes nothing,
// and who is audited does not shorten what was written about them.
func (s *Service) SetMonths(ctx context.Context, scope identity.Scope, months int) error {
	if err := scope.Require(identity.AuditRead); err != nil {
		return err
	}
	if err := scope.Require(identity.RetentionManage); err != nil {
		return err
	}
	if months != 0 && (months < MinMonths || months > MaxMonths) {
		return errs.New(errs.Invalid, "audit.months", "The audit log is kept for 6 to 120 months, or for ever (0).").
			WithFields(errs.Field{Pointer: "/months", Code: "out_of_range", Detail: "0, or 6 to 120."})
	}
	return s.store.SetMonths(ctx, scope.Workspace, months, func(was int) event.Event {
		if was == months {
			return event.Event{}
		}
		said := event.Differences{}
		said.Note("months", was, months)
		return s.event(scope.Workspace, identity.Record(ctx, scope, RetentionUpdated, event.Party{Kind: "audit"}).Say(said))
	})
}

// TrimDue removes what a workspace keeps no longer, and returns how many rows
// went. It cuts at the first day of a month, so that a log is verified and cut
// once a month, and leaves one row that says so.
func (s *Service) TrimDue(ctx context.Context, w identity.WorkspaceID) (uint64, error) {
	months, err := s.store.Months(ctx, w)
	if err != nil || months == 0 {
		return 0, err
	}
	now := s.now().UTC()
	return s.Trim(ctx, w, time.Date(now.Year(), now.Month()-time.Month(months), 1, 0, 0, 0, 0, time.UTC))
}
