package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/patchbay-im/patchbay/core/alert"
	"github.com/patchbay-im/patchbay/core/archive"
	"github.com/patchbay-im/patchbay/core/audit"
	"github.com/patchbay-im/patchbay/core/blob"
	"github.com/patchbay-im/patchbay/core/bus"
	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/certificate"
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/backfill"
	messagetemplate "github.com/patchbay-im/patchbay/core/channel/template"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/erasure"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/export"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/figures"
	"github.com/patchbay-im/patchbay/core/httpapi"
	"github.com/patchbay-im/patchbay/core/idempotency"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
	"github.com/patchbay-im/patchbay/core/license"
	"github.com/patchbay-im/patchbay/core/limit"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/notification"
	"github.com/patchbay-im/patchbay/core/oidc"
	"github.com/patchbay-im/patchbay/core/outbound"
	"github.com/patchbay-im/patchbay/core/pluginhost"
	"github.com/patchbay-im/patchbay/core/push"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/realtime"
	"github.com/patchbay-im/patchbay/core/retention"
	"github.com/patchbay-im/patchbay/core/routing"
	"github.com/patchbay-im/patchbay/core/sandbox"
	"github.com/patchbay-im/patchbay/core/seal"
	"github.com/patchbay-im/patchbay/core/search"
	"github.com/patchbay-im/patchbay/core/store"
	"github.com/patchbay-im/patchbay/core/store/agents"
	"github.com/patchbay-im/patchbay/core/survey"
	"github.com/patchbay-im/patchbay/core/team"
	"github.com/patchbay-im/patchbay/core/telemetry"
	"github.com/patchbay-im/patchbay/core/template"
	"github.com/patchbay-im/patchbay/core/ticket"
	"github.com/patchbay-im/patchbay/core/view"
	"github.com/patchbay-im/patchbay/core/webhook"
)

// server is everything that runs.
type server struct {
	config  Config
	options Options
	attach  map[channel.PluginID]string // plugins that their author runs: see pluginhost
	log     *slog.Logger
	ring    *telemetry.Ring // the last of it
	now     func() time.Time
	started time.Time

	store *store.Store
	files *blob.Store
	bus   *bus.Bus
	box   *seal.Box
	out   *outbound.Client // all HTTP that leaves

	certificate               certificate.Source     // nil = plain HTTP
	authority                 *certificate.Authority // nil = none is asked
	redirectSide, metricsSide *httpapi.Side
	limits                    *limit.Buckets
	metrics                   *telemetry.Metrics
	epoch                     string

	identity      *identity.Services
	audit         *audit.Service
	teams         *team.Service
	queues        *queue.Service
	routing       *routing.Service
	notifications *notification.Service
	people        httpapi.People
	inboxes       *channel.Service
	conditions    *instance.Watch
	backfills     *backfill.Service
	prepared      *messagetemplate.Service // templates of inboxes
	secrets       *channel.Secrets
	surveys       *survey.Service
	tickets       *ticket.Service
	hooks         *channel.Hooks
	requests      *channel.RequestLog
	conversations *conversation.Service
	views         *view.Service
	media         *media.Service
	fetcher       *conversation.Fetcher
	index         store.Index
	indexer       *search.Indexer
	search        *search.Service
	extensions    *extension.Service
	gate          *extension.Gate
	connections   *extension.ConnectionService
	signIns       *extension.SignIns
	pluginWork    httpapi.PluginWork
	erasures      *erasure.Service
	once          *idempotency.Service
	retention     *retention.Service
	exports       *export.Service
	press         *archive.Press
	catalog       *catalog.Service
	templates     *template.Service
	samples       *samples
	sandboxes     *sandbox.Service

	deliverer     *delivery.Deliverer
	dispatcher    *dispatch.Dispatcher
	figures       *figures.Service
	relay         *relay
	bots          *bots
	followers     *followers
	announcer     *announcer
	plugins       *pluginhost.Host
	licenses      *license.Service
	gateway       *realtime.Gateway
	webhooks      *webhook.Service
	webhookSender *webhook.Sender
	pushes        *push.Service
	pusher        *push.Sender
	webhookPump   *pump // the feed for webhooks, from where they left off

	pump   *pump
	watch  *watch
	alerts *alert.Watch
	teller *pump // the feed for notifications, from where they left off
	http   *httpapi.Server

	demo          *demo
	demoWorkspace atomic.Pointer[identity.WorkspaceID]
}

