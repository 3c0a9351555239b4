// Package teams stores teams, their members and their inboxes.
package teams

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/team"
)

// Store implements team.Store, team.Directory and team.Graveyard.
type Store struct {
	db *db.DB
}

// New returns a Store.
func New(d *db.DB) *Store { return &Store{db: d} }

const selectTeam = `SELECT team_id, name, description, created_at, updated_at FROM team
WHERE workspace_id = ? AND deleted_at = 0`

func scan(sc db.Scanner, w identity.WorkspaceID) (team.Team, error) {
	t := team.Team{Workspace: w}
	var id string
	var created, updated int64
	err := sc.Scan(&id, &t.Name, &t.Description, &created, &updated)
	t.ID, t.CreatedAt, t.UpdatedAt = team.ID(id), db.Time(created), db.Time(updated)
	return t, err
}

// Team implements team.Store.
func (s *Store) Team(ctx context.Context, w identity.WorkspaceID, id team.ID) (team.Team, error) {
	return one(ctx, s.db, w, id)
}

func one(ctx context.Context, q db.Querier, w identity.WorkspaceID, id team.ID) (team.Team, error) {
	var found []team.Team
	err := q.Rows(ctx, selectTeam+` AND team_id = ?`, []any{string(w), string(id)}, func(sc db.Scanner) error {
		t, err := scan(sc, w)
		found = append(found, t)
		return err
	})
	if err == nil && len(found) == 0 {
		err = errs.Absent()
	}
	if err == nil {
		err = fill(ctx, q, w, found)
	}
	if err != nil {
		return team.Team{}, err
	}
	return found[0], nil
}

// Teams implements team.Store.
func (s *Store) Teams(ctx context.Context, w identity.WorkspaceID, request page.Request) (page.Page[team.Team], error) {
	var out page.Page[team.Team]
	after, err := page.Decode(request.Cursor, 1)
	if err != nil {
		return out, err
	}
	if after == nil {
		after = []string{""}
	}
	err = s.db.Rows(ctx, selectTeam+` AND team_id > ? ORDER BY team_id LIMIT ?`, []any{string(w), after[0], request.Size() + 1}, func(sc db.Scanner) error {
		t, err := scan(sc, w)
		out.Items = append(out.Items, t)
		return err
	})
	if err != nil {
		return page.Page[team.Team]{}, err
	}
	if size := request.Size(); len(out.Items) > size {
		out.Items = out.Items[:size]
		out.Next = page.Encode(string(out.Items[size-1].ID))
	}
	return out, fill(ctx, s.db, w, out.Items)
}

// fill reads the members and the inboxes of teams.
func fill(ctx context.Context, q db.Querier, w identity.WorkspaceID, teams []team.Team) error {
	if len(teams) == 0 {
		return nil
	}
	at := make(map[string]*team.Team, len(teams))
	args := []any{string(w)}
	for i := range teams {
		at[string(teams[i].ID)] = &teams[i]
		args = append(args, string(teams[i].ID))
	}
	args = db.Padded(args, len(teams))
	list := strings.Repeat(`, ?`, len(args)-1)[2:]
	err := q.Rows(ctx, `SELECT team_id, member_id FROM team_member WHERE workspace_id = ? AND team_id IN (`+list+`) ORDER BY member_id`, args, func(sc db.Scanner) error {
		var id, member string
		err := sc.Scan(&id, &member)
		t := at[id]
		t.Members = append(t.Members, identity.MemberID(member))
		return err
	})
	if err != nil {
		return err
	}
	return q.Rows(ctx, `SELECT team_id, inbox_id FROM team_inbox WHERE workspace_id = ? AND team_id IN (`+list+`) ORDER BY inbox_id`, args, func(sc db.Scanner) error {
		var id, inbox string
		err := sc.Scan(&id, &inbox)
		t := at[id]
		t.Inboxes = append(t.Inboxes, inbox)
		return err
	})
}

