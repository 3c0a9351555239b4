package conversation

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
)

// MaxBulk bounds how many conversations are worked on with one request.
const MaxBulk = 200

// bulkAtOnce bounds how many of them are worked on at once: they share commits.
const bulkAtOnce = 32

// Action is what to do with many conversations.
type Action string

// The actions, with what they take of Bulk.
const (
	BulkAssign   Action = "assign" // To
	BulkResolve  Action = "resolve"
	BulkReopen   Action = "reopen"
	BulkSnooze   Action = "snooze"  // Until
	BulkLabel    Action = "label"   // Labels
	BulkUnlabel  Action = "unlabel" // Labels
	BulkRead     Action = "read"
	BulkPriority Action = "priority" // Priority
)

// Bulk is one action on many conversations.
type Bulk struct {
	IDs      []ID
	Action   Action
	To       Destination
	Until    time.Time
	Labels   []catalog.LabelID
	Priority Priority
}

// OutcomeOf is what became of one of many.
type OutcomeOf[K any] struct {
	ID  K
	Err error // nil = done
}

// Outcome is what became of one of them.
type Outcome = OutcomeOf[ID]

// Each does one thing to many, several at once; outcomes are in their order.
func Each[K any](ctx context.Context, ids []K, do func(context.Context, K) error) []OutcomeOf[K] {
	out := make([]OutcomeOf[K], len(ids))
	var g errgroup.Group
	g.SetLimit(bulkAtOnce)
	for i, id := range ids {
		g.Go(func() error {
			out[i] = OutcomeOf[K]{ID: id, Err: do(ctx, id)}
			return nil
		})
	}
	_ = g.Wait() // each error is in its outcome
	return out
}

// Bulk does one thing to many conversations. Each is its own transaction and
// succeeds or fails by itself; outcomes are in the order of the ids, each once.
// The error is about the request as a whole, and then nothing was done. Needs
// ConversationReply; to assign, ConversationAssign too.
func (s *Service) Bulk(ctx context.Context, scope identity.Scope, b Bulk) ([]Outcome, error) {
	if err := scope.Require(identity.ConversationReply); err != nil {
		return nil, err
	}
	ids := id.Once(b.IDs)
	if len(ids) == 0 || len(ids) > MaxBulk {
		return nil, errs.New(errs.Invalid, "conversation.bulk", "Name 1 to 200 conversations.").
			WithFields(errs.Field{Pointer: "/ids", Code: "count", Detail: "must have 1 to 200 entries"})
	}
	do, err := s.action(ctx, scope, b)
	if err != nil {
		return nil, err
	}
	return Each(ctx, ids, do), nil
}

// action returns what to do with each, after the checks that concern all.
func (s *Service) action(ctx context.Context, scope identity.Scope, b Bulk) (func(ctx context.Context, id ID) error, error) {
	one := func(fn func(Turn, *Conversation) error) func(context.Context, ID) error {
		return func(ctx context.Context, id ID) error {
			_, err := s.change(ctx, scope, id, fn)
			return err
		}
	}
	switch b.Action {
	case BulkAssign:
		to, err := s.transfer(ctx, scope, b.To)
		return one(func(t Turn, c *Conversation) error { return c.transfer(t, to) }), err
	case BulkResolve:
		return func(ctx context.Context, id ID) error {
			_, err := s.resolve(ctx, scope, id)
			return err
		}, nil
	case BulkReopen:
		return one(func(t Turn, c *Conversation) error { c.Reopen(t); return nil }), nil
	case BulkSnooze:
		return one(func(t Turn, c *Conversation) error { return c.Snooze(t, b.Until) }), nil
	case BulkLabel:
		return one(func(t Turn, c *Conversation) error { return c.AddLabels(t, b.Labels) }), s.knowLabels(ctx, scope, b.Labels)
	case BulkUnlabel:
		return one(func(t Turn, c *Conversation) error { return c.RemoveLabels(t, b.Labels) }), nil
	case BulkPriority:
		return one(func(t Turn, c *Conversation) error { return c.SetPriority(t, b.Priority) }), nil
	case BulkRead:
		return func(ctx context.Context, id ID) error { return s.MarkRead(ctx, scope, id, ^uint64(0)) }, nil
	default:
		return nil, errs.New(errs.Invalid, "conversation.bulk", "There is no such action.").
			WithFields(errs.Field{Pointer: "/action", Code: "enum", Detail: "must be assign, resolve, reopen, snooze, label, unlabel, read or priority"})
	}
}

func (s *Service) knowLabels(ctx context.Context, scope identity.Scope, labels []catalog.LabelID) error {
	known, err := s.labels(ctx, scope)
	if err != nil {
		return err
	}
	for _, l := range labels {
		if !known[l] {
			return errs.Absent()
		}
	}
	return nil
}
