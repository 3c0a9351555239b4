package extension

import (
	"context"

	"github.com/patchbay-im/patchbay/core/identity"
)

// UseAs is Use for a member, who must reach what it is about.
func (b *ToolBroker) UseAs(ctx context.Context, scope identity.Scope, u Usage) (Call, error) {
	if err := scope.Require(identity.ConversationReply); err != nil {
		return Call{}, err
	}
	var err error
	if u.Subject != (Subject{}) {
		if u.Subject, err = b.Circle.Subject(ctx, scope, u.Subject.Conversation, u.Subject.Ticket); err != nil {
			return Call{}, err
		}
	}
	u.Caller = Caller{Kind: CallerAgent, ID: scope.Actor.ID, Name: scope.Actor.Name}
	return b.Use(ctx, scope.Workspace, u)
}

// ListAs is List for a member.
func (b *ToolBroker) ListAs(ctx context.Context, scope identity.Scope) ([]Offered, error) {
	if err := scope.Require(identity.ConversationReply); err != nil {
		return nil, err
	}
	return b.List(ctx, scope.Workspace)
}