// open makes every part. What it opened is closed by close, also after an error.
func (s *server) open(ctx context.Context) error {
	s.metrics, s.limits = telemetry.NewMetrics(s.options.Version), limit.New(s.now)
	if err := s.openStore(ctx); err != nil {
		return err
	}
	if err := s.openOutbound(); err != nil {
		return err
	}
	if err := s.openTLS(); err != nil {
		return err
	}
	if err := s.openPlugins(); err != nil { //nolint:contextcheck // nothing of the host runs before Run
		return err
	}
	s.domain()
	if err := s.newExports(); err != nil {
		return err
	}
	s.live()
	if err := s.openWebhooks(); err != nil {
		return err
	}
	if err := s.openPush(); err != nil {
		return err
	}
	if err := s.openSides(); err != nil {
		return err
	}
	return s.face(ctx)
}

// openKey reads the master key, which a first start makes.
func (s *server) openKey() (err error) {
	if named := s.config.Secrets.KeyFile; named != "" {
		s.box, err = seal.Open(named)
		return err //nolint:wrapcheck // it names the cure
	}
	s.box, err = seal.OpenOrCreate(dataPath(s.config, filepath.Join("keys", "master.key")))
	return err //nolint:wrapcheck // as above
}

func (s *server) openStore(ctx context.Context) error {
	err := s.openKey()
	if err != nil {
		return err
	}
	if s.bus, err = bus.Open(bus.Options{URL: s.config.Bus.URL, Log: s.log}); err != nil {
		return fmt.Errorf("start the bus: %w", err)
	}
	c := database(s.config, s.now, s.log)
	c.OnCommit = s.committed
	if s.store, err = store.Open(ctx, c); err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	if s.files, err = blob.Open(dataPath(s.config, "media")); err != nil {
		return err //nolint:wrapcheck // it names the folder
	}
	s.store.Mails = s.mails
	if s.epoch, err = s.store.Epoch(ctx); err != nil {
		return fmt.Errorf("read the database's epoch: %w", err)
	}
	if s.index, err = store.OpenIndex(ctx, c, s.epoch); err != nil {
		return fmt.Errorf("open the search index: %w", err)
	}
	return nil
}

// committed wakes whoever waits for the feed or for deliveries. Those become due
// without an event, too: what the ledger of webhooks takes in grows no feed.
func (s *server) committed(workspaces []string, deliveries bool) {
	for _, w := range workspaces {
		if err := s.bus.Publish(event.SubjectWake+w, nil); err != nil { // the poll finds it
			s.log.Warn("a wake-up could not be published", "error", err)
		}
	}
	if deliveries {
		_ = s.bus.Publish(event.SubjectDeliver+"any", nil) // as above
	}
}

