// Package store keeps everything durable: it implements the ports of the
// domain over SQLite or PostgreSQL. One folder per noun holds its rows and
// queries; db holds what they stand on: connections, migrations and the writer
// that commits in groups. Rows never leave this tree.
package store

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/patchbay-im/patchbay/core/alert"
	"github.com/patchbay-im/patchbay/core/audit"
	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/backfill"
	messagetemplate "github.com/patchbay-im/patchbay/core/channel/template"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/contact/importing"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/erasure"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/export"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/idempotency"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/journey"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/notification"
	"github.com/patchbay-im/patchbay/core/policy"
	"github.com/patchbay-im/patchbay/core/push"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/retention"
	"github.com/patchbay-im/patchbay/core/routing"
	"github.com/patchbay-im/patchbay/core/sandbox"
	"github.com/patchbay-im/patchbay/core/search"
	"github.com/patchbay-im/patchbay/core/store/agents"
	"github.com/patchbay-im/patchbay/core/store/alerts"
	"github.com/patchbay-im/patchbay/core/store/attachments"
	"github.com/patchbay-im/patchbay/core/store/audits"
	"github.com/patchbay-im/patchbay/core/store/backfills"
	"github.com/patchbay-im/patchbay/core/store/calendars"
	"github.com/patchbay-im/patchbay/core/store/catalogs"
	"github.com/patchbay-im/patchbay/core/store/channels"
	"github.com/patchbay-im/patchbay/core/store/claims"
	"github.com/patchbay-im/patchbay/core/store/conditions"
	"github.com/patchbay-im/patchbay/core/store/contacts"
	"github.com/patchbay-im/patchbay/core/store/conversations"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/store/deliveries"
	"github.com/patchbay-im/patchbay/core/store/erasures"
	"github.com/patchbay-im/patchbay/core/store/events"
	"github.com/patchbay-im/patchbay/core/store/exports"
	"github.com/patchbay-im/patchbay/core/store/extensions"
	"github.com/patchbay-im/patchbay/core/store/figures"
	"github.com/patchbay-im/patchbay/core/store/followings"
	"github.com/patchbay-im/patchbay/core/store/identities"
	"github.com/patchbay-im/patchbay/core/store/inboxtemplates"
	"github.com/patchbay-im/patchbay/core/store/journeys"
	"github.com/patchbay-im/patchbay/core/store/licenses"
	"github.com/patchbay-im/patchbay/core/store/lives"
	"github.com/patchbay-im/patchbay/core/store/mirrors"
	"github.com/patchbay-im/patchbay/core/store/notifications"
	"github.com/patchbay-im/patchbay/core/store/pluginbases"
	"github.com/patchbay-im/patchbay/core/store/pluginstates"
	"github.com/patchbay-im/patchbay/core/store/policies"
	"github.com/patchbay-im/patchbay/core/store/pushes"
	"github.com/patchbay-im/patchbay/core/store/queues"
	"github.com/patchbay-im/patchbay/core/store/retentions"
	"github.com/patchbay-im/patchbay/core/store/routings"
	"github.com/patchbay-im/patchbay/core/store/sandboxes"
	index "github.com/patchbay-im/patchbay/core/store/search"
	"github.com/patchbay-im/patchbay/core/store/surveys"
	"github.com/patchbay-im/patchbay/core/store/teams"
	"github.com/patchbay-im/patchbay/core/store/templates"
	"github.com/patchbay-im/patchbay/core/store/tickets"
	"github.com/patchbay-im/patchbay/core/store/toolcalls"
	"github.com/patchbay-im/patchbay/core/store/views"
	"github.com/patchbay-im/patchbay/core/store/webhooks"
	"github.com/patchbay-im/patchbay/core/survey"
	"github.com/patchbay-im/patchbay/core/system"
	"github.com/patchbay-im/patchbay/core/team"
	"github.com/patchbay-im/patchbay/core/ticket"
	"github.com/patchbay-im/patchbay/core/view"
	"github.com/patchbay-im/patchbay/core/webhook"
)

