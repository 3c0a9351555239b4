// Package extensions stores connections of plugins, what workspaces let plugins
// do, and what signing in at far sides gave.
package extensions

import (
	"context"
	"encoding/json"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/store/grants"
)

// Store implements extension.ConnectionStore and extension.GrantStore.
type Store struct {
	db *db.DB
}

// New returns a Store.
func New(d *db.DB) *Store { return &Store{db: d} }

const columns = `workspace_id, connection_id, plugin, name, config, secrets, revision, enabled, created_at, updated_at`

func find(ctx context.Context, q db.Querier, where string, args ...any) ([]extension.Connection, error) {
	var out []extension.Connection
	err := q.Rows(ctx, `SELECT `+columns+` FROM plugin_connection WHERE `+where+` ORDER BY created_at, connection_id`, args, func(sc db.Scanner) error {
		var c extension.Connection
		var workspace, id, plugin, config, secrets string
		var revision, created, updated int64
		if err := sc.Scan(&workspace, &id, &plugin, &c.Name, &config, &secrets, &revision, &c.Enabled, &created, &updated); err != nil {
			return err
		}
		c.Workspace, c.ID, c.Plugin = identity.WorkspaceID(workspace), extension.ConnectionID(id), extension.PluginID(plugin)
		c.Config, c.Secrets, c.Revision = json.RawMessage(config), grants.Opened(secrets), db.Unsigned(revision)
		c.CreatedAt, c.UpdatedAt = db.Time(created), db.Time(updated)
		out = append(out, c)
		return nil
	})
	return out, err
}

// ConnectionsOf implements extension.Connections.
func (s *Store) ConnectionsOf(ctx context.Context, plugin extension.PluginID) ([]extension.Connection, error) {
	return find(ctx, s.db, `plugin = ? AND enabled`, string(plugin))
}

// Connection implements extension.Connections.
func (s *Store) Connection(ctx context.Context, id extension.ConnectionID) (extension.Connection, error) {
	return db.One(find(ctx, s.db, `connection_id = ?`, string(id)))
}

// WorkspaceConnections implements extension.ConnectionStore.
func (s *Store) WorkspaceConnections(ctx context.Context, w identity.WorkspaceID) ([]extension.Connection, error) {
	return find(ctx, s.db, `workspace_id = ?`, string(w))
}

// CreateConnection implements extension.ConnectionStore.
func (s *Store) CreateConnection(ctx context.Context, c extension.Connection, granted []instance.Grant, events ...event.Event) error {
	return s.db.Do(ctx, string(c.Workspace), func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, string(c.Workspace)); err != nil { // so that two at once do not pass the limit
			return err
		}
		var n int
		if err := tx.Row(ctx, `SELECT COUNT(*) FROM plugin_connection WHERE workspace_id = ?`, []any{string(c.Workspace)}, &n); err != nil {
			return err
		}
		if n >= extension.MaxConnections {
			return errs.New(errs.Conflict, "connection.too_many", "A workspace has at most 100 connections. Delete one first.")
		}
		_, err := tx.Exec(ctx, `INSERT INTO plugin_connection (`+columns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			string(c.Workspace), string(c.ID), string(c.Plugin), c.Name, string(c.Config), grants.Sealed(c.Secrets),
			db.Signed(c.Revision), c.Enabled, db.Micros(c.CreatedAt), db.Micros(c.UpdatedAt))
		if err != nil {
			return err
		}
		if err := grants.Add(ctx, tx, c.Workspace, string(c.Plugin), granted); err != nil {
			return err
		}
		return tx.Append(ctx, events...)
	})
}

// UpdateConnection implements extension.ConnectionStore.
func (s *Store) UpdateConnection(ctx context.Context, w identity.WorkspaceID, id extension.ConnectionID,
	change func(*extension.Connection) ([]event.Event, error),
) (extension.Connection, error) {
	var out extension.Connection
	err := s.db.Do(ctx, string(w), func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, string(w)); err != nil {
			return err
		}
		c, err := db.One(find(ctx, tx, `workspace_id = ? AND connection_id = ?`, string(w), string(id)))
		if err != nil {
			return err
		}
		events, err := change(&c)
		if err != nil {
			return err
		}
		out = c
		err = tx.Queue(ctx, `UPDATE plugin_connection SET name = ?, config = ?, secrets = ?, revision = ?, enabled = ?, updated_at = ?
WHERE workspace_id = ? AND connection_id = ?`,
			c.Name, string(c.Config), grants.Sealed(c.Secrets), db.Signed(c.Revision), c.Enabled, db.Micros(c.UpdatedAt), string(w), string(id))
		if err != nil {
			return err
		}
		return tx.Append(ctx, events...)
	})
	if err != nil {
		return extension.Connection{}, err
	}
	return out, nil
}

// DeleteConnection implements extension.ConnectionStore.
func (s *Store) DeleteConnection(ctx context.Context, w identity.WorkspaceID, id extension.ConnectionID, events ...event.Event) error {
	return s.db.Do(ctx, string(w), func(ctx context.Context, tx *db.Tx) error {
		for _, table := range []string{"plugin_token", "plugin_sign_in", "account_condition"} {
			if err := tx.Queue(ctx, `DELETE FROM `+table+` WHERE workspace_id = ? AND instance_id = ?`, string(w), string(id)); err != nil {
				return err
			}
		}
		n, err := tx.Exec(ctx, `DELETE FROM plugin_connection WHERE workspace_id = ? AND connection_id = ?`, string(w), string(id))
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.Absent()
		}
		return tx.Append(ctx, events...)
	})
}

// Granted implements extension.Grants.
func (s *Store) Granted(ctx context.Context, w identity.WorkspaceID, plugin extension.PluginID) (instance.Granted, error) {
	return grants.Of(ctx, s.db, w, string(plugin))
}

// AllGranted implements extension.GrantStore.
func (s *Store) AllGranted(ctx context.Context, w identity.WorkspaceID) ([]instance.Granted, error) {
	return grants.All(ctx, s.db, w)
}

// ChangeGrants implements extension.GrantStore.
func (s *Store) ChangeGrants(ctx context.Context, w identity.WorkspaceID, plugin extension.PluginID,
	change func(*instance.Granted) ([]event.Event, error),
) (instance.Granted, error) {
	var out instance.Granted
	err := s.db.Do(ctx, string(w), func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, string(w)); err != nil {
			return err
		}
		g, err := grants.Of(ctx, tx, w, string(plugin))
		if err != nil {
			return err
		}
		events, err := change(&g)
		if err != nil {
			return err
		}
		if err := grants.Put(ctx, tx, g); err != nil {
			return err
		}
		g.Revision++
		out = g
		return tx.Append(ctx, events...)
	})
	return out, err
}
