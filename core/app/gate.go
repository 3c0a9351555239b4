package app

import (
	"context"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
)

func (s *server) newGate() *extension.Gate {
	return extension.NewGate(extension.GateDeps{
		Hooks: s.plugins, Connections: s.store.Extensions(), Allowances: allowances{s.store.Extensions()}, Now: s.now, Log: s.log,
	})
}

// Uploads tells what is known of a file that a message is to carry.
type Uploads interface {
	Upload(ctx context.Context, workspace identity.WorkspaceID, id media.ID) (media.Upload, error)
}

// Asking returns a conversation.Interceptor that asks the plugins which want to
// be asked.
func Asking(gate *extension.Gate, files Uploads) conversation.Interceptor {
	return gatekeeper{gate, files}
}

// gatekeeper implements conversation.Interceptor.
type gatekeeper struct {
	gate  *extension.Gate
	files Uploads
}

// Sends implements conversation.Interceptor.
func (k gatekeeper) Sends(ctx context.Context, w identity.WorkspaceID) bool {
	return k.gate.Asks(ctx, w, extension.PointSend)
}

// Sending implements conversation.Interceptor.
func (k gatekeeper) Sending(ctx context.Context, w identity.WorkspaceID, by identity.Actor, o conversation.Outgoing) (conversation.Passed, error) {
	draft := &extension.SendDraft{Conversation: string(o.Conversation), Author: authorOf(by.Kind), AuthorID: by.ID, Text: o.Text}
	for _, id := range o.Files {
		f, err := k.files.Upload(ctx, w, id)
		if err != nil && !errs.Is(err, errs.NotFound) { // what is not there is refused where it is taken
			return conversation.Passed{}, err //nolint:wrapcheck // a port's error says where it comes from
		}
		draft.Files = append(draft.Files, extension.File{ID: string(id), MediaType: f.Type, Name: f.Name, Size: f.Size})
	}
	passed, err := k.gate.Ask(ctx, w, extension.PointSend, extension.Change{ID: o.Key, Send: draft}, o.Limit)
	if err != nil {
		return conversation.Passed{}, err //nolint:wrapcheck // the gate's own error
	}
	out := conversation.Passed{Text: passed.Text}
	if len(passed.Altered) == 0 || passed.Text == o.Text {
		return out, nil
	}
	out.Altered = &conversation.Altered{Original: o.Text}
	for _, a := range passed.Altered {
		out.Altered.By = append(out.Altered.By, conversation.Alterer{
			Connection: string(a.Guard.Connection), Plugin: string(a.Guard.Plugin), Name: a.Guard.Name, Reason: a.Reason,
		})
	}
	return out, nil
}

// Routes implements conversation.Interceptor.
func (k gatekeeper) Routes(ctx context.Context, w identity.WorkspaceID) bool {
	return k.gate.Asks(ctx, w, extension.PointRoute)
}

// Routing implements conversation.Interceptor.
func (k gatekeeper) Routing(ctx context.Context, w identity.WorkspaceID, r conversation.Routing) (string, error) {
	passed, err := k.gate.Ask(ctx, w, extension.PointRoute, extension.Change{ID: r.Key, Route: &extension.RouteDraft{
		Conversation: string(r.Conversation), Inbox: string(r.Inbox), Customer: string(r.Contact), Team: string(r.Team),
	}}, 0)
	return passed.Team, err //nolint:wrapcheck // the gate's own error
}

// tellGate tells the gate of committed changes of connections and grants.
func tellGate(gate *extension.Gate, events []event.Event) {
	for _, e := range events {
		switch e.Type {
		case extension.ConnectionChanged:
			gate.Forget(extension.ConnectionID(e.Subject))
			gate.Changed(identity.WorkspaceID(e.Workspace))
		case extension.GrantsChanged:
			gate.Changed(identity.WorkspaceID(e.Workspace))
		}
	}
}
