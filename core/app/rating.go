package app

import (
	"context"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// ratings says whose customers are asked: where the workspace's settings and
// the inbox's both want it. It looks the use cases up when it is asked, since
// those of conversations are made with it.
type ratings struct{ s *server }

func (s *server) ratings() ratings { return ratings{s} }

// Asks implements conversation.RatingPolicy.
func (r ratings) Asks(ctx context.Context, w identity.WorkspaceID, id channel.InboxID) (bool, error) {
	workspace, err := r.s.identity.Workspaces.Get(ctx, identity.SystemScope(w))
	if err != nil || !workspace.Settings.RatingAsk.InWidget() {
		return false, err //nolint:wrapcheck // the use case's own error
	}
	inbox, err := r.s.conversations.LiveInbox(ctx, id)
	if err == nil {
		policy, perr := r.s.conversations.Policy(ctx, inbox)
		if perr == nil {
			return policy.Live().Rating.Enabled, nil
		}
		err = perr
	}
	if errs.Is(err, errs.NotFound) || errs.Is(err, errs.Unavailable) { // resolving must not wait for a plugin
		return false, nil
	}
	return false, err //nolint:wrapcheck // as above
}

// tongues says how a customer is addressed, where nobody can ask them, and by whom.
type tongues struct{ s *server }

func (s *server) tongues() tongues { return tongues{s} }

// NameOf implements ticket.Houses.
func (t tongues) NameOf(ctx context.Context, w identity.WorkspaceID) (string, error) {
	workspace, err := t.s.identity.Workspaces.Get(ctx, identity.SystemScope(w))
	return workspace.Name, err //nolint:wrapcheck // the use case's own error
}

// Tongues implements survey.Tongues.
func (t tongues) Tongues(ctx context.Context, w identity.WorkspaceID, customer contact.ID) ([]string, error) {
	workspace, err := t.s.identity.Workspaces.Get(ctx, identity.SystemScope(w))
	if err != nil {
		return nil, err //nolint:wrapcheck // the use case's own error
	}
	if customer == "" {
		return []string{workspace.Locale}, nil
	}
	found, _, err := t.s.store.Contacts().Get(ctx, w, customer)
	if err != nil {
		return nil, err //nolint:wrapcheck // as above
	}
	return []string{found.Locale, workspace.Locale}, nil
}
