package conversation

import (
	"context"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/team"
)

// Outgoing is a message that is about to be sent to a customer.
type Outgoing struct {
	Key          string // the same when it is asked about again
	Conversation ID
	Text         string
	Files        []media.ID
	Limit        int // characters that the channel takes
}

// Routing is a conversation that is about to wait in a queue.
type Routing struct {
	Key          string
	Conversation ID // "" = it begins with this
	Inbox        channel.InboxID
	Contact      contact.ID // "" = not known yet
	Team         team.ID    // "" = everybody's
}

// Interceptor is asked before something happens, and before the transaction
// opens. It costs nothing while nobody wants to be asked.
type Interceptor interface {
	// Sending returns the text that is sent instead, or who refused and why
	// (errs.Forbidden).
	Sending(ctx context.Context, w identity.WorkspaceID, by identity.Actor, o Outgoing) (string, error)
	// Routes reports whether somebody wants to be asked about routes of a workspace.
	Routes(ctx context.Context, w identity.WorkspaceID) bool
	// Routing returns the team whose queue it goes to instead, an id or a name,
	// or who refused and why.
	Routing(ctx context.Context, w identity.WorkspaceID, r Routing) (string, error)
}

// intercepted asks about a message to a customer, and checks what came of it.
func (s *Service) intercepted(ctx context.Context, w identity.WorkspaceID, by identity.Actor, o Outgoing) (string, error) {
	if s.Interceptor == nil {
		return o.Text, nil
	}
	text, err := s.Interceptor.Sending(ctx, w, by, o)
	if err != nil || text == o.Text {
		return text, err
	}
	return text, checkWritten(text, o.Files, o.Limit)
}

// routed asks about a conversation that is about to wait for a team. A team
// that is not there is as none said.
func (s *Service) routed(ctx context.Context, w identity.WorkspaceID, r Routing) (team.ID, error) {
	if s.Interceptor == nil || !s.Interceptor.Routes(ctx, w) {
		return r.Team, nil
	}
	to, err := s.Interceptor.Routing(ctx, w, r)
	if err != nil || to == string(r.Team) {
		return r.Team, err
	}
	id, known, err := s.teamNamed(ctx, w, to)
	if !known {
		return r.Team, err
	}
	return id, err
}