// domain makes the use cases.
func (s *server) domain() {
	conversations, channels := s.store.Conversations(), s.store.Channels()
	s.identity = identity.New(identity.Deps{
		Stores: s.store.Identities(), Hasher: identity.NewHasher(identity.HashOptions{Now: s.now}),
		Throttle: identity.NewThrottle(s.now, identity.ThrottleOptions{}), Notifier: s.bus, Places: s.store.Teams(), Now: s.now, Log: s.log,
		Sealer: s.box, OpenID: oidc.New(s.out.HTTP(outbound.OIDC), s.now, outbound.Explain), BaseURL: s.config.BaseURL(),
	})
	s.audit = audit.NewService(s.store.Audit(), s.now)
	s.licenses = license.New(license.Deps{Store: s.store.Licenses(), Vendors: s.plugins, Sealer: s.box, Now: s.now, Log: s.log})
	s.teams = team.NewService(s.store.Teams(), s.store.Teams(), s.now)
	s.teams.Moved = s.identity.Roles.Moved
	s.queues = queue.NewService(s.store.Queues(), s.store.Queues(), s.agents(), s.store.Calendars(), s.now)
	s.routing = routing.NewService(routing.Deps{
		Store: s.store.Routings(), Talks: conversations, Contacts: s.store.Contacts(), Pages: s.store.Contacts(), Calendars: s.store.Calendars(),
		Queues: s.store.Queues(), Skills: s.store.Queues(), People: s.agents(), Hours: s.hours(), Teams: s.store.Teams(), Inboxes: channels, Catalog: s.store.Catalog(), Plugins: s.plugins, Now: s.now,
	})
	s.people = people(s.store, s.now)
	s.inboxes = channel.NewService(channels, s.plugins, instance.NewVault(s.box), s.now)
	s.inboxes.Sending = s.sendingOf
	s.inboxes.Bots = s.botDesk()
	s.secrets = channel.NewSecrets(channels, channels, s.box, s.now)
	s.gate = s.newGate()
	s.conversations = conversation.NewService(conversation.Deps{
		Interceptor: Asking(s.gate, s.store.Attachments()), Contacts: s.store.Contacts(), Keys: s.secrets, Bus: s.bus, Ratings: s.ratings(), Bots: s.botDesk(),
		Store: conversations, Reader: conversations, Marks: conversations, Visitors: conversations, Writing: conversations,
		Inboxes: channels, Plugins: s.plugins, Members: colleagues{s.identity, identity.ConversationRead}, Teams: s.store.Teams(), Queues: s.store.Queues(), Hours: s.hours(), Router: s.routing, Catalog: s.store.Catalog(), News: windows{s.bus, s.log}, Houses: s.tongues(), Now: s.now,
		FilesNamed: func() { s.fetcher.Wake() }, Signals: s.plugins, Templates: s.store.InboxTemplates(), Audit: s.audit,
	})
	s.views = view.NewService(view.Deps{
		Store: s.store.Views(), Lister: conversations, Definitions: s.store.Catalog(), Teams: s.store.Teams(), Now: s.now,
	})
	s.media = s.newMedia()
	s.fetcher = conversation.NewFetcher(conversation.FetcherDeps{
		Conversations: s.conversations, FarSide: s.plugins, Errands: s.store.Attachments(), Files: s.media, Most: s.media.Limits.Upload, Log: s.log,
	})
	s.search = search.NewService(s.index, s.store.Searchable(), s.views, s.now)
	s.indexer = search.NewIndexer(s.index, s.store.Searchable(), s.workspaces, s.now, s.log)
	s.notifications = notification.NewService(notification.Deps{
		Store: s.store.Notifications(), Inbox: s.store.Notifications(), Hydrator: conversations,
		Reaches: s.identity.Roles, Conversations: conversations, Tickets: s.store.Tickets(),
		Announcer: told{s.bus, s.log}, Now: s.now, Log: s.log,
		Followed: func(w identity.WorkspaceID) bool {
			return s.followers.follows(w, s.plugins.EventsOf, notification.CreatedEvent)
		},
	})
	s.surveys = survey.NewService(survey.Deps{
		Store: s.store.Surveys(), Conversations: conversations, Reader: conversations, Tongues: s.tongues(),
		Key: s.box.Derive("rating links"), Now: s.now,
	})
	s.tickets = s.newTickets()
	s.conversations.Tickets, s.conversations.Targets, s.inboxes.Targets = s.tickets, s.tickets, s.tickets
	s.hooks = channel.NewHooks(channels, channels, s.plugins, s.conversations, s.now)
	s.requests = channel.NewRequestLog(channels, channels, s.audit, s.now)
	s.extensions = extension.NewService(s.plugins, s.store.Lives(), s.audit)
	s.conditions = s.newConditions()
	s.backfills = backfill.NewService(backfill.Deps{
		Store: s.store.Backfills(), Inboxes: s.inboxes, Stored: channels, FarSide: s.plugins, Now: s.now, Log: s.log,
	})
	s.prepared = messagetemplate.NewService(messagetemplate.Deps{
		Store: s.store.InboxTemplates(), Inboxes: s.inboxes, FarSide: s.plugins, Now: s.now, Log: s.log,
	})
	s.inboxes.Again = s.conditions.Again
	s.connections, s.signIns = s.newConnections()
	s.pluginWork = s.newPluginWork()
	s.erasures = s.newErasure()
	s.once = idempotency.NewService(s.store.Claims(), s.box, s.now)
	s.retention = s.newRetention()
	s.catalog = catalog.NewService(s.store.Catalog(), s.store.Teams(), s.now)
	s.templates = template.NewService(template.Options{
		Library: s.plugins, Store: s.store.Templates(), Kinds: templateKinds(s.catalog, s.teams, s.tickets, s.views), Now: s.now,
	})
	s.samples = &samples{
		inboxes: s.inboxes, conversations: s.conversations, contacts: s.people.Contacts, organisations: s.people.Organisations,
		teams: s.teams, catalog: s.catalog, tickets: s.tickets, now: s.now,
	}
	s.sandboxes = s.newSandboxes()
	s.demo = &demo{
		ids: s.identity, samples: s.samples, store: channels, out: s.options.Out, baseURL: s.config.BaseURL(),
	}
}

