// Package grants stores what workspaces let plugins do, for the nouns that
// connect them: inboxes and connections.
package grants

import (
	"context"
	"encoding/json"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
	"github.com/patchbay-im/patchbay/core/store/db"
)

const insert = `INSERT INTO plugin_grant (workspace_id, plugin, scope, version, actor_kind, actor_id, actor_name, granted_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`

// Of reads what a plugin is granted in a workspace.
func Of(ctx context.Context, q db.Querier, w identity.WorkspaceID, plugin string) (instance.Granted, error) {
	all, err := read(ctx, q, ` AND c.plugin = ?`, string(w), plugin)
	if err != nil || len(all) == 0 {
		return instance.Granted{Workspace: w, Plugin: plugin}, err
	}
	return all[0], nil
}

// All reads what every plugin is granted in a workspace, by plugin.
func All(ctx context.Context, q db.Querier, w identity.WorkspaceID) ([]instance.Granted, error) {
	return read(ctx, q, ``, string(w))
}

func read(ctx context.Context, q db.Querier, where string, args ...any) ([]instance.Granted, error) {
	query := `SELECT c.workspace_id, c.plugin, c.revision, COALESCE(g.scope, ''), COALESCE(g.version, ''), COALESCE(g.actor_kind, ''),
COALESCE(g.actor_id, ''), COALESCE(g.actor_name, ''), COALESCE(g.granted_at, 0)
FROM plugin_consent c LEFT JOIN plugin_grant g ON g.workspace_id = c.workspace_id AND g.plugin = c.plugin
WHERE c.workspace_id = ?` + where + ` ORDER BY c.plugin, g.scope`
	var out []instance.Granted
	err := q.Rows(ctx, query, args, func(sc db.Scanner) error {
		var workspace, plugin string
		var by event.Party
		var g instance.Grant
		var revision, at int64
		if err := sc.Scan(&workspace, &plugin, &revision, &g.Scope, &g.Version, &by.Kind, &by.ID, &by.Name, &at); err != nil {
			return err
		}
		if n := len(out); n == 0 || out[n-1].Plugin != plugin {
			out = append(out, instance.Granted{Workspace: identity.WorkspaceID(workspace), Plugin: plugin, Revision: db.Unsigned(revision)})
		}
		if g.Scope != "" {
			g.By, g.At = by, db.Time(at)
			last := &out[len(out)-1]
			last.Grants = append(last.Grants, g)
		}
		return nil
	})
	return out, err
}

// Add grants scopes beside those that a plugin has; those it has keep who
// agreed to them.
func Add(ctx context.Context, tx *db.Tx, w identity.WorkspaceID, plugin string, more []instance.Grant) error {
	if err := tx.Lock(ctx, string(w)); err != nil { // so that two who agree at once do not undo one another
		return err
	}
	now, err := Of(ctx, tx, w, plugin)
	if err != nil {
		return err
	}
	changed := now
	for _, g := range more {
		if !changed.Has(g.Scope) {
			changed.Grants = append(changed.Grants, g)
		}
	}
	if len(changed.Grants) == len(now.Grants) && now.Revision > 0 {
		return nil
	}
	return Put(ctx, tx, changed)
}

// Put makes what is granted what it says, under the next revision.
func Put(ctx context.Context, tx *db.Tx, g instance.Granted) error {
	w := string(g.Workspace)
	err := tx.Queue(ctx, `INSERT INTO plugin_consent (workspace_id, plugin, revision) VALUES (?, ?, 1)
ON CONFLICT (workspace_id, plugin) DO UPDATE SET revision = plugin_consent.revision + 1`, w, g.Plugin)
	if err != nil {
		return err
	}
	if err := tx.Queue(ctx, `DELETE FROM plugin_grant WHERE workspace_id = ? AND plugin = ?`, w, g.Plugin); err != nil {
		return err
	}
	for _, x := range g.Grants {
		err := tx.Queue(ctx, insert, w, g.Plugin, x.Scope, x.Version, x.By.Kind, x.By.ID, x.By.Name, db.Micros(x.At))
		if err != nil {
			return err
		}
	}
	return nil
}

// Sealed is how the secrets of an instance are stored.
func Sealed(s instance.Sealed) string {
	b, err := json.Marshal(s)
	if err != nil || len(s) == 0 { // texts always marshal
		return "{}"
	}
	return string(b)
}

// Opened reads what Sealed wrote; nil when there are none.
func Opened(text string) instance.Sealed {
	var out instance.Sealed
	if json.Unmarshal([]byte(text), &out) != nil || len(out) == 0 {
		return nil
	}
	return out
}
