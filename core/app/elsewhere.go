package app

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/notification"
	"github.com/patchbay-im/patchbay/core/team"
	"github.com/patchbay-im/patchbay/core/ticket"
	"github.com/patchbay-im/patchbay/core/wire"
)

// elsewhere renders the events by which plugins tell members elsewhere what
// concerns them.
type elsewhere struct {
	notifications notification.Store
	members       identity.MemberStore
	inboxes       channel.Store
	teams         team.Store
	conversations interface {
		Get(ctx context.Context, w identity.WorkspaceID, id conversation.ID) (conversation.Conversation, error)
	}
	tickets interface {
		Get(ctx context.Context, w identity.WorkspaceID, id ticket.ID) (ticket.Ticket, error)
	}
	baseURL string
}

func (s *server) newElsewhere() elsewhere {
	return elsewhere{
		notifications: s.store.Notifications(), members: s.store.Identities().Members, inboxes: s.store.Channels(), teams: s.store.Teams(),
		conversations: s.store.Conversations(), tickets: s.store.Tickets(), baseURL: s.config.BaseURL(),
	}
}

// isElsewhere reports whether events of a type are about notifications, and
// for plugins alone.
func isElsewhere(typ string) bool {
	return typ == notification.CreatedEvent || typ == notification.ReadEvent
}

// render returns the data of events by their id; what a notification gave way
// to, or is no more, has none.
func (v elsewhere) render(ctx context.Context, w identity.WorkspaceID, events []event.Event) (map[string]json.RawMessage, error) {
	var ids []notification.ID
	for _, e := range events {
		if e.Type == notification.CreatedEvent {
			ids = append(ids, notification.ID(e.Subject))
		}
	}
	found, err := v.notifications.Named(ctx, w, ids)
	if err != nil {
		return nil, err //nolint:wrapcheck // a port's error says where it comes from
	}
	out := make(map[string]json.RawMessage, len(events))
	for _, e := range events {
		var shape wire.Elsewhere
		n, there := found[notification.ID(e.Subject)]
		switch {
		case e.Type == notification.ReadEvent:
			var read notification.ReadData
			if err := json.Unmarshal(e.Data, &read); err != nil {
				return nil, fmt.Errorf("read event %s: %w", e.ID, err)
			}
			shape = wire.ReadElsewhere(read)
		case e.Type == notification.CreatedEvent && there:
			about, err := v.about(ctx, w, n)
			if err != nil {
				return nil, err
			}
			shape = wire.ElsewhereOf(n, about)
		default:
			continue
		}
		if out[e.ID], err = json.Marshal(shape); err != nil {
			return nil, fmt.Errorf("write event %s: %w", e.ID, err)
		}
	}
	return out, nil
}

// about finds what a notification is about. What is gone is left out.
func (v elsewhere) about(ctx context.Context, w identity.WorkspaceID, n notification.Notification) (wire.About, error) {
	out := wire.About{Link: v.link(n)}
	member, err := present(v.members.Member(ctx, w, n.Member))
	if err != nil {
		return out, err
	}
	if member != nil {
		out.Member = *member
	}
	var inbox channel.InboxID
	var group team.ID
	switch {
	case n.Ticket != nil:
		if out.Ticket, err = present(v.tickets.Get(ctx, w, n.Ticket.ID)); out.Ticket != nil {
			inbox, group = out.Ticket.Inbox, out.Ticket.Team
		}
	case n.Conversation != "":
		if out.Conversation, err = present(v.conversations.Get(ctx, w, n.Conversation)); out.Conversation != nil {
			inbox, group = out.Conversation.Inbox, out.Conversation.Team
		}
	}
	if err != nil {
		return out, err
	}
	return v.placed(ctx, w, out, inbox, group)
}

// placed adds the names of an inbox and a team; "" = none.
func (v elsewhere) placed(ctx context.Context, w identity.WorkspaceID, out wire.About, inbox channel.InboxID, group team.ID) (wire.About, error) {
	if inbox != "" {
		found, err := present(v.inboxes.Inbox(ctx, inbox))
		if err != nil {
			return out, err
		}
		if found != nil && found.Workspace == w {
			out.Inbox = &wire.Named{ID: string(inbox), Name: found.Name}
		}
	}
	if group != "" {
		found, err := present(v.teams.Team(ctx, w, group))
		if err != nil {
			return out, err
		}
		if found != nil {
			out.Team = &wire.Named{ID: string(group), Name: found.Name}
		}
	}
	return out, nil
}

// present returns nil for what is not there.
func present[T any](v T, err error) (*T, error) {
	if err != nil {
		if errs.Is(err, errs.NotFound) {
			err = nil
		}
		return nil, err
	}
	return &v, nil
}

// link leads to what a notification is about, in the console.
func (v elsewhere) link(n notification.Notification) string { return v.baseURL + placeOf(n) }

// placeOf is the path of what a notification is about, in the console.
func placeOf(n notification.Notification) string {
	at := url.Values{}
	if n.Seq > 0 {
		at.Set("at", strconv.FormatUint(n.Seq, 10))
	}
	place := "/"
	switch {
	case n.Ticket != nil:
		place, at = "/tickets/"+url.PathEscape(string(n.Ticket.ID)), nil
	case n.Conversation != "":
		place = "/conversations/all/" + url.PathEscape(string(n.Conversation))
	case n.Import != nil:
		place = "/contacts/import/" + url.PathEscape(n.Import.ID)
	case n.Plugin != nil:
		place = "/settings/plugins/" + n.Plugin.ID
	case n.Account != nil && strings.HasPrefix(n.Account.ID, extension.ConnectionPrefix):
		place = "/settings/connections/" + url.PathEscape(n.Account.ID)
	case n.Account != nil:
		place = "/settings/inboxes/" + url.PathEscape(n.Account.ID)
	case n.Raised != nil && n.Raised.Member != "":
		place = "/wall"
		at.Set("agent", n.Raised.Member)
	case n.Raised != nil:
		place = "/wall"
		at.Set("queue", cmp.Or(n.Raised.Queue, "none"))
	case n.Kind == notification.WebhookDisabled:
		place = "/settings/webhooks"
	}
	if query := at.Encode(); query != "" {
		place += "?" + query
	}
	return place
}
