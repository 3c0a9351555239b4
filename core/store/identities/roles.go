package identities

import (
	"context"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

type roleRow struct {
	WorkspaceID, RoleID, Name, Description, Permissions, Reach string
	CreatedAt                                                  int64
	UpdatedAt                                                  int64 `gorm:"autoUpdateTime:false"`
}

// TableName implements gorm's Tabler.
func (roleRow) TableName() string { return "role" }

func roleRowOf(r identity.RoleDefinition) roleRow {
	permissions := make([]string, len(r.Permissions))
	for i, p := range r.Permissions {
		permissions[i] = string(p)
	}
	return roleRow{
		WorkspaceID: string(r.Workspace), RoleID: string(r.ID), Name: r.Name, Description: r.Description,
		Permissions: strings.Join(permissions, " "), Reach: string(r.Reach),
		CreatedAt: db.Micros(r.CreatedAt), UpdatedAt: db.Micros(r.UpdatedAt),
	}
}

func (r roleRow) domain() identity.RoleDefinition {
	out := identity.RoleDefinition{
		Workspace: identity.WorkspaceID(r.WorkspaceID), ID: identity.Role(r.RoleID), Name: r.Name, Description: r.Description,
		Reach: identity.ReachKind(r.Reach), CreatedAt: db.Time(r.CreatedAt), UpdatedAt: db.Time(r.UpdatedAt),
	}
	for p := range strings.FieldsSeq(r.Permissions) {
		out.Permissions = append(out.Permissions, identity.Permission(p))
	}
	return out
}

const selectRole = `SELECT role_id, name, description, permissions, reach, created_at, updated_at FROM role WHERE workspace_id = ?`

func roleOf(ctx context.Context, q db.Querier, w identity.WorkspaceID, id identity.Role) (identity.RoleDefinition, error) {
	return db.One(rolesOf(ctx, q, w, selectRole+` AND role_id = ?`, string(w), string(id)))
}

func rolesOf(ctx context.Context, q db.Querier, w identity.WorkspaceID, query string, args ...any) ([]identity.RoleDefinition, error) {
	var out []identity.RoleDefinition
	err := q.Rows(ctx, query, args, func(sc db.Scanner) error {
		r := roleRow{WorkspaceID: string(w)}
		err := sc.Scan(&r.RoleID, &r.Name, &r.Description, &r.Permissions, &r.Reach, &r.CreatedAt, &r.UpdatedAt)
		out = append(out, r.domain())
		return err
	})
	return out, err
}

// Role implements identity.RoleStore. Requests of members who have one ask it:
// plain SQL.
func (s *Store) Role(ctx context.Context, w identity.WorkspaceID, id identity.Role) (identity.RoleDefinition, error) {
	return roleOf(ctx, s.db, w, id)
}

// Roles implements identity.RoleStore.
func (s *Store) Roles(ctx context.Context, w identity.WorkspaceID) ([]identity.RoleDefinition, error) {
	return rolesOf(ctx, s.db, w, selectRole, string(w))
}

// Holders implements identity.RoleStore.
func (s *Store) Holders(ctx context.Context, w identity.WorkspaceID) (map[identity.Role]int, error) {
	out := make(map[identity.Role]int)
	err := s.db.Rows(ctx, `SELECT role, COUNT(*) FROM member WHERE workspace_id = ? GROUP BY role`, []any{string(w)}, func(sc db.Scanner) error {
		var role string
		var n int
		err := sc.Scan(&role, &n)
		out[identity.Role(role)] = n
		return err
	})
	return out, err
}

// CreateRole implements identity.RoleStore. The workspace is locked, so the
// count holds until the commit.
func (s *Store) CreateRole(ctx context.Context, r identity.RoleDefinition, events ...event.Event) error {
	return s.db.Write(ctx, string(r.Workspace), events, func(ctx context.Context, tx *db.Tx) error {
		var n int64
		if err := tx.Gorm(ctx).Table("role").Where("workspace_id = ?", string(r.Workspace)).Count(&n).Error; err != nil {
			return db.Failed(err)
		}
		if n >= identity.MaxRoles {
			return identity.TooManyRoles()
		}
		row := roleRowOf(r)
		return or(db.Failed(tx.Gorm(ctx).Create(&row).Error), identity.RoleNameTaken())
	})
}

// ChangeRole implements identity.RoleStore.
func (s *Store) ChangeRole(ctx context.Context, w identity.WorkspaceID, id identity.Role, change func(*identity.RoleDefinition) error, events ...event.Event) (identity.RoleDefinition, error) {
	var after identity.RoleDefinition
	err := s.db.Write(ctx, string(w), events, func(ctx context.Context, tx *db.Tx) error {
		before, err := roleOf(ctx, tx, w, id)
		if err != nil {
			return err
		}
		wanted := before
		if err := change(&wanted); err != nil {
			return err
		}
		after = before
		after.Name, after.Description = wanted.Name, wanted.Description
		after.Permissions, after.Reach, after.UpdatedAt = wanted.Permissions, wanted.Reach, wanted.UpdatedAt
		row := roleRowOf(after)
		return or(db.Failed(tx.Gorm(ctx).Where("workspace_id = ? AND role_id = ?", row.WorkspaceID, row.RoleID).
			Select("name", "description", "permissions", "reach", "updated_at").Updates(&row).Error), identity.RoleNameTaken())
	})
	if err != nil {
		return identity.RoleDefinition{}, err
	}
	return after, nil
}

// DeleteRole implements identity.RoleStore. The workspace is locked: nobody gets
// the role meanwhile.
func (s *Store) DeleteRole(ctx context.Context, w identity.WorkspaceID, id identity.Role, at time.Time, events ...event.Event) error {
	return s.db.Write(ctx, string(w), events, func(ctx context.Context, tx *db.Tx) error {
		if _, err := roleOf(ctx, tx, w, id); err != nil {
			return err
		}
		held, err := exists(tx.Gorm(ctx).Table("member").Where("workspace_id = ? AND role = ?", string(w), string(id)))
		if err != nil {
			return err
		}
		invited, err := exists(tx.Gorm(ctx).Table("invitation").
			Where("workspace_id = ? AND role = ? AND expires_at > ? AND "+pending, string(w), string(id), db.Micros(at)))
		if err != nil {
			return err
		}
		if held || invited {
			return identity.RoleInUse()
		}
		return db.Failed(tx.Gorm(ctx).Where("workspace_id = ? AND role_id = ?", string(w), string(id)).Delete(&roleRow{}).Error)
	})
}

// known answers errs.Absent to a role that a member or an invitation cannot
// have, in a job that has locked the workspace.
func known(ctx context.Context, tx *db.Tx, w identity.WorkspaceID, id identity.Role) error {
	if id.BuiltIn() {
		return nil
	}
	_, err := roleOf(ctx, tx, w, id)
	return err
}