// The ports, kept by the compiler.
var (
	_ audit.Store               = (*audits.Store)(nil)
	_ contact.Store             = (*contacts.Store)(nil)
	_ contact.PageStore         = (*contacts.Store)(nil)
	_ contact.NoteStore         = (*contacts.Store)(nil)
	_ contact.OrganisationStore = (*contacts.Store)(nil)
	_ contact.MergeStore        = (*contacts.Store)(nil)
	_ journey.Reader            = (*journeys.Store)(nil)
	_ importing.Store           = (*contacts.Imports)(nil)
	_ importing.Desk            = (*contacts.Imports)(nil)
	_ contact.Tx                = (*contacts.Tx)(nil)
	_ channel.Store             = (*channels.Store)(nil)
	_ backfill.Store            = (*backfills.Store)(nil)
	_ messagetemplate.Store     = (*inboxtemplates.Store)(nil)
	_ channel.RequestStore      = (*channels.Store)(nil)
	_ channel.SecretStore       = (*channels.Store)(nil)
	_ media.Tx                  = (*attachments.Tx)(nil)
	_ media.Store               = (*attachments.Store)(nil)
	_ media.Ledger              = (*attachments.Store)(nil)
	_ media.Errands             = (*attachments.Store)(nil)
	_ catalog.Store             = (*catalogs.Store)(nil)
	_ conversation.Store        = (*conversations.Store)(nil)
	_ conversation.Tx           = (*conversations.Tx)(nil)
	_ conversation.Reader       = (*conversations.Store)(nil)
	_ conversation.WritingStore = (*conversations.Store)(nil)
	_ conversation.ReadMarks    = (*conversations.Store)(nil)
	_ conversation.VisitorStore = (*conversations.Store)(nil)
	_ delivery.Store            = (*deliveries.Store)(nil)
	_ dispatch.Store            = (*agents.Store)(nil)
	_ survey.Store              = (*surveys.Store)(nil)
	_ erasure.Store             = (*erasures.Store)(nil)
	_ extension.StateStore      = (*pluginstates.Store)(nil)
	_ extension.ClaimStore      = (*pluginstates.Store)(nil)
	_ extension.LeaseStore      = (*pluginstates.Store)(nil)
	_ extension.ScheduleStore   = (*pluginstates.Schedules)(nil)
	_ extension.Databases       = (*pluginbases.Databases)(nil)
	_ extension.Estate          = (*pluginstates.Store)(nil)
	_ idempotency.Store         = (*claims.Store)(nil)
	_ retention.Store           = (*retentions.Store)(nil)
	_ sandbox.Store             = (*sandboxes.Store)(nil)
	_ extension.ConnectionStore = (*extensions.Store)(nil)
	_ extension.GrantStore      = (*extensions.Store)(nil)
	_ extension.TokenStore      = (*extensions.Store)(nil)
	_ export.Store              = (*exports.Store)(nil)
	_ export.Source             = (*exports.Source)(nil)
	_ extension.Mirror          = (*mirrors.Store)(nil)
	_ extension.CallStore       = (*toolcalls.Store)(nil)
	_ event.Log                 = (*events.Log)(nil)
	_ notification.Store        = (*notifications.Store)(nil)
	_ notification.Inbox        = (*notifications.Store)(nil)
	_ push.Store                = (*pushes.Store)(nil)
	_ push.Ledger               = (*pushes.Store)(nil)
	_ policy.Store              = (*policies.Store)(nil)
	_ alert.Store               = (*alerts.Store)(nil)
	_ calendar.Store            = (*calendars.Store)(nil)
	_ calendar.Directory        = (*calendars.Store)(nil)
	_ team.Store                = (*teams.Store)(nil)
	_ team.Directory            = (*teams.Store)(nil)
	_ team.Graveyard            = (*teams.Store)(nil)
	_ queue.Store               = (*queues.Store)(nil)
	_ routing.Store             = (*routings.Store)(nil)
	_ queue.Skills              = (*queues.Store)(nil)
	_ queue.Directory           = (*queues.Store)(nil)
	_ queue.People              = (*agents.Store)(nil)
	_ search.Source             = (*index.Source)(nil)
	_ search.Index              = (*index.Lite)(nil)
	_ search.Index              = (*index.Pg)(nil)
	_ ticket.Store              = (*tickets.Store)(nil)
	_ ticket.Reader             = (*tickets.Store)(nil)
	_ ticket.Tx                 = (*tickets.Tx)(nil)
	_ view.Store                = (*views.Store)(nil)
	_ view.Lister               = (*conversations.Store)(nil)
	_ webhook.Store             = (*webhooks.Store)(nil)
	_ webhook.Ledger            = (*webhooks.Store)(nil)
	_ webhook.Log               = (*webhooks.Store)(nil)
)

// Config says which database to open; see db.Config.
type Config = db.Config

// The database systems.
const (
	SQLite   = db.SQLite
	Postgres = db.Postgres
)

// Store is an open database as the domain's ports. It is safe for concurrent
// use.
type Store struct {
	// Mails says of which plugins' channels the messages are mails; nil = of none.
	// It is set before the store is used.
	Mails func(plugin string) bool

	db  *db.DB
	now func() time.Time
}

// Open opens the database, checks that its commits are durable, migrates it
// (after a copy of an existing SQLite file) and starts the writer. Errors name
// the cure.
func Open(ctx context.Context, c Config) (*Store, error) {
	d, err := db.Open(ctx, c)
	if err != nil {
		return nil, err
	}
	return &Store{db: d, now: c.Now}, nil
}

