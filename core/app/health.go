package app

import (
	"context"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
	"github.com/patchbay-im/patchbay/core/notification"
)

// accountNews tells those who may mend an account when it turns bad, and when
// it is good again.
type accountNews struct {
	holding     func(context.Context, identity.Scope, identity.Permission) ([]identity.MemberID, error)
	turned      func(ctx context.Context, w identity.WorkspaceID, episode string, a notification.Account, detail string, tell []identity.MemberID) error
	inboxes     channel.Workspaces
	connections extension.Connections
}

// newConditions makes what keeps how accounts fare.
func (s *server) newConditions() *instance.Watch {
	news := accountNews{
		holding: alarm{s.identity, s.notifications, s.log}.holding, turned: s.notifications.AccountTurned,
		inboxes: s.store.Channels(), connections: s.store.Extensions(),
	}
	return instance.NewWatch(instance.WatchDeps{Store: s.store.Conditions(), Tell: news.tell, Now: s.now, Log: s.log})
}

// tracker makes what knows where messages are.
func (s *server) tracker() *delivery.Tracker {
	out := delivery.NewTracker(s.store.Deliveries(), s.conversations)
	out.Paused = func(ctx context.Context, w identity.WorkspaceID, inbox channel.InboxID) (time.Time, error) {
		c, err := s.store.Conditions().Condition(ctx, w, string(inbox))
		if err != nil || c.State != instance.ConditionCredentials {
			return time.Time{}, err //nolint:wrapcheck // the port's own error
		}
		return c.Since, nil
	}
	return out
}

// tell is what instance.Watch calls. Who switched an account off, or deleted
// it, need not be told of it.
func (n accountNews) tell(ctx context.Context, c instance.Condition) error {
	who, err := n.account(ctx, c.Instance)
	if err != nil || !who.enabled {
		return err
	}
	tell, err := n.holding(ctx, identity.SystemScope(c.Workspace), who.needs)
	if err != nil {
		return err
	}
	about := notification.Account{ID: c.Instance, Name: who.name, State: string(c.State), Code: c.Code}
	if c.Good() {
		about.State, about.Code = string(instance.ConditionOK), ""
	}
	episode := c.Instance + ":" + about.State + ":" + c.NoticeAt.UTC().Format(time.RFC3339Nano)
	return n.turned(ctx, c.Workspace, episode, about, c.Detail, tell)
}

// mended is an account, as far as who mends it goes.
type mended struct {
	name    string
	enabled bool // false also when it is gone
	needs   identity.Permission
}

func (n accountNews) account(ctx context.Context, id string) (mended, error) {
	if strings.HasPrefix(id, extension.ConnectionPrefix) {
		c, err := present(n.connections.Connection(ctx, extension.ConnectionID(id)))
		if c == nil {
			return mended{}, err
		}
		return mended{name: c.Name, enabled: c.Enabled, needs: identity.PluginManage}, nil
	}
	in, err := present(n.inboxes.Inbox(ctx, channel.InboxID(id)))
	if in == nil {
		return mended{}, err
	}
	return mended{name: in.Name, enabled: in.Enabled, needs: identity.InboxManage}, nil
}
