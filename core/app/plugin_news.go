package app

import (
	"context"
	"errors"
	"time"

	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/notification"
	"github.com/patchbay-im/patchbay/core/page"
)

// pluginNews tells those who may manage plugins, in every workspace, what the
// host did to one by itself. It is called for one step at a time.
type pluginNews struct {
	alarm
	workspaces identity.WorkspaceStore
	names      func(extension.PluginID) map[string]string
	resting    map[extension.PluginID]bool // in quarantine, on this node
}

func (s *server) pluginNews() *pluginNews {
	return &pluginNews{
		alarm: alarm{s.identity, s.notifications, s.log}, workspaces: s.store.Identities().Workspaces, resting: make(map[extension.PluginID]bool),
		names: func(id extension.PluginID) map[string]string {
			for _, p := range s.plugins.Plugins() {
				if p.ID == id {
					return p.Name
				}
			}
			return map[string]string{"en": string(id)}
		},
	}
}

// newsOf says what a step means to them; "" = nothing.
func (p *pluginNews) newsOf(t extension.Transition) notification.PluginNews {
	switch t.State {
	case extension.RolledBack:
		return notification.PluginRolledBack
	case extension.Quarantined:
		if p.resting[t.Plugin] {
			return "" // one more attempt failed
		}
		p.resting[t.Plugin] = true
		return notification.PluginQuarantined
	case extension.Ready:
		if p.resting[t.Plugin] {
			delete(p.resting, t.Plugin)
			return notification.PluginRecovered
		}
	case extension.Starting, extension.Backoff:
	case extension.Stopped, extension.Failed:
		delete(p.resting, t.Plugin) // somebody did it, or the page of the system says it
	}
	return ""
}

// onStep is what pluginhost.Ports calls.
func (p *pluginNews) onStep(ctx context.Context, t extension.Transition) {
	news := p.newsOf(t)
	if news == "" {
		return
	}
	about := notification.Plugin{ID: string(t.Plugin), Name: p.names(t.Plugin), Version: t.Version, State: news}
	episode := about.ID + ":" + string(news) + ":" + t.Node + ":" + t.At.UTC().Format(time.RFC3339Nano)
	if err := p.tellAll(ctx, episode, about, t.Reason); err != nil && !errors.Is(err, context.Canceled) {
		p.log.WarnContext(ctx, "administrators could not be told what became of a plugin", "plugin", about.ID, "news", string(news), "error", err)
	}
}

func (p *pluginNews) tellAll(ctx context.Context, episode string, about notification.Plugin, reason string) error {
	var all []identity.WorkspaceID
	err := page.Each(func(r page.Request) (page.Page[identity.Workspace], error) { return p.workspaces.Workspaces(ctx, r) }, func(w identity.Workspace) { all = append(all, w.ID) })
	if err != nil {
		return err //nolint:wrapcheck // a port's error says where it comes from
	}
	for _, w := range all {
		tell, err := p.holding(ctx, identity.SystemScope(w), identity.PluginManage)
		if err == nil {
			err = p.notifications.PluginChanged(ctx, w, episode, about, reason, tell)
		}
		if err != nil {
			return err //nolint:wrapcheck // the use case's own error
		}
	}
	return nil
}
