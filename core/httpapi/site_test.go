package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/patchbay-im/patchbay/core/alert"
	"github.com/patchbay-im/patchbay/core/alert/alerttest"
	"github.com/patchbay-im/patchbay/core/audit"
	"github.com/patchbay-im/patchbay/core/audit/audittest"
	"github.com/patchbay-im/patchbay/core/blob"
	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/channeltest"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/contact/contacttest"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/delivery/deliverytest"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/export"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/extension/connectiontest"
	"github.com/patchbay-im/patchbay/core/extension/extensiontest"
	"github.com/patchbay-im/patchbay/core/httpapi"
	"github.com/patchbay-im/patchbay/core/idempotency"
	"github.com/patchbay-im/patchbay/core/idempotency/idempotencytest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
	"github.com/patchbay-im/patchbay/core/instance/instancetest"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/notification"
	"github.com/patchbay-im/patchbay/core/notification/notificationtest"
	"github.com/patchbay-im/patchbay/core/oidc"
	"github.com/patchbay-im/patchbay/core/policy"
	"github.com/patchbay-im/patchbay/core/policy/policytest"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/routing"
	"github.com/patchbay-im/patchbay/core/routing/routingtest"
	"github.com/patchbay-im/patchbay/core/search"
	"github.com/patchbay-im/patchbay/core/search/searchtest"
	"github.com/patchbay-im/patchbay/core/survey"
	"github.com/patchbay-im/patchbay/core/survey/surveytest"
	"github.com/patchbay-im/patchbay/core/team"
	"github.com/patchbay-im/patchbay/core/ticket"
	"github.com/patchbay-im/patchbay/core/ticket/tickettest"
	"github.com/patchbay-im/patchbay/core/view"
	"github.com/patchbay-im/patchbay/core/view/viewtest"
	"github.com/patchbay-im/patchbay/core/webhook"
	"github.com/patchbay-im/patchbay/core/webhook/webhooktest"
	"github.com/patchbay-im/patchbay/core/wire"
	guides "github.com/patchbay-im/patchbay/docs"
)

// site is the whole HTTP face over the real use cases, with storage in memory.
type site struct {
	*conversationtest.World
	*httpapi.Server
	tickets  *tickettest.Fake
	fake     *conversationtest.Fake
	views    *view.Service
	index    *searchtest.Fake
	identity *identity.Services
	plugins  *channeltest.Plugins
	told     *notificationtest.Fake
	imports  *contacttest.Imports
	now      func() time.Time

	conversations *conversation.Service
	exported      *export.Service
	hooked        *webhooktest.Fake
	linked        *connectiontest.Fake
	runner        *connectiontest.Runner
}

// newSite makes a site; change may set options.
func newSite(t *testing.T, change func(*httpapi.Options)) *site {
	t.Helper()
	return newSiteOn(t, func(*conversationtest.World) func() time.Time { return time.Now }, change)
}

