package app

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/notification"
	"github.com/patchbay-im/patchbay/core/realtime"
	"github.com/patchbay-im/patchbay/core/wire"
)

// told implements notification.Announcer: over the bus, to the sockets of
// every node.
type told struct {
	bus event.Bus
	log *slog.Logger
}

// Notified implements notification.Announcer.
func (t told) Notified(ctx context.Context, w identity.WorkspaceID, news notification.News) {
	out := realtime.NotificationNews{Member: news.Member, Unread: news.Unread}
	if news.Created != nil {
		n := wire.NotificationOf(*news.Created)
		out.Notification = &n
	}
	data, err := json.Marshal(out)
	if err == nil {
		err = t.bus.Publish(event.SubjectNotify+string(w), data)
	}
	if err != nil {
		t.log.WarnContext(ctx, "a notification could not be published", "error", err)
	}
}

// unattendedAfter is how long a customer waits, while nobody who could answer
// is available, before members are told.
const unattendedAfter = time.Minute

// watch tells members of customers who wait for nobody.
//
// Concurrency: for one goroutine.
type watch struct {
	dispatcher    *dispatch.Dispatcher
	notifications *notification.Service
	now           func() time.Time
	told          map[dispatch.Key]time.Time // waiting since; each is told once
}

// look tells of those who came to wait since the last look.
func (w *watch) look(ctx context.Context) error {
	told := make(map[dispatch.Key]time.Time)
	var failed error
	for _, f := range w.dispatcher.Forsaken(w.now().Add(-unattendedAfter)) {
		if since, ok := w.told[f.Item.Key]; ok && since.Equal(f.Item.WaitingSince) {
			told[f.Item.Key] = since
			continue
		}
		err := w.notifications.Unattended(ctx, f.Workspace, notification.Waiting{
			Conversation: conversation.ID(f.Item.ID), Since: f.Item.WaitingSince, Tell: f.Could,
		})
		if err != nil {
			failed = err
			continue
		}
		told[f.Item.Key] = f.Item.WaitingSince
	}
	w.told = told
	return failed
}

// sweepNotifications forgets what is old in every workspace.
func (s *server) sweepNotifications(ctx context.Context) error {
	all, err := s.workspaces(ctx)
	if err != nil {
		return err
	}
	for _, w := range all {
		if _, err := s.notifications.Sweep(ctx, identity.WorkspaceID(w)); err != nil {
			return err //nolint:wrapcheck // a port's error says where it comes from
		}
	}
	return nil
}
