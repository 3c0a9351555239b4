package ticket

import (
	"context"
	"slices"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
)

// MaxBulk bounds how many tickets are worked on with one request.
const MaxBulk = conversation.MaxBulk

// Action is what to do with many tickets.
type Action string

// The actions, with what they take of Bulk.
const (
	BulkAssign   Action = "assign"   // To
	BulkStatus   Action = "status"   // Status
	BulkPriority Action = "priority" // Priority
	BulkLabel    Action = "label"    // Labels
	BulkUnlabel  Action = "unlabel"  // Labels
	BulkType     Action = "type"     // Type
)

// Bulk is one action on many tickets.
type Bulk struct {
	IDs      []ID
	Action   Action
	To       Handover
	Status   Status
	Priority Priority
	Labels   []catalog.LabelID
	Type     TypeID
}

// Outcome is what became of one of them.
type Outcome = conversation.OutcomeOf[ID]

// Bulk does one thing to many tickets. Each is its own transaction and succeeds
// or fails by itself; outcomes are in the order of the ids, each once. The
// error is about the request as a whole, and then nothing was done. Needs
// TicketWrite; to assign, TicketAssign too.
func (s *Service) Bulk(ctx context.Context, scope identity.Scope, b Bulk) ([]Outcome, error) {
	if err := scope.Require(identity.TicketWrite); err != nil {
		return nil, err
	}
	ids := id.Once(b.IDs)
	if len(ids) == 0 || len(ids) > MaxBulk {
		return nil, errs.New(errs.Invalid, "ticket.bulk", "Name 1 to 200 tickets.").
			WithFields(errs.Field{Pointer: "/ids", Code: "count", Detail: "must have 1 to 200 entries"})
	}
	do, err := s.action(ctx, scope, b)
	if err != nil {
		return nil, err
	}
	return conversation.Each(ctx, ids, do), nil
}

// action returns what to do with each, after the checks that concern all.
func (s *Service) action(ctx context.Context, scope identity.Scope, b Bulk) (func(ctx context.Context, id ID) error, error) {
	patch := func(p Patch) func(context.Context, ID) error {
		return func(ctx context.Context, id ID) error {
			_, err := s.Update(ctx, scope, id, p)
			return err
		}
	}
	one := func(fn func(Turn, *Ticket) error) func(context.Context, ID) error {
		return func(ctx context.Context, id ID) error {
			_, err := s.change(ctx, scope, id, func(_ context.Context, _ Tx, turn Turn, t *Ticket) error { return fn(turn, t) })
			return err
		}
	}
	switch b.Action {
	case BulkAssign:
		to, err := s.destination(ctx, scope, b.To)
		return one(func(turn Turn, t *Ticket) error { return t.Assign(turn, to) }), err
	case BulkStatus:
		if !slices.Contains(Statuses(), b.Status) {
			return nil, badBulk("/status", "must be open, pending, solved or closed")
		}
		return patch(Patch{Status: &b.Status}), nil
	case BulkPriority:
		if !slices.Contains(Priorities(), b.Priority) {
			return nil, badBulk("/priority", "must be low, normal, high or urgent")
		}
		return patch(Patch{Priority: &b.Priority}), nil
	case BulkLabel:
		return one(func(turn Turn, t *Ticket) error { return t.AddLabels(turn, b.Labels) }), s.knowLabels(ctx, scope, b.Labels)
	case BulkUnlabel:
		return one(func(turn Turn, t *Ticket) error { return t.RemoveLabels(turn, b.Labels) }), nil
	case BulkType:
		return patch(Patch{Type: &b.Type}), nil
	default:
		return nil, badBulk("/action", "must be assign, status, priority, label, unlabel or type")
	}
}

func badBulk(pointer, detail string) error {
	return errs.New(errs.Invalid, "ticket.bulk", "The action is not accepted.").
		WithFields(errs.Field{Pointer: pointer, Code: "enum", Detail: detail})
}
