// Package httpapi is the HTTP face of the core: the REST API (OpenAPI 3.1 at
// /openapi.json), inbound webhooks, the upgrade of WebSockets, and the static
// web. Handlers are thin: decode, call one use case, encode. A fiber.Ctx never
// leaves this package.
//
// Lifecycle: New builds and checks the routes, Serve answers on a listener
// until Shutdown, which finishes requests in flight. Unready makes /readyz
// answer 503 before that.
package httpapi

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"
	recoverer "github.com/gofiber/fiber/v2/middleware/recover"

	"github.com/patchbay-im/patchbay/core/alert"
	"github.com/patchbay-im/patchbay/core/audit"
	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/backfill"
	messagetemplate "github.com/patchbay-im/patchbay/core/channel/template"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/erasure"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/export"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/figures"
	"github.com/patchbay-im/patchbay/core/idempotency"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
	"github.com/patchbay-im/patchbay/core/license"
	"github.com/patchbay-im/patchbay/core/limit"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/notification"
	"github.com/patchbay-im/patchbay/core/policy"
	"github.com/patchbay-im/patchbay/core/push"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/retention"
	"github.com/patchbay-im/patchbay/core/routing"
	"github.com/patchbay-im/patchbay/core/sandbox"
	"github.com/patchbay-im/patchbay/core/search"
	"github.com/patchbay-im/patchbay/core/survey"
	"github.com/patchbay-im/patchbay/core/system"
	"github.com/patchbay-im/patchbay/core/team"
	"github.com/patchbay-im/patchbay/core/template"
	"github.com/patchbay-im/patchbay/core/ticket"
	"github.com/patchbay-im/patchbay/core/view"
	"github.com/patchbay-im/patchbay/core/webhook"
)

const (
	apiPrefix   = "/api/v1"
	hooksPrefix = "/hooks/"
	maxBody     = 256 << 10 // bytes of an API request
	timeout     = 30 * time.Second
)

// Options is what the server is made of.
type Options struct {
	Version       string
	BaseURL       string // as people reach it, without a slash at the end
	SecureCookies bool
	Proxies       []netip.Prefix

	Identity     *identity.Services
	Audit        *audit.Service
	Teams        *team.Service
	Calendars    *calendar.Service
	Queues       *queue.Service
	RoutingRules *routing.Service
	Policies     *policy.Service
	Figures      *figures.Service
	Alerts       *alert.Service
	Hours        *queue.Hours
	People
	Inboxes       *channel.Service
	Backfills     *backfill.Service
	Prepared      *messagetemplate.Service // templates of inboxes
	Secrets       *channel.Secrets
	Hooks         *channel.Hooks
	Requests      *channel.RequestLog
	Conversations *conversation.Service
	Deliveries    *delivery.Tracker
	Surveys       *survey.Service
	Tickets       *ticket.Service
	Views         *view.Service
	Media         *media.Service // nil = no files
	Pictures      Pictures       // nil = none that are elsewhere
	Search        *search.Service
	Catalog       *catalog.Service
	Extensions    *extension.Service
	Gate          *extension.Gate
	Followings    extension.Followings
	Connections   *extension.ConnectionService
	Conditions    instance.ConditionStore
	SignIns       *extension.SignIns
	Licenses      *license.Service
	Notifications *notification.Service
	Pushes        *push.Service
	Erasures      *erasure.Service
	Retention     *retention.Service
	Templates     *template.Service
	Exports       *export.Service
	Sandboxes     *sandbox.Service
	Webhooks      *webhook.Service
	Idempotency   *idempotency.Service
	Operation     Operation
	Presence      Presence
	Sockets       Sockets
	Feed          Feed
	Circle        contact.Circle
	PluginUI      func(plugin channel.PluginID) (fs.FS, bool)
	PluginWork

	// Places are the addresses of this server, the widest first.
	Places  func() []Place
	Console fs.FS // the built console
	Guides  fs.FS // to the API, as help.New takes them; nil = none
	Demo    fs.FS // the demo page; nil = no demo
	// DemoInbox returns the inbox that the demo page shows.
	DemoInbox func() channel.InboxID

	Health  func(ctx context.Context) error // nil error = ready to serve
	Limits  Limits
	Buckets *limit.Buckets // shared with the live gateway; nil = the server's own
	Observe func(method, route string, status int, took time.Duration)
	Now     func() time.Time
	Log     *slog.Logger
}

// Feed reads a workspace's committed events.
type Feed interface {
	event.Log
	// Hydrate is conversation.Reader's.
	Hydrate(ctx context.Context, workspace identity.WorkspaceID, events []event.Event) (map[string]conversation.Change, map[conversation.ID]conversation.Conversation, error)
	// Epoch changes when a backup is restored: clients start over.
	Epoch() string
}

// Server is the HTTP server.
type Server struct {
	Options
	app       *fiber.App
	api       huma.API
	routes    []route
	unfit     []error // routes that cannot be served
	unready   atomic.Bool
	busy      atomic.Int64 // requests in their handlers
	limits    *limit.Buckets
	trials    *system.Trials
	assets    *assets
	demoFiles *assets
	widgets   widgets
	frames    frames
	document  []byte
}