// TeamOfInbox implements team.Directory.
func (s *Store) TeamOfInbox(ctx context.Context, w identity.WorkspaceID, inbox string) (team.ID, error) {
	var id string
	err := s.db.Row(ctx, `SELECT team_id FROM team_inbox WHERE workspace_id = ? AND inbox_id = ?`, []any{string(w), inbox}, &id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return team.ID(id), err
}

// TeamsOf implements team.Directory.
func (s *Store) TeamsOf(ctx context.Context, w identity.WorkspaceID, member identity.MemberID) ([]team.ID, error) {
	return ids[team.ID](ctx, s.db, `SELECT team_id FROM team_member WHERE workspace_id = ? AND member_id = ? ORDER BY team_id`, string(w), string(member))
}

// MembersOf implements team.Directory.
func (s *Store) MembersOf(ctx context.Context, w identity.WorkspaceID, id team.ID) ([]identity.MemberID, error) {
	return ids[identity.MemberID](ctx, s.db, `SELECT member_id FROM team_member WHERE workspace_id = ? AND team_id = ? ORDER BY member_id`, string(w), string(id))
}

// Belongs implements identity.Places.
func (s *Store) Belongs(ctx context.Context, w identity.WorkspaceID, m identity.MemberID) (teams, inboxes []string, err error) {
	teams, err = ids[string](ctx, s.db, `SELECT team_id FROM team_member WHERE workspace_id = ? AND member_id = ? ORDER BY team_id`, string(w), string(m))
	if err != nil || len(teams) == 0 {
		return nil, nil, err
	}
	inboxes, err = ids[string](ctx, s.db, `SELECT i.inbox_id FROM team_inbox i JOIN team_member m ON m.workspace_id = i.workspace_id AND m.team_id = i.team_id
WHERE m.workspace_id = ? AND m.member_id = ? ORDER BY i.inbox_id`, string(w), string(m))
	return teams, inboxes, err
}

func ids[T ~string](ctx context.Context, q db.Querier, query string, args ...any) ([]T, error) {
	var out []T
	err := q.Rows(ctx, query, args, func(sc db.Scanner) error {
		var id string
		err := sc.Scan(&id)
		out = append(out, T(id))
		return err
	})
	return out, err
}

// Deleted implements team.Graveyard.
func (s *Store) Deleted(ctx context.Context, limit int) ([]team.Gone, error) {
	var out []team.Gone
	err := s.db.Rows(ctx, `SELECT workspace_id, team_id, deleted_at FROM team WHERE deleted_at > 0 ORDER BY deleted_at LIMIT ?`, []any{limit}, func(sc db.Scanner) error {
		var w, id string
		var at int64
		err := sc.Scan(&w, &id, &at)
		out = append(out, team.Gone{Workspace: identity.WorkspaceID(w), ID: team.ID(id), At: db.Time(at)})
		return err
	})
	return out, err
}

// Purge implements team.Graveyard.
func (s *Store) Purge(ctx context.Context, w identity.WorkspaceID, id team.ID) error {
	return s.db.Do(ctx, string(w), func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, `DELETE FROM team WHERE workspace_id = ? AND team_id = ? AND deleted_at > 0
AND NOT EXISTS (SELECT 1 FROM ticket t WHERE t.workspace_id = team.workspace_id AND t.team_id = team.team_id AND t.team_id <> '')`, string(w), string(id))
	})
}

// Delete implements team.Store.
func (s *Store) Delete(ctx context.Context, w identity.WorkspaceID, id team.ID, at time.Time, events ...event.Event) error {
	return s.db.Write(ctx, string(w), events, func(ctx context.Context, tx *db.Tx) error {
		queues, err := ids[string](ctx, tx, `SELECT name FROM queue WHERE workspace_id = ? AND team_id = ? AND deleted_at = 0 ORDER BY name`, string(w), string(id))
		if err != nil {
			return err
		}
		if len(queues) > 0 {
			return team.InUse(queues...)
		}
		n, err := tx.Exec(ctx, `UPDATE team SET deleted_at = ? WHERE workspace_id = ? AND team_id = ? AND deleted_at = 0`,
			db.Micros(at), string(w), string(id))
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.Absent()
		}
		return disband(ctx, tx, w, id)
	})
}
