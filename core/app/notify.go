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

// watch tells members of customers who wait for nobody.
//
// Concurrency: for one goroutine.
type watch struct {
	forsaken   func(before time.Time) []dispatch.Forsaken
	unattended func(ctx context.Context, w identity.WorkspaceID, waits notification.Waiting) error
	settings   func(ctx context.Context, w identity.WorkspaceID) (identity.Settings, error)
	now        func() time.Time
	told       map[dispatch.Key]time.Time // waiting since; each is told once
}

// look tells of those who have waited for as long as their workspace allows.
func (w *watch) look(ctx context.Context) error {
	told := make(map[dispatch.Key]time.Time)
	var failed error
	for _, f := range w.forsaken(w.now()) {
		if since, ok := w.told[f.Item.Key]; ok && since.Equal(f.Item.WaitingSince) {
			told[f.Item.Key] = since
			continue
		}
		due, err := w.due(ctx, f)
		if err == nil && due {
			err = w.unattended(ctx, f.Workspace, notification.Waiting{
				Conversation: conversation.ID(f.Item.ID), Since: f.Item.WaitingSince, Tell: f.Could,
			})
		}
		if err != nil {
			failed = err
			continue
		}
		if due {
			told[f.Item.Key] = f.Item.WaitingSince
		}
	}
	w.told = told
	return failed
}

// due reports whether members are to be told of somebody by now.
func (w *watch) due(ctx context.Context, f dispatch.Forsaken) (bool, error) {
	s, err := w.settings(ctx, f.Workspace)
	if err != nil {
		return false, err
	}
	return s.Unattended > 0 && w.now().Sub(f.Item.WaitingSince) >= s.Unattended, nil
}

// settingsOf returns what a workspace chose.
func (s *server) settingsOf(ctx context.Context, w identity.WorkspaceID) (identity.Settings, error) {
	found, err := s.identity.Workspaces.Get(ctx, identity.SystemScope(w))
	return found.Settings, err //nolint:wrapcheck // the use case's own error
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