// Identities returns the ports of identity.
func (s *Store) Identities() identity.Stores { return identities.New(s.db).Stores() }

// Contacts returns contact.Store, PageStore, NoteStore and OrganisationStore.
func (s *Store) Contacts() *contacts.Store { return contacts.New(s.db) }

// Extensions returns extension.ConnectionStore and extension.GrantStore.
func (s *Store) Extensions() *extensions.Store { return extensions.New(s.db) }

// Conditions returns how accounts have fared.
func (s *Store) Conditions() *conditions.Store { return conditions.New(s.db) }

// Mirrors returns extension.Mirror.
func (s *Store) Mirrors() *mirrors.Store { return mirrors.New(s.db) }

// ToolCalls returns extension.CallStore.
func (s *Store) ToolCalls() *toolcalls.Store { return toolcalls.New(s.db) }

// Followings returns how far connections of plugins were told what happens.
func (s *Store) Followings() *followings.Store { return followings.New(s.db) }

// Attachments returns media.Store and media.Ledger.
func (s *Store) Attachments() *attachments.Store { return attachments.New(s.db) }

// Backfills returns backfill.Store.
func (s *Store) Backfills() *backfills.Store { return backfills.New(s.db) }

// InboxTemplates returns the templates of inboxes.
func (s *Store) InboxTemplates() *inboxtemplates.Store { return inboxtemplates.New(s.db) }

// Imports returns importing.Store and importing.Desk.
func (s *Store) Imports() *contacts.Imports { return contacts.NewImports(s.db) }

// Journeys returns journey.Reader.
func (s *Store) Journeys() *journeys.Store { return journeys.New(s.db) }

// Channels returns channel.Store and channel.RequestStore.
func (s *Store) Channels() *channels.Store { return channels.New(s.db) }

// Catalog returns catalog.Store.
func (s *Store) Catalog() *catalogs.Store { return catalogs.New(s.db) }

// Conversations returns conversation.Store, Reader, ReadMarks and VisitorStore.
func (s *Store) Conversations() *conversations.Store { return conversations.New(s.db, s.Mails) }

// Views returns view.Store.
func (s *Store) Views() *views.Store { return views.New(s.db) }

// Deliveries returns delivery.Store.
func (s *Store) Deliveries() *deliveries.Store { return deliveries.New(s.db, s.now, s.Mails) }

// Surveys returns survey.Store.
func (s *Store) Surveys() *surveys.Store { return surveys.New(s.db) }

// Tickets returns ticket.Store and ticket.Reader.
func (s *Store) Tickets() *tickets.Store { return tickets.New(s.db) }

// Agents returns dispatch.Store and queue.People.
func (s *Store) Agents() *agents.Store { return agents.New(s.db, s.now, s.Mails) }

// Figures reads what figures are made of.
func (s *Store) Figures() *figures.Store { return figures.New(s.db, s.Mails) }

// Alerts returns alert.Store.
func (s *Store) Alerts() *alerts.Store { return alerts.New(s.db) }

// Policies returns policy.Store, which is dispatch.Plans as well.
func (s *Store) Policies() *policies.Store { return policies.New(s.db) }

// Calendars returns calendar.Store and calendar.Directory.
func (s *Store) Calendars() *calendars.Store { return calendars.New(s.db) }

// Teams returns team.Store, team.Directory and team.Graveyard.
func (s *Store) Teams() *teams.Store { return teams.New(s.db) }

// Routings returns routing.Store.
func (s *Store) Routings() *routings.Store { return routings.New(s.db) }

// Queues returns queue.Store, queue.Skills and queue.Directory.
func (s *Store) Queues() *queues.Store { return queues.New(s.db) }

// Templates returns template.Store.
func (s *Store) Templates() *templates.Store { return templates.New(s.db) }

// Notifications returns notification.Store and notification.Inbox.
func (s *Store) Notifications() *notifications.Store { return notifications.New(s.db) }

// Pushes returns push.Store and push.Ledger, whose secrets sealer keeps.
func (s *Store) Pushes(sealer push.Sealer) *pushes.Store { return pushes.New(s.db, sealer) }

// Audit returns audit.Store.
func (s *Store) Audit() *audits.Store { return audits.New(s.db) }

