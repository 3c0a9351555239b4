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
	Conversation ID     // "" = it begins with this
	Text         string
	Files        []media.ID
	Limit        int // characters that the channel takes
}

// Altered is what interceptors made of a message before it was sent. Colleagues
// see it; the customer does not.
type Altered struct {
	By       []Alterer // in the order in which they changed it
	Original string    // as its author wrote it
}

// Alterer is a connection that changed a message, and why.
type Alterer struct {
	Connection string
	Plugin     string
	Name       string // of the connection, at that time
	Reason     string // a sentence for its author; "" = it said none
}

// Passed is a message that the interceptors let pass.
type Passed struct {
	Text    string
	Altered *Altered // nil = as it was written
}

// Codes of what interceptors did not let happen.
const (
	CodeDenied    = "plugin.denied"
	CodeUndecided = "plugin.undecided" // one that must agree did not answer in time
)

// Routing is a conversation that is about to wait in a queue.
type Routing struct {
	Key          string
	Conversation ID // "" = it begins with this
	Inbox        channel.InboxID
	Contact      contact.ID // "" = not known yet
	Team         team.ID    // "" = everybody's
}

// Interceptor is asked before something happens, and before the transaction
// opens. It costs a look into memory while nobody wants to be asked.
type Interceptor interface {
	// Sends reports whether somebody wants to be asked about messages of a workspace.
	Sends(ctx context.Context, w identity.WorkspaceID) bool
	// Sending returns what is sent, or who refused and why: errs.Forbidden
	// CodeDenied, or errs.Conflict CodeUndecided.
	Sending(ctx context.Context, w identity.WorkspaceID, by identity.Actor, o Outgoing) (Passed, error)
	// Routes reports whether somebody wants to be asked about routes of a workspace.
	Routes(ctx context.Context, w identity.WorkspaceID) bool
	// Routing returns the team whose queue it goes to instead, an id or a name,
	// or who refused and why.
	Routing(ctx context.Context, w identity.WorkspaceID, r Routing) (string, error)
}

// asks reports whether messages of a workspace are asked about.
func (s *Service) asks(ctx context.Context, w identity.WorkspaceID) bool {
	return s.Interceptor != nil && s.Interceptor.Sends(ctx, w)
}

// intercepted asks about a message to a customer, and checks what came of it.
func (s *Service) intercepted(ctx context.Context, w identity.WorkspaceID, by identity.Actor, o Outgoing) (Passed, error) {
	out, err := s.Interceptor.Sending(ctx, w, by, o)
	if err != nil || out.Altered == nil {
		return out, err
	}
	return out, checkWritten(out.Text, o.Files, o.Limit)
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