// New returns a Server with all routes, or an error when one declares no access.
func New(o Options) (*Server, error) {
	speakProblems()
	s := &Server{Options: o, limits: cmp.Or(o.Buckets, limit.New(o.Now)), assets: newAssets(o.Console), demoFiles: newAssets(o.Demo)}
	s.app = fiber.New(s.fiberConfig())
	s.app.Server().KeepHijackedConns = true
	s.app.Server().HeaderReceived = s.largeBodies
	s.app.Use(recoverer.New(recoverer.Config{EnableStackTrace: true, StackTraceHandler: s.panicked}))
	s.app.Use(s.common)
	s.app.Use(s.sameSite)
	s.api = newAPI(s.app, o.Version)
	s.declare()
	if err := s.describe(); err != nil {
		return nil, err
	}
	if err := s.docRoutes(); err != nil {
		return nil, err
	}
	s.staticRoutes()
	return s, s.checkRoutes()
}

// declare adds the routes: who works here and how the place is set up, then
// the work itself. What is fixed comes before what has a parameter in its place.
func (s *Server) declare() {
	s.systemRoutes()
	s.setupRoutes()
	s.sessionRoutes()
	s.signInRoutes()
	s.accountRoutes()
	s.pushRoutes()
	s.signInAdminRoutes()
	s.workspaceRoutes()
	s.memberRoutes()
	s.auditRoutes()
	s.keyRoutes()
	s.sandboxRoutes()
	s.roleRoutes()
	s.inboxRoutes()
	s.ruleRoutes()
	s.findingRoutes()
	s.whisperRoutes()
	s.superviseRoutes()
	s.secretRoutes()
	s.pluginRoutes()
	s.connectionRoutes()
	s.conditionRoutes()
	s.backfillRoutes()
	s.messageTemplateRoutes()
	s.requestRoutes()
	s.skippedRoutes()
	s.teamRoutes()
	s.calendarRoutes()
	s.policyRoutes()
	s.figureRoutes()
	s.alertRoutes()
	s.queueRoutes()
	s.routingRoutes()
	s.skillRoutes()
	s.calendarImportRoutes()
	s.notificationRoutes()
	s.webhookRoutes()
	s.installationRoutes()
	s.declareWork()
}

func (s *Server) declareWork() {
	s.contactRoutes()
	s.erasureRoutes()
	s.retentionRoutes()
	s.templateRoutes()
	s.exportRoutes()
	s.viewRoutes()
	s.searchRoutes()
	s.allOfTickets()
	s.conversationRoutes()
	s.beginRoutes()
	s.draftRoutes()
	s.scheduledRoutes()
	s.deliveryRoutes()
	s.organiseRoutes()
	s.catalogRoutes()
	s.cannedRoutes()
	s.transcriptRoutes()
	s.messageHTMLRoutes()
	s.visitorRoutes()
	s.waitingRoutes()
	s.formRoutes()
	s.ratingRoutes()
	s.uploadRoutes()
	s.socketRoutes()
	s.hookRoutes()
	s.widgetRoutes()
	s.reachRoutes()
	s.workOfPlugins()
}

func (s *Server) workOfPlugins() {
	s.panelRoutes()
	s.connectorRoutes()
	s.toolRoutes()
	s.frameRoutes()
	s.proxyRoutes()
}

func (s *Server) allOfTickets() {
	s.ticketTypeRoutes()
	s.ticketPages()
	s.ticketExportRoute()
	s.ticketRoutes()
}

// newAPI is the one place that knows how huma meets fiber: its next release
// renames the constructor.
func newAPI(app *fiber.App, version string) huma.API {
	config := huma.DefaultConfig("Patchbay", version)
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil
	config.Info.Description = "The API of Patchbay (接线台). Every error carries a stable code and a sentence that may be shown."
	config.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	return humafiber.New(app, config)
}

func (s *Server) fiberConfig() fiber.Config {
	proxies := make([]string, len(s.Proxies))
	for i, p := range s.Proxies {
		proxies[i] = p.String()
	}
	return fiber.Config{
		Immutable:               true, // strings outlive the request: see ADR 0015
		DisableStartupMessage:   true,
		ErrorHandler:            s.handleError,
		BodyLimit:               channel.MaxHookBody,
		ReadBufferSize:          16 << 10,
		ReadTimeout:             timeout,
		WriteTimeout:            timeout,
		IdleTimeout:             2 * time.Minute,
		EnableTrustedProxyCheck: true,
		TrustedProxies:          proxies, // for the host name; see address for the client's
		StrictRouting:           true,
		CaseSensitive:           true,
	}
}

// Serve answers requests until Shutdown.
func (s *Server) Serve(l net.Listener) error {
	if err := s.app.Listener(l); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// Unready makes /readyz answer 503 and refuses new upgrades.
func (s *Server) Unready() { s.unready.Store(true) }

// A stopping server looks so often whether a request is under way, and goes
// when it saw none so many times.
const (
	quietBeat  = 30 * time.Millisecond
	quietBeats = 10
)

// Shutdown stops listening and finishes requests in flight, at most until ctx
// ends. It does not wait for connections on which nothing was asked yet, which
// browsers open in advance: fasthttp would, for the whole read timeout.
func (s *Server) Shutdown(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- s.app.ShutdownWithContext(ctx) }()
	tick := time.NewTicker(quietBeat)
	defer tick.Stop()
	for quiet := 0; quiet < quietBeats; {
		select {
		case err := <-done:
			if err != nil {
				return fmt.Errorf("shut down: %w", err)
			}
			return nil
		case <-tick.C:
			quiet++
			if s.busy.Load() > 0 {
				quiet = 0
			}
		}
	}
	cancel()
	<-done //nolint:errcheck // cancelled just now
	return nil
}