// OpenAudit opens the audit log of a database to read it, beside a server that
// may be using it; see db.OpenReader. The caller closes it.
func OpenAudit(ctx context.Context, c Config) (reader audit.Reader, end func(context.Context) error, err error) {
	d, err := db.OpenReader(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	return audits.New(d), d.Close, nil
}

// Claims returns idempotency.Store.
func (s *Store) Claims() *claims.Store { return claims.New(s.db) }

// PluginStates returns extension.StateStore, ClaimStore, LeaseStore and Estate.
func (s *Store) PluginStates() *pluginstates.Store { return pluginstates.New(s.db) }

// PluginDatabases returns extension.Databases.
func (s *Store) PluginDatabases(o pluginbases.Options) *pluginbases.Databases {
	return pluginbases.New(s.db, o)
}

// PluginSchedules returns extension.ScheduleStore.
func (s *Store) PluginSchedules() *pluginstates.Schedules { return pluginstates.NewSchedules(s.db) }

// Examine looks at a database beside whoever uses it; see db.Examine.
func Examine(ctx context.Context, c Config) system.Database { return db.Examine(ctx, c) }

// Counts returns how many rows each table of a database has; see db.Counts.
func Counts(ctx context.Context, c Config) (map[string]int64, error) { return db.Counts(ctx, c) }

// Migrations lists the migrations that were applied to a database.
func Migrations(ctx context.Context, c Config) ([]string, error) { return db.Migrations(ctx, c) }

// Backlog counts what waits to leave; see db.DB.Backlog.
func (s *Store) Backlog(ctx context.Context) (chats, hooks db.Waiting, err error) {
	return s.db.Backlog(ctx)
}

// Events returns event.Log.
func (s *Store) Events() *events.Log { return events.New(s.db) }

// Webhooks returns webhook.Store, Ledger and Log.
func (s *Store) Webhooks() *webhooks.Store { return webhooks.New(s.db) }

// Searchable returns search.Source.
func (s *Store) Searchable() *index.Source { return index.NewSource(s.db) }

// Index is search.Index with its end.
type Index interface {
	search.Index
	// Close ends it. Nobody may call it any more.
	Close(ctx context.Context) error
}

// OpenIndex opens the search index of a database with the given epoch: for
// SQLite the file search.db beside it, for PostgreSQL tables of its own in it.
func OpenIndex(ctx context.Context, c Config, epoch string) (Index, error) {
	// A nil pointer in the interface would pass for an index that is open.
	if c.Driver == Postgres {
		pg, err := index.OpenPg(ctx, c.Source, epoch)
		if err != nil {
			return nil, err //nolint:wrapcheck // the caller says what failed
		}
		return pg, nil
	}
	lite, err := index.OpenLite(ctx, filepath.Join(filepath.Dir(c.Source), "search.db"), epoch)
	if err != nil {
		return nil, err //nolint:wrapcheck // the caller says what failed
	}
	return lite, nil
}

// Erasures returns erasure.Store.
func (s *Store) Erasures() *erasures.Store { return erasures.New(s.db) }

// Lives returns extension.Lives.
func (s *Store) Lives() *lives.Store { return lives.New(s.db) }

// Licenses returns license.Store.
func (s *Store) Licenses() *licenses.Store { return licenses.New(s.db) }

// Retention returns retention.Store.
func (s *Store) Retention() *retentions.Store { return retentions.New(s.db) }

// Sandboxes returns sandbox.Store.
func (s *Store) Sandboxes() *sandboxes.Store { return sandboxes.New(s.db) }

// Exports returns export.Store.
func (s *Store) Exports() *exports.Store { return exports.New(s.db) }

// TakeExport opens what goes into an export, as of now, beside a server that may
// be using the database.
func TakeExport(ctx context.Context, c Config, of export.Of) (*exports.Source, error) {
	return exports.Take(ctx, c, of)
}

// Workspaces returns the names of a database's workspaces by their ids, beside a
// server that may be using it.
func Workspaces(ctx context.Context, c Config) (map[identity.WorkspaceID]string, error) {
	d, err := db.OpenReader(ctx, c)
	if err != nil {
		return nil, err
	}
	out := make(map[identity.WorkspaceID]string)
	err = d.Rows(ctx, `SELECT workspace_id, name FROM workspace`, nil, func(sc db.Scanner) error {
		var id, name string
		err := sc.Scan(&id, &name)
		out[identity.WorkspaceID(id)] = name
		return err
	})
	return out, errors.Join(err, d.Close(ctx))
}

// Scrub takes away what deleted rows leave behind; see db.DB.Scrub.
func (s *Store) Scrub(ctx context.Context) error { return s.db.Scrub(ctx) }

// Epoch identifies this history of the database; see db.DB.Epoch.
func (s *Store) Epoch(ctx context.Context) (string, error) { return s.db.Epoch(ctx) }

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.db.Ping(ctx) }

// CheckIntegrity verifies the database; see db.DB.CheckIntegrity.
func (s *Store) CheckIntegrity(ctx context.Context) error { return s.db.CheckIntegrity(ctx) }

// Close finishes the jobs taken in and closes the database.
func (s *Store) Close(ctx context.Context) error { return s.db.Close(ctx) }