// newSiteOn is newSite on another clock.
func newSiteOn(t *testing.T, clock func(*conversationtest.World) func() time.Time, change func(*httpapi.Options)) *site {
	t.Helper()
	s := &site{fake: conversationtest.NewFake(), index: searchtest.NewFake()}
	s.World = conversationtest.NewWorld(t, s.fake.Fixture())
	s.now = clock(s.World)
	s.tickets = tickettest.NewFake(s.fake)
	s.hooked = webhooktest.NewFake(s.fake.Feed)
	s.told = notificationtest.NewFake(func(w identity.WorkspaceID, m identity.MemberID) bool {
		_, err := s.fake.Identities.Member(t.Context(), w, m)
		return err == nil
	})
	s.plugins = &channeltest.Plugins{
		T: t, Installed: []channel.Type{{Plugin: s.Live.Plugin, Live: true}},
		OnValidateConfig: func(channel.PluginID, instance.Candidate) ([]channel.Problem, error) { return nil, nil },
		OnConfigure:      func(channel.Inbox) error { return nil },
		OnRemove:         func(channel.Inbox) error { return nil },
		OnHealth:         func(channel.Inbox) channel.Health { return channel.Health{State: "ok"} },
		OnOpenSession: func(channel.Inbox, channel.SessionRequest) (channel.SessionAnswer, error) {
			return channel.SessionAnswer{Allow: true, Origins: []string{"https://shop.example", "https://x.example; script-src *"}}, nil
		},
	}
	log := slog.New(slog.DiscardHandler)
	s.identity = identity.New(identity.Deps{
		Places: s.fake.Teams,
		Stores: s.fake.Identities.Stores(), Hasher: identity.NewHasher(identity.HashOptions{MemoryKiB: 8, Iterations: 1}),
		Throttle: identity.NewThrottle(s.now, identity.ThrottleOptions{}), Notifier: mute{}, Now: s.now, Log: log,
		Sealer: channeltest.Sealer{}, OpenID: oidc.New(&http.Client{Timeout: 5 * time.Second}, s.now, func(error) (string, string) { return "connection", "No connection." }), BaseURL: "https://example.com",
	})
	secrets := channel.NewSecrets(s.fake.Inboxes, s.fake.Inboxes, channeltest.Sealer{}, s.now)
	routed := routing.NewService(routing.Deps{
		Store: routingtest.NewFake(s.fake.Feed), Talks: s.fake, Contacts: s.fake.Contacts, Pages: s.fake.Contacts, Calendars: s.fake.Calendars,
		Queues: s.fake.Queues, Skills: s.fake.Queues, People: s.fake, Hours: queue.NewHours(s.fake.Queues, s.fake.Calendars), Teams: s.fake.Teams, Inboxes: s.fake.Inboxes, Catalog: s.fake.Catalog, Plugins: s.plugins, Now: s.now,
	})
	conversations := conversation.NewService(conversation.Deps{
		Contacts: s.fake.Contacts, Keys: secrets, Router: routed,
		Store: s.fake, Reader: s.fake, Marks: s.fake, Visitors: s.fake, Writing: s.fake, Inboxes: s.fake.Inboxes, Plugins: s.plugins,
		Members: colleagues{s.fake}, Teams: s.fake.Teams, Queues: s.fake.Queues, Catalog: s.fake.Catalog, Now: s.now,
	})
	s.conversations = conversations
	views := viewtest.NewFake(s.fake)
	s.views = view.NewService(view.Deps{Store: views, Lister: views, Definitions: s.fake.Catalog, Teams: s.fake.Teams, Now: s.now})
	audited := audit.NewService(audittest.NewFake(), s.now)
	surveys := survey.NewService(survey.Deps{
		Store: surveytest.Fake{Conversations: s.fake, Tickets: s.tickets}, Conversations: s.fake, Reader: s.fake, Tongues: tongues{s.fake}, Key: []byte("of the tests"), Now: s.now,
	})
	connections := s.connecting()
	o := httpapi.Options{
		Connections: connections, Conditions: instancetest.NewFake(), SignIns: extension.NewSignIns(connections, s.linked, noEndpoint{}, "http://example.com"),
		Surveys: surveys, Tickets: s.ticketService(conversations),
		Version: "test", BaseURL: "http://example.com", Now: s.now, Log: log,
		Catalog:  catalog.NewService(s.fake.Catalog, s.fake.Teams, s.now),
		Identity: s.identity, Audit: audited, People: s.people(),

		Notifications: notification.NewService(notification.Deps{
			Store: s.told, Inbox: s.told, Hydrator: s.fake, Reaches: s.identity.Roles, Conversations: s.fake, Tickets: s.tickets, Announcer: mute{}, Now: s.now, Log: log,
		}),
		Erasures: s.erasures(), Retention: s.retention(), Sandboxes: s.sandboxes(), Exports: s.exports(), Operation: s.operation(audited),
		Webhooks: webhook.NewService(webhook.Deps{
			Store: s.hooked, Log: s.hooked, Renderer: webhooktest.Renderer{}, Filters: webhooktest.Filters{}, Poster: &webhooktest.Poster{},
			Sealer: channeltest.Sealer{}, Inboxes: webhooktest.Inboxes{}, Now: s.now,
		}),
		Idempotency:   idempotency.NewService(idempotencytest.NewFake(), channeltest.Sealer{}, s.now),
		Teams:         team.NewService(s.fake.Teams, s.fake.Teams, s.now),
		Alerts:        alert.NewService(alerttest.NewFake(s.fake.Feed), &alerttest.Floor{}, s.now),
		Policies:      policy.NewService(policytest.NewFake(s.fake.Feed), policytest.Budgets{4}, policytest.Recorder{"2026-11-20": policytest.Busy()}, s.now),
		Calendars:     calendar.NewService(s.fake.Calendars, s.now),
		Queues:        queue.NewService(s.fake.Queues, s.fake.Queues, s.fake, s.fake.Calendars, s.now),
		Hours:         queue.NewHours(s.fake.Queues, s.fake.Calendars),
		RoutingRules:  routed,
		Inboxes:       channel.NewService(s.fake.Inboxes, s.plugins, instance.NewVault(channeltest.Sealer{}), s.now),
		Secrets:       secrets,
		Hooks:         channel.NewHooks(s.fake.Inboxes, s.fake.Inboxes, s.plugins, conversations, s.now),
		Requests:      channel.NewRequestLog(s.fake.Inboxes, s.fake.Inboxes, audited, s.now),
		Search:        search.NewService(s.index, searchtest.NewSource(s.tickets), s.views, s.now),
		Views:         s.views,
		Conversations: conversations, Deliveries: delivery.NewTracker(deliverytest.NewFake(s.fake, s.now), conversations), Extensions: extension.NewService(noPlugins{}, extensiontest.NewLives(), audited), Gate: extension.NewGate(extension.GateDeps{}), Presence: nobody{},
		Feed: feed{s.fake.Feed, s.fake}, Circle: s.fake.Contacts,
		PluginUI: func(channel.PluginID) (fs.FS, bool) {
			return fstest.MapFS{
				"frame.html": {Data: []byte("<title>widget</title>")}, "loader.js": {Data: []byte("1")},
				"logo.svg": {Data: []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)},
			}, true
		},
		Places:     func() []httpapi.Place { return []httpapi.Place{{URL: "http://example.com", From: httpapi.FromHere}} },
		Guides:     guides.Guides(),
		PluginWork: workOf(&desk{}, s.now),
		Console:    fstest.MapFS{"index.html": {Data: []byte("<title>console</title>")}},
		Health:     func(context.Context) error { return nil },
	}
	s.fake.Media.Sign = media.NewSigner(bytes.Repeat([]byte("k"), 32), s.now)
	files, err := blob.Open(t.TempDir())
	s.OK(err)
	t.Cleanup(func() { _ = files.Close() })
	o.Media = media.NewService(media.Deps{
		Store: s.fake.Media.Store(), Ledger: s.fake.Media.Store(), Files: files, Signer: s.fake.Media.Sign,
		Limits: media.Limits{Upload: 3 << 20, Pixels: 1_000_000, DecodeMemory: 32 << 20}, Now: s.now, Log: log,
	})
	if change != nil {
		change(&o)
	}
	server, err := httpapi.New(o)
	s.OK(err)
	s.Server = server
	return s
}

