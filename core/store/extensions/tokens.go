package extensions

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

func tokens(ctx context.Context, q db.Querier, where string, args ...any) ([]extension.Token, error) {
	const query = `SELECT workspace_id, instance_id, pointer, sealed, state, revision, expires_at, claimed_until, member_id, updated_at FROM plugin_token WHERE `
	var out []extension.Token
	err := q.Rows(ctx, query+where+` ORDER BY instance_id, pointer`, args, func(sc db.Scanner) error {
		var t extension.Token
		var workspace, state, member string
		var revision, expires, claimed, updated int64
		if err := sc.Scan(&workspace, &t.Instance, &t.Pointer, &t.Sealed, &state, &revision, &expires, &claimed, &member, &updated); err != nil {
			return err
		}
		t.Workspace, t.State, t.Member, t.Revision = identity.WorkspaceID(workspace), extension.TokenState(state), identity.MemberID(member), db.Unsigned(revision)
		t.ExpiresAt, t.ClaimedUntil, t.UpdatedAt = db.Time(expires), db.Time(claimed), db.Time(updated)
		out = append(out, t)
		return nil
	})
	return out, err
}

// Token implements extension.TokenStore.
func (s *Store) Token(ctx context.Context, w identity.WorkspaceID, instance, pointer string) (extension.Token, error) {
	return db.One(tokens(ctx, s.db, `workspace_id = ? AND instance_id = ? AND pointer = ?`, string(w), instance, pointer))
}

// Tokens implements extension.TokenStore.
func (s *Store) Tokens(ctx context.Context, w identity.WorkspaceID) ([]extension.Token, error) {
	return tokens(ctx, s.db, `workspace_id = ?`, string(w))
}

// ClaimToken implements extension.TokenStore.
func (s *Store) ClaimToken(ctx context.Context, t extension.Token, now, until time.Time) (bool, error) {
	var n int64
	err := s.db.Do(ctx, string(t.Workspace), func(ctx context.Context, tx *db.Tx) (err error) {
		n, err = tx.Exec(ctx, `UPDATE plugin_token SET claimed_until = ? WHERE workspace_id = ? AND instance_id = ? AND pointer = ? AND revision = ? AND claimed_until <= ?`,
			db.Micros(until), string(t.Workspace), t.Instance, t.Pointer, db.Signed(t.Revision), db.Micros(now))
		return err
	})
	return n > 0, err
}

// PutToken implements extension.TokenStore.
func (s *Store) PutToken(ctx context.Context, t extension.Token, events ...event.Event) error {
	return s.db.Do(ctx, string(t.Workspace), func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, string(t.Workspace)); err != nil {
			return err
		}
		found, err := tokens(ctx, tx, `workspace_id = ? AND instance_id = ? AND pointer = ?`, string(t.Workspace), t.Instance, t.Pointer)
		if err != nil {
			return err
		}
		var now uint64
		if len(found) > 0 {
			now = found[0].Revision
		}
		if t.Revision != 0 && t.Revision != now {
			return errs.New(errs.Conflict, "connection.oauth_changed", "Somebody signed in meanwhile.")
		}
		err = tx.Queue(ctx, `INSERT INTO plugin_token (workspace_id, instance_id, pointer, sealed, state, revision, expires_at, claimed_until, member_id, updated_at)
VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?) ON CONFLICT (workspace_id, instance_id, pointer) DO UPDATE SET sealed = excluded.sealed, state = excluded.state,
revision = excluded.revision, expires_at = excluded.expires_at, claimed_until = 0, member_id = excluded.member_id, updated_at = excluded.updated_at`,
			string(t.Workspace), t.Instance, t.Pointer, t.Sealed, string(t.State), db.Signed(now+1), db.Micros(t.ExpiresAt), string(t.Member), db.Micros(t.UpdatedAt))
		if err != nil {
			return err
		}
		return tx.Append(ctx, events...)
	})
}

// BeginSignIn implements extension.TokenStore.
func (s *Store) BeginSignIn(ctx context.Context, x extension.SignIn) error {
	return s.db.Do(ctx, string(x.Workspace), func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, string(x.Workspace)); err != nil {
			return err
		}
		if err := tx.Queue(ctx, `DELETE FROM plugin_sign_in WHERE expires_at <= ?`, db.Micros(x.CreatedAt)); err != nil {
			return err
		}
		return tx.Queue(ctx, `INSERT INTO plugin_sign_in (workspace_id, state_hash, instance_id, pointer, sealed, member_id, session_id, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			string(x.Workspace), x.StateHash, x.Instance, x.Pointer, x.Sealed, string(x.Member), x.Session, db.Micros(x.CreatedAt), db.Micros(x.ExpiresAt))
	})
}

// TakeSignIn implements extension.TokenStore.
func (s *Store) TakeSignIn(ctx context.Context, stateHash, session string, now time.Time) (extension.SignIn, error) {
	var out extension.SignIn
	err := s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		found := 0
		err := tx.Rows(ctx, `SELECT workspace_id, instance_id, pointer, sealed, member_id, created_at, expires_at FROM plugin_sign_in
WHERE state_hash = ? AND session_id = ? AND expires_at > ?`, []any{stateHash, session, db.Micros(now)}, func(sc db.Scanner) error {
			found++
			x := extension.SignIn{StateHash: stateHash, Session: session}
			var workspace, member string
			var created, expires int64
			if err := sc.Scan(&workspace, &x.Instance, &x.Pointer, &x.Sealed, &member, &created, &expires); err != nil {
				return err
			}
			x.Workspace, x.Member, x.CreatedAt, x.ExpiresAt = identity.WorkspaceID(workspace), identity.MemberID(member), db.Time(created), db.Time(expires)
			out = x
			return nil
		})
		if err != nil {
			return err
		}
		n := int64(0)
		if found > 0 {
			n, err = tx.Exec(ctx, `DELETE FROM plugin_sign_in WHERE workspace_id = ? AND state_hash = ?`, string(out.Workspace), stateHash)
		}
		if err == nil && n == 0 {
			err = errs.Absent()
		}
		return err
	})
	if err != nil {
		return extension.SignIn{}, err
	}
	return out, nil
}