// live makes what follows the feed.
func (s *server) live() {
	conversations := s.store.Conversations()
	known := newPlaces()
	s.announcer = &announcer{bus: s.bus, reader: conversations, places: known, log: s.log, moves: make(chan moved, maxMoves)}
	s.dispatcher = dispatch.New(dispatch.Config{
		Store:     s.agents(),
		Announcer: s.announcer, Now: s.now, Log: s.log,
		Policy: dispatch.Plan{}.Policy(), Plans: s.store.Policies(), Hours: s.agents(), Node: s.peer(),
	})
	s.figures = s.newFigures()
	s.relay = &relay{node: s.peer(), bus: s.bus, dispatcher: s.dispatcher, log: s.log}
	s.conversations.Waits = waits{s.dispatcher}
	there := attendance{presence{s.dispatcher, s.agents(), s.relay}}
	s.gateway = realtime.New(realtime.Options{
		Conversations: s.conversations, Log: s.store.Events(), Hydrator: conversations, Tickets: s.store.Tickets(), Contacts: s.store.Contacts(),
		Presence: there, Queue: there, Supervision: s.figures, Notifications: s.store.Notifications(), Bus: s.bus, Epoch: s.epoch, Node: nodeName(), Now: s.now, Logger: s.log,
		Metrics: liveMetrics{s.metrics}, Spend: s.spendVisitor, MemberTypes: s.conversations.MemberTypes,
	})
	s.bots, s.followers = s.newBots(), s.newFollowers()
	s.alerts = s.newAlerts()
	s.watch = &watch{forsaken: s.dispatcher.Forsaken, unattended: s.notifications.Unattended, settings: s.settingsOf, now: s.now}
	s.teller = newPump(s.store.Events(), s.notifications, func(int) {}, s.log)
	s.teller.start = s.notifications.Start
	s.pump = newPump(s.store.Events(), &subscriptions{
		hydrator: conversations, tickets: s.store.Tickets(), gateway: s.gateway, dispatcher: s.dispatcher, conversations: s.conversations, bots: s.bots, places: known, work: s.agents(), plugins: s.plugins, gate: s.gate, followers: s.followers, log: s.log,
	}, s.metrics.Events, s.log)
}

// hours knows when queues are open.
func (s *server) hours() *queue.Hours { return queue.NewHours(s.store.Queues(), s.store.Calendars()) }

// agents is what dispatch reads and writes.
func (s *server) agents() *agents.Store { return s.store.Agents() }

// mails reports whether the messages of a plugin's channels are mails.
func (s *server) mails(plugin string) bool {
	return slices.ContainsFunc(s.plugins.Types(), func(t channel.Type) bool {
		return string(t.Plugin) == plugin && t.Capabilities.Takes(channel.ContentEnvelope)
	})
}

// nodeName tells this process from others of the cluster and from earlier ones.
func nodeName() string { return hostName() + "-" + strconv.Itoa(os.Getpid()) }

// peer is nodeName where other nodes may work on the same database.
func (s *server) peer() string {
	if s.config.Database.URL == "" {
		return ""
	}
	return nodeName()
}

func hostName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "node"
	}
	return host
}

// close closes what open opened, the database last.
func (s *server) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.config.Server.DrainTimeout)
	defer cancel()
	var err error
	if s.out != nil {
		s.out.Close()
	}
	if s.bus != nil {
		err = s.bus.Close()
	}
	if s.index != nil {
		err = errors.Join(err, s.index.Close(ctx))
	}
	if s.store != nil {
		err = errors.Join(err, s.store.Close(ctx))
	}
	if s.press != nil {
		err = errors.Join(err, s.press.Close())
	}
	if s.files != nil {
		err = errors.Join(err, s.files.Close())
	}
	return err
}