// ticketService is the use cases of tickets over the fake.
func (s *site) ticketService(conversations *conversation.Service) *ticket.Service {
	return ticket.NewService(ticket.Deps{
		Store: s.tickets, Reader: s.tickets, Conversations: conversations, Contacts: s.fake.Contacts, Members: colleagues{s.fake},
		Teams: s.fake.Teams, Labels: s.fake.Catalog, Tongues: tongues{s.fake}, Houses: tongues{s.fake}, Key: []byte("of the tests"), BaseURL: "http://example.com",
		Now: s.now, Log: slog.New(slog.DiscardHandler),
	})
}

// answer is what came back.
type answer struct {
	*http.Response
	text string
	code string // of a problem
}

// ask sends one request. header is pairs.
func (s *site) ask(method, path, body string, header ...string) answer {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), method, "http://example.com"+path, bytes.NewReader([]byte(body)))
	s.OK(err)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Content-Type" {
			r.Header.Del(header[i])
		}
		r.Header.Add(header[i], header[i+1])
	}
	res, err := s.Test(r)
	s.OK(err)
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	s.OK(err)
	a := answer{Response: res, text: string(b)}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "application/problem+json") {
		var p httpapi.Problem
		s.OK(json.Unmarshal(b, &p))
		a.code = p.Code
	}
	return a
}

