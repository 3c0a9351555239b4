package realtime

import (
	"context"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/notification"
	"github.com/patchbay-im/patchbay/core/wire"
)

// Notifications counts what a member was told and has not read.
type Notifications interface {
	Unread(ctx context.Context, workspace identity.WorkspaceID, of notification.Sight) (int, error)
}

// NotificationNews is told to one member's sockets (event.SubjectNotify).
type NotificationNews struct {
	Member       identity.MemberID  `json:"member"`
	Notification *wire.Notification `json:"notification,omitempty"` // nil = some were read
	Unread       int                `json:"unread"`
}

type notificationFrame struct {
	Op           string             `json:"op"`
	Notification *wire.Notification `json:"notification,omitempty"`
	Unread       int                `json:"unread"`
}

// notificationNews shows a member, and nobody else, what they are told.
func (g *Gateway) notificationNews(w identity.WorkspaceID, data []byte) {
	var news NotificationNews
	if !g.decode(data, &news) || news.Member == "" {
		return
	}
	frame := encode(notificationFrame{Op: "notification", Notification: news.Notification, Unread: news.Unread})
	for _, m := range g.hubs.of(w) {
		if m.id == news.Member {
			m.ephemeral(frame)
		}
	}
}

// unread counts for the ready frame.
func (m *member) unread(ctx context.Context) (int, error) {
	if m.g.o.Notifications == nil {
		return 0, nil
	}
	return m.g.o.Notifications.Unread(ctx, m.workspace, notification.Within(m.rights()))
}
