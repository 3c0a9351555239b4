package conversation

import (
	"context"
	"strconv"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Watched is the audit log's action of who began to watch a colleague's
// conversation unseen.
const Watched = "conversation.watched"

// AuditLog keeps records; an audit.Service does.
type AuditLog interface {
	Keep(ctx context.Context, scope identity.Scope, r *event.Record) error
}

// Watch records that the acting member begins to watch a conversation unseen, and
// returns it. Reading a conversation tells nobody anything by itself, so that is
// all there is to it. Needs ConversationSupervise.
func (s *Service) Watch(ctx context.Context, scope identity.Scope, id ID) (Conversation, error) {
	if err := s.supervises(ctx, scope); err != nil {
		return Conversation{}, err
	}
	c, err := s.get(ctx, scope, id)
	if err != nil || s.Audit == nil {
		return c, err
	}
	record := identity.Record(ctx, scope, Watched, event.Party{Kind: "conversation", ID: string(id), Name: "#" + strconv.FormatUint(c.Number, 10)})
	if c.Assignee != "" {
		record.Say(map[string]string{"member_id": string(c.Assignee), "member_name": c.AssigneeName})
	}
	return c, s.Audit.Keep(ctx, scope, record)
}
