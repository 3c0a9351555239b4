package app

import (
	"context"
	"net"

	"github.com/patchbay-im/patchbay/core/alert"
	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/httpapi"
	"github.com/patchbay-im/patchbay/core/policy"
	"github.com/patchbay-im/patchbay/core/realtime"
	"github.com/patchbay-im/patchbay/core/telemetry"
	"github.com/patchbay-im/patchbay/docs"
	"github.com/patchbay-im/patchbay/web"
)

// face makes the HTTP server.
func (s *server) face(ctx context.Context) error {
	proxies, err := s.config.Proxies()
	if err != nil {
		return err //nolint:wrapcheck // config's own sentence
	}
	o := httpapi.Options{
		Places:  func() []httpapi.Place { return reach(s.config, net.InterfaceAddrs) },
		Version: s.options.Version, BaseURL: s.config.BaseURL(), SecureCookies: s.config.SecureCookies(),
		Proxies:  proxies,
		Identity: s.identity, Audit: s.audit, Teams: s.teams, Queues: s.queues, Hours: s.hours(), RoutingRules: s.routing, Policies: policy.NewService(s.store.Policies(), s.agents(), s.newTraffic(), s.now), Figures: s.figures, Alerts: alert.NewService(s.store.Alerts(), s.floors(), s.now), Calendars: calendar.NewService(s.store.Calendars(), s.now), People: s.people, Inboxes: s.inboxes, Backfills: s.backfills, Prepared: s.prepared, Secrets: s.secrets, Surveys: s.surveys, Tickets: s.tickets, Hooks: s.hooks, Requests: s.requests,
		Catalog: s.catalog, Sandboxes: s.sandboxes, Templates: s.templates,
		Conversations: s.conversations, Deliveries: s.tracker(), Views: s.views, Search: s.search, Media: s.media, Pictures: newPictures(s.out, s.media), Extensions: s.extensions, Gate: s.gate, Followings: s.store.Followings(), Connections: s.connections, Conditions: s.store.Conditions(), SignIns: s.signIns, Licenses: s.licenses,
		Notifications: s.notifications, Pushes: s.pushes, Erasures: s.erasures, Retention: s.retention, Exports: s.exports,
		Webhooks: s.webhooks, Idempotency: s.once, Limits: limits(s.config.Limits), Buckets: s.limits, Operation: s.operation(),
		Presence: presence{s.dispatcher, s.agents(), s.relay}, Sockets: s.gateway,
		Feed: feed{Log: s.store.Events(), Hydrator: s.store.Conversations(), epoch: s.epoch}, Circle: s.store.Contacts(),
		PluginUI: s.plugins.UI, PluginWork: s.pluginWork, Console: web.Console(), Guides: docs.Guides(),
		Health: s.store.Ping, Observe: s.metrics.Request, Now: s.now, Log: s.log,
	}
	if s.config.Demo {
		o.Demo = web.Demo()
		o.DemoInbox = func() channel.InboxID {
			w := s.demoWorkspace.Load()
			if w == nil {
				return ""
			}
			return s.demo.liveInbox(ctx, *w)
		}
	}
	s.http, err = httpapi.New(o) //nolint:contextcheck // handlers take the context of their request
	return err                   //nolint:wrapcheck // httpapi's own sentence
}

// feed implements httpapi.Feed.
type feed struct {
	event.Log
	realtime.Hydrator
	epoch string
}

// Epoch implements httpapi.Feed.
func (f feed) Epoch() string { return f.epoch }

// liveMetrics implements realtime.Metrics.
type liveMetrics struct{ m *telemetry.Metrics }

func (l liveMetrics) Opened(k realtime.Kind)           { l.m.Connections(string(k), 1) }
func (l liveMetrics) Received(realtime.Kind)           { l.m.Frames("in", 1) }
func (l liveMetrics) Sent(_ realtime.Kind, frames int) { l.m.Frames("out", frames) }
func (l liveMetrics) Closed(k realtime.Kind, code int) {
	l.m.Connections(string(k), -1)
	l.m.Closed(code)
}
