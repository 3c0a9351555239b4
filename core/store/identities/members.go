package identities

import (
	"context"

	"gorm.io/gorm"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// members is a query of members with their e-mail.
func members(q *gorm.DB) *gorm.DB {
	return q.Table("member").Select("member.*, account.email").Joins("JOIN account ON account.account_id = member.account_id")
}

func memberOfID(q *gorm.DB, w identity.WorkspaceID, id identity.MemberID) (memberRow, error) {
	return take[memberRow](members(q).Where("member.workspace_id = ? AND member.member_id = ?", string(w), string(id)))
}

// Member implements identity.MemberStore.
func (s *Store) Member(ctx context.Context, w identity.WorkspaceID, id identity.MemberID) (identity.Member, error) {
	r, err := memberOfID(s.db.Gorm(ctx), w, id)
	return r.domain(), err
}

// MemberOf implements identity.MemberStore. Every request of a member asks it:
// plain SQL.
func (s *Store) MemberOf(ctx context.Context, w identity.WorkspaceID, account identity.AccountID) (identity.Member, error) {
	const query = `SELECT m.workspace_id, m.member_id, m.account_id, a.email, m.name, m.role, m.capacity, m.limits, m.suspended, m.created_at, m.updated_at
FROM member m JOIN account a ON a.account_id = m.account_id WHERE m.workspace_id = ? AND m.account_id = ?`
	var r memberRow
	err := s.db.Row(ctx, query, []any{string(w), string(account)},
		&r.WorkspaceID, &r.MemberID, &r.AccountID, &r.Email, &r.Name, &r.Role, &r.Capacity, &r.Limits, &r.Suspended, &r.CreatedAt, &r.UpdatedAt)
	if err != nil {
		return identity.Member{}, none(err)
	}
	return r.domain(), nil
}

// Members implements identity.MemberStore.
func (s *Store) Members(ctx context.Context, w identity.WorkspaceID, request page.Request) (page.Page[identity.Member], error) {
	q := members(s.db.Gorm(ctx)).Where("member.workspace_id = ?", string(w))
	return list(q, "member.member_id", request, false, memberRow.domain, func(r memberRow) string { return r.MemberID })
}

// Memberships implements identity.MemberStore.
func (s *Store) Memberships(ctx context.Context, account identity.AccountID) ([]identity.Membership, error) {
	var rows []memberRow
	q := members(s.db.Gorm(ctx)).Where("member.account_id = ?", string(account)).Order("member.workspace_id")
	if err := q.Find(&rows).Error; err != nil || len(rows) == 0 {
		return nil, db.Failed(err)
	}
	var spaces []workspaceRow
	within := s.db.Gorm(ctx).Table("member").Select("workspace_id").Where("account_id = ?", string(account))
	if err := s.db.Gorm(ctx).Where("workspace_id IN (?) AND ended_at = 0", within).Find(&spaces).Error; err != nil {
		return nil, db.Failed(err)
	}
	byID := make(map[string]identity.Workspace, len(spaces))
	for _, w := range spaces {
		byID[w.WorkspaceID] = w.domain()
	}
	out := make([]identity.Membership, 0, len(rows))
	for _, r := range rows {
		if w, ok := byID[r.WorkspaceID]; ok {
			out = append(out, identity.Membership{Workspace: w, Member: r.domain()})
		}
	}
	return out, nil
}

// AddMember implements identity.MemberStore.
func (s *Store) AddMember(ctx context.Context, j identity.Joining, events ...event.Event) error {
	return s.db.Write(ctx, string(j.Member.Workspace), events, func(ctx context.Context, tx *db.Tx) error {
		return join(ctx, tx, j)
	})
}

// join stores a joining in a job that has locked the workspace.
func join(ctx context.Context, tx *db.Tx, j identity.Joining) error {
	if j.NewAccount {
		if err := emailFree(ctx, tx, j.Account.Email); err != nil {
			return err
		}
		account := accountRowOf(j.Account)
		if err := tx.Gorm(ctx).Create(&account).Error; err != nil {
			return or(err, identity.EmailTaken())
		}
	} else {
		known, err := exists(tx.Gorm(ctx).Table("account").Where("account_id = ?", string(j.Account.ID)))
		if err != nil {
			return err
		}
		if !known {
			return errs.Absent()
		}
	}
	if err := known(ctx, tx, j.Member.Workspace, j.Member.Role); err != nil {
		return err
	}
	member := memberRowOf(j.Member)
	return or(tx.Gorm(ctx).Create(&member).Error, identity.AlreadyMember())
}

// ChangeMember implements identity.MemberStore. The workspace is locked, so the
// count of owners holds until the commit.
func (s *Store) ChangeMember(ctx context.Context, w identity.WorkspaceID, id identity.MemberID, change func(*identity.Member) error, events ...event.Event) (identity.Member, error) {
	var after identity.Member
	err := s.db.Write(ctx, string(w), events, func(ctx context.Context, tx *db.Tx) error {
		r, err := memberOfID(tx.Gorm(ctx), w, id)
		if err != nil {
			return err
		}
		before, wanted := r.domain(), r.domain()
		if err := change(&wanted); err != nil {
			return err
		}
		if owns(before) && !owns(wanted) {
			if err := another(ctx, tx, w); err != nil {
				return err
			}
		}
		if wanted.Role != before.Role {
			if err := known(ctx, tx, w, wanted.Role); err != nil {
				return err
			}
		}
		after = before
		after.Name, after.Role, after.Capacity, after.Limits = wanted.Name, wanted.Role, wanted.Capacity, wanted.Limits
		after.Suspended, after.UpdatedAt = wanted.Suspended, wanted.UpdatedAt
		r = memberRowOf(after)
		return db.Failed(tx.Gorm(ctx).Where("workspace_id = ? AND member_id = ?", r.WorkspaceID, r.MemberID).
			Select("name", "role", "capacity", "limits", "suspended", "updated_at").Updates(&r).Error)
	})
	if err != nil {
		return identity.Member{}, err
	}
	return after, nil
}

// another answers LastOwner when there are no two active owners.
func another(ctx context.Context, tx *db.Tx, w identity.WorkspaceID) error {
	var owners int64
	err := tx.Gorm(ctx).Table("member").Where("workspace_id = ? AND role = ? AND NOT suspended", string(w), string(identity.RoleOwner)).
		Count(&owners).Error
	if err != nil {
		return db.Failed(err)
	}
	if owners <= 1 {
		return identity.LastOwner()
	}
	return nil
}

func owns(m identity.Member) bool { return m.Role == identity.RoleOwner && !m.Suspended }