// signIn returns a cookie of an account.
func (s *site) signIn(m identity.Member) string {
	s.Helper()
	token, err := s.identity.Sessions.CreateLink(s.Context(), m.Account, 0)
	s.OK(err)
	in, err := s.identity.Sessions.SignInByLink(s.Context(), token, identity.Client{})
	s.OK(err)
	return "patchbay_session=" + in.Token
}

// hook gives an inbox a webhook address and returns its token.
func (s *site) hook(inbox channel.Inbox) string {
	s.Helper()
	_, token, err := channel.NewService(s.fake.Inboxes, s.plugins, instance.NewVault(channeltest.Sealer{}), s.now).RotateHook(s.Context(), identity.SystemScope(inbox.Workspace), inbox.ID)
	s.OK(err)
	return token
}

// proxied trusts the address that requests without a listener come from.
func proxied(o *httpapi.Options) {
	o.Proxies = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/32"), netip.MustParsePrefix("10.0.0.0/8")}
}

type mute struct{}

func (mute) Publish(string, []byte) error { return nil }

func (mute) Notified(context.Context, identity.WorkspaceID, notification.News) {}

// colleagues are the members who may take work.
type colleagues struct{ fake *conversationtest.Fake }

func (c colleagues) Member(ctx context.Context, scope identity.Scope, id identity.MemberID) (identity.Member, error) {
	return c.fake.Identities.Member(ctx, scope.Workspace, id)
}

// tongues are those of a contact and its workspace.
type tongues struct{ fake *conversationtest.Fake }

func (g tongues) NameOf(ctx context.Context, w identity.WorkspaceID) (string, error) {
	workspace, err := g.fake.Identities.Workspace(ctx, w)
	return workspace.Name, err
}

func (g tongues) Tongues(ctx context.Context, w identity.WorkspaceID, customer contact.ID) ([]string, error) {
	workspace, err := g.fake.Identities.Workspace(ctx, w)
	if err != nil {
		return nil, err
	}
	if customer == "" {
		return []string{workspace.Locale}, nil
	}
	found, _, err := g.fake.Contacts.Get(ctx, w, customer)
	return []string{found.Locale, workspace.Locale}, err
}

type noPlugins struct{}

func (noPlugins) Plugins() []extension.Plugin                          { return nil }
func (noPlugins) Restart(context.Context, extension.PluginID) error    { return nil }
func (noPlugins) Logs(extension.PluginID) ([]extension.LogLine, error) { return nil, nil }

func (noPlugins) Enable(context.Context, extension.PluginID, bool) error { return nil }

func (noPlugins) Move(context.Context, extension.PluginID, extension.Move) (extension.Copy, error) {
	return extension.Copy{}, nil
}
func (noPlugins) Pin(context.Context, extension.PluginID, string) error { return nil }
func (noPlugins) Versions(context.Context, extension.PluginID) ([]extension.Version, error) {
	return nil, nil
}

type nobody struct{}

func (nobody) Snapshot(context.Context, identity.WorkspaceID) ([]wire.Presence, error) {
	return nil, nil
}

func (nobody) Available(context.Context, identity.WorkspaceID, channel.InboxID) (bool, error) {
	return false, nil
}

func (nobody) Choose(context.Context, identity.WorkspaceID, identity.MemberID, dispatch.Status, string) error {
	return nil
}

func (nobody) Ready(context.Context, identity.WorkspaceID, identity.MemberID) error { return nil }

type feed struct {
	event.Log
	*conversationtest.Fake
}

func (feed) Epoch() string { return "epoch-1" }
