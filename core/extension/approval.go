package extension

import (
	"context"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// ApprovalChanged is the type of the event that tells of a use of a tool that
// came to wait for somebody, or waits no more; its data is {"id": "..."}. Who may
// agree asks for what waits: the event says neither what it is nor about whom.
const ApprovalChanged = "approval.changed"

// told is the event of a call that waits, as it is stored or about to be; none of
// one that does not.
func (b *ToolBroker) told(c Call) []event.Event {
	if c.State != CallPending {
		return nil
	}
	return []event.Event{{
		ID: b.ids.New("chg"), Workspace: string(c.Workspace), Type: ApprovalChanged, Subject: c.ID, At: b.now(), Data: subject(c.ID),
	}}
}

// Approvals lists the calls that wait for somebody and are about what the member
// reaches, or about nothing.
func (b *ToolBroker) Approvals(ctx context.Context, scope identity.Scope) ([]Call, error) {
	if err := scope.Require(identity.ConversationReply); err != nil {
		return nil, err
	}
	all, err := b.Calls.Pending(ctx, scope.Workspace)
	if err != nil {
		return nil, err
	}
	out := []Call{}
	for _, c := range all {
		switch err := b.reached(ctx, scope, c); {
		case err == nil:
			out = append(out, c)
		case !errs.Is(err, errs.NotFound) && !errs.Is(err, errs.Forbidden):
			return nil, err
		}
	}
	return out, nil
}

func (b *ToolBroker) reached(ctx context.Context, scope identity.Scope, c Call) error {
	if c.Subject.Conversation == "" && c.Subject.Ticket == "" {
		return nil
	}
	_, err := b.Circle.Subject(ctx, scope, c.Subject.Conversation, c.Subject.Ticket)
	return err
}

// Decide agrees to a call, or denies it. Who agreed stands in the audit log; the
// call is then made at once.
func (b *ToolBroker) Decide(ctx context.Context, scope identity.Scope, which string, agree bool) (Call, error) {
	if err := scope.Require(identity.ConversationReply); err != nil {
		return Call{}, err
	}
	call, err := b.Calls.Call(ctx, scope.Workspace, which)
	if err == nil {
		err = b.reached(ctx, scope, call)
	}
	if errs.Is(err, errs.Forbidden) {
		err = errs.Absent()
	}
	if err != nil {
		return Call{}, err
	}
	now := b.now()
	call, err = b.Calls.Change(ctx, scope.Workspace, which, func(x *Call) ([]event.Event, error) {
		if x.State != CallPending || !now.Before(x.ExpiresAt) {
			return nil, errs.New(errs.Conflict, "approval.decided", "This was decided already, or nobody decided in time.")
		}
		told := b.told(*x)
		x.DecidedBy, x.DecidedAt, x.ExpiresAt = scope.Member(), now, now.Add(resultKept)
		action := "approval.given"
		x.State = CallRunning
		if !agree {
			action, x.State = "approval.denied", CallDenied
			x.Completed = Result{Outcome: Rejected, Code: "approval_denied", Detail: "A person did not agree."}
		}
		r := identity.Record(ctx, scope, action, event.Party{Kind: "tool", ID: x.ID, Name: string(x.Plugin) + ":" + x.Tool})
		r.Say(map[string]string{"caller": string(x.Caller.Kind), "caller_id": x.Caller.ID, "connection": string(x.Connection)})
		return append(told, b.chained(*x, r)), nil
	})
	if err != nil {
		return Call{}, err
	}
	return b.goOn(ctx, call)
}

// chained is the event of a record that is for the audit log alone.
func (b *ToolBroker) chained(c Call, r *event.Record) event.Event {
	return event.Event{ID: b.ids.New("aud"), Workspace: string(c.Workspace), At: b.now(), Audit: r}
}
