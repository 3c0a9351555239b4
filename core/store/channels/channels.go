// Package channels stores inboxes and the raw webhook requests that wait for
// their plugins.
package channels

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"gorm.io/gorm"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/store/grants"
)

// Store implements channel.Store and channel.RequestStore.
type Store struct {
	db *db.DB
}

// New returns a Store.
func New(d *db.DB) *Store { return &Store{db: d} }

// inboxRow is an inbox as it is stored.
type inboxRow struct {
	WorkspaceID, InboxID, Name, Plugin string
	Live                               bool
	Config                             string
	Secrets                            string
	ConfigRevision                     int64
	HookHash                           string
	Enabled                            bool
	Bot                                string
	Acknowledgement, Rules             string
	CreatedAt                          int64
	UpdatedAt                          int64 `gorm:"autoUpdateTime:false"` // not gorm's clock
}

// TableName implements gorm's Tabler.
func (*inboxRow) TableName() string { return "inbox" }

func rowOf(i channel.Inbox) inboxRow {
	config := string(i.Config)
	if config == "" {
		config = "{}"
	}
	return inboxRow{
		WorkspaceID: string(i.Workspace), InboxID: string(i.ID), Name: i.Name, Plugin: string(i.Plugin), Live: i.Live,
		Config: config, Secrets: grants.Sealed(i.Secrets), ConfigRevision: int64(i.ConfigRevision), HookHash: i.HookHash, Enabled: i.Enabled, Bot: i.Bot, //nolint:gosec // far below 2^63
		CreatedAt: db.Micros(i.CreatedAt), UpdatedAt: db.Micros(i.UpdatedAt), Acknowledgement: acknowledgementText(i.Acknowledgement), Rules: channel.RulesText(i.Rules),
	}
}

func (r *inboxRow) domain() channel.Inbox {
	return channel.Inbox{
		Workspace: identity.WorkspaceID(r.WorkspaceID), ID: channel.InboxID(r.InboxID), Name: r.Name,
		Plugin: channel.PluginID(r.Plugin), Live: r.Live, Config: json.RawMessage(r.Config),
		Secrets: grants.Opened(r.Secrets), ConfigRevision: uint64(r.ConfigRevision), HookHash: r.HookHash, Enabled: r.Enabled, Bot: r.Bot, //nolint:gosec // written as uint64
		CreatedAt: db.Time(r.CreatedAt), UpdatedAt: db.Time(r.UpdatedAt), Acknowledgement: parseAcknowledgement(r.Acknowledgement), Rules: channel.ParseRules(r.Rules),
	}
}

const selectInbox = `SELECT workspace_id, inbox_id, name, plugin, live, config, secrets, config_revision, hook_hash, enabled, bot, created_at, updated_at, acknowledgement, rules FROM inbox `

func (r *inboxRow) dest() []any {
	return []any{
		&r.WorkspaceID, &r.InboxID, &r.Name, &r.Plugin, &r.Live, &r.Config, &r.Secrets, &r.ConfigRevision, &r.HookHash, &r.Enabled, &r.Bot,
		&r.CreatedAt, &r.UpdatedAt, &r.Acknowledgement, &r.Rules,
	}
}

// one reads one inbox. Visitors' messages look theirs up: plain SQL.
func (s *Store) one(ctx context.Context, where string, arg string) (channel.Inbox, error) {
	var r inboxRow
	err := s.db.Row(ctx, selectInbox+where, []any{arg}, r.dest()...)
	if errors.Is(err, sql.ErrNoRows) {
		return channel.Inbox{}, errs.Absent()
	}
	if err != nil {
		return channel.Inbox{}, err
	}
	return r.domain(), nil
}

// Inbox implements channel.Workspaces.
func (s *Store) Inbox(ctx context.Context, id channel.InboxID) (channel.Inbox, error) {
	return s.one(ctx, `WHERE inbox_id = ?`, string(id))
}

// InboxByHook implements channel.Store.
func (s *Store) InboxByHook(ctx context.Context, hash string) (channel.Inbox, error) {
	return s.one(ctx, `WHERE hook_hash = ?`, hash)
}

func find(q *gorm.DB) ([]channel.Inbox, error) {
	var rows []inboxRow
	if err := q.Order("created_at, inbox_id").Find(&rows).Error; err != nil {
		return nil, db.Failed(err)
	}
	var out []channel.Inbox
	for _, r := range rows {
		out = append(out, r.domain())
	}
	return out, nil
}

// InboxesOf implements channel.Workspaces.
func (s *Store) InboxesOf(ctx context.Context, plugin channel.PluginID) ([]channel.Inbox, error) {
	return find(s.db.Gorm(ctx).Where("plugin = ? AND enabled", string(plugin)))
}

// Inboxes implements channel.Store.
func (s *Store) Inboxes(ctx context.Context, workspace identity.WorkspaceID) ([]channel.Inbox, error) {
	return find(s.db.Gorm(ctx).Where("workspace_id = ?", string(workspace)))
}

// CreateInbox implements channel.Store.
func (s *Store) CreateInbox(ctx context.Context, inbox channel.Inbox, granted []instance.Grant, events ...event.Event) error {
	return s.db.Do(ctx, string(inbox.Workspace), func(ctx context.Context, tx *db.Tx) error {
		r := rowOf(inbox)
		if err := tx.Gorm(ctx).Create(&r).Error; err != nil {
			return db.Failed(err)
		}
		if err := grants.Add(ctx, tx, inbox.Workspace, string(inbox.Plugin), granted); err != nil {
			return err
		}
		return tx.Append(ctx, events...)
	})
}

// UpdateInbox implements channel.Store.
func (s *Store) UpdateInbox(ctx context.Context, workspace identity.WorkspaceID, id channel.InboxID, change func(*channel.Inbox) ([]event.Event, error)) (channel.Inbox, error) {
	var out channel.Inbox
	err := s.db.Do(ctx, string(workspace), func(ctx context.Context, tx *db.Tx) error {
		var r inboxRow
		mine := tx.Gorm(ctx).Where("workspace_id = ? AND inbox_id = ?", string(workspace), string(id))
		if err := mine.Take(&r).Error; errors.Is(err, gorm.ErrRecordNotFound) {
			return errs.Absent()
		} else if err != nil {
			return db.Failed(err)
		}
		inbox := r.domain()
		events, err := change(&inbox)
		if err != nil {
			return err
		}
		r = rowOf(inbox)
		err = tx.Gorm(ctx).Where("workspace_id = ? AND inbox_id = ?", string(workspace), string(id)).
			Select("name", "config", "secrets", "config_revision", "hook_hash", "enabled", "bot", "updated_at", "acknowledgement", "rules").Updates(&r).Error
		if err != nil {
			return db.Failed(err)
		}
		out = inbox
		return tx.Append(ctx, events...)
	})
	if err != nil {
		return channel.Inbox{}, err
	}
	return out, nil
}
