package identities

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// SignInPolicy implements identity.PolicyStore.
func (s *Store) SignInPolicy(ctx context.Context, w identity.WorkspaceID) (identity.SignInPolicy, error) {
	return policyOf(s.db.Gorm(ctx), w)
}

func policyOf(q *gorm.DB, w identity.WorkspaceID) (identity.SignInPolicy, error) {
	r, err := take[policyRow](q.Where("workspace_id = ?", string(w)))
	if errs.Is(err, errs.NotFound) {
		return identity.NewSignInPolicy(), nil
	}
	return r.domain(), err
}

// PutSignInPolicy implements identity.PolicyStore.
func (s *Store) PutSignInPolicy(ctx context.Context, w identity.WorkspaceID, p identity.SignInPolicy, events ...event.Event) error {
	return s.db.Write(ctx, string(w), events, func(ctx context.Context, tx *db.Tx) error {
		if p.ProviderOnly {
			if err := anotherProvider(ctx, tx, w, ""); err != nil {
				return err
			}
		}
		if err := tx.Gorm(ctx).Where("workspace_id = ?", string(w)).Delete(&policyRow{}).Error; err != nil {
			return db.Failed(err)
		}
		r := policyRowOf(w, p)
		return db.Failed(tx.Gorm(ctx).Create(&r).Error)
	})
}

// anotherProvider is LastProvider unless the workspace, which is locked, has
// an enabled provider other than one.
func anotherProvider(ctx context.Context, tx *db.Tx, w identity.WorkspaceID, but identity.ProviderID) error {
	there, err := exists(tx.Gorm(ctx).Table("sign_in_provider").Where("workspace_id = ? AND enabled AND provider_id <> ?", string(w), string(but)))
	if err == nil && !there {
		return identity.LastProvider()
	}
	return err
}

// mayLose is LastProvider when a provider, about to go, is the last that lets
// members in.
func mayLose(ctx context.Context, tx *db.Tx, w identity.WorkspaceID, id identity.ProviderID) error {
	p, err := policyOf(tx.Gorm(ctx), w)
	if err != nil || !p.ProviderOnly {
		return err
	}
	return anotherProvider(ctx, tx, w, id)
}

// Terms implements identity.PolicyStore. Every request of a member may ask it:
// plain SQL.
func (s *Store) Terms(ctx context.Context, w identity.WorkspaceID, account identity.AccountID) (identity.Terms, error) {
	const query = `SELECT 1, two_factor, password, idle_seconds, life_seconds, updated_at FROM sign_in_policy WHERE workspace_id = ?
UNION ALL SELECT 2, '', '', confirmed_at, 0, 0 FROM second_factor WHERE account_id = ?
UNION ALL SELECT 3, provider_id, '', 0, 0, 0 FROM sign_in_provider WHERE workspace_id = ? AND second_factor`
	t := identity.Terms{Policy: identity.NewSignInPolicy(), Trusted: map[identity.ProviderID]bool{}}
	err := s.db.Rows(ctx, query, []any{string(w), string(account), string(w)}, func(sc db.Scanner) error {
		var kind int
		var r policyRow
		if err := sc.Scan(&kind, &r.TwoFactor, &r.Password, &r.IdleSeconds, &r.LifeSeconds, &r.UpdatedAt); err != nil {
			return err
		}
		switch kind {
		case 1:
			t.Policy = r.domain()
		case 2:
			t.Enrolled = r.IdleSeconds > 0
		default:
			t.Trusted[identity.ProviderID(r.TwoFactor)] = true
		}
		return nil
	})
	return t, err
}

func providerOfID(q *gorm.DB, w identity.WorkspaceID, id identity.ProviderID) *gorm.DB {
	return q.Where("workspace_id = ? AND provider_id = ?", string(w), string(id))
}

// Provider implements identity.ProviderStore.
func (s *Store) Provider(ctx context.Context, w identity.WorkspaceID, id identity.ProviderID) (identity.Provider, error) {
	r, err := take[providerRow](providerOfID(s.db.Gorm(ctx), w, id))
	return r.domain(), err
}

// ProviderByID implements identity.ProviderStore.
func (s *Store) ProviderByID(ctx context.Context, id identity.ProviderID) (identity.Provider, error) {
	r, err := take[providerRow](s.db.Gorm(ctx).Where("provider_id = ?", string(id)))
	return r.domain(), err
}

// ProvidersOf implements identity.ProviderStore.
func (s *Store) ProvidersOf(ctx context.Context, w identity.WorkspaceID) ([]identity.Provider, error) {
	return providers(s.db.Gorm(ctx).Where("workspace_id = ?", string(w)))
}

// ListedProviders implements identity.ProviderStore.
func (s *Store) ListedProviders(ctx context.Context) ([]identity.Provider, error) {
	const most = 20
	return providers(s.db.Gorm(ctx).Where("listed AND enabled").Limit(most))
}

func providers(q *gorm.DB) ([]identity.Provider, error) {
	var rows []providerRow
	if err := q.Order("provider_id").Find(&rows).Error; err != nil {
		return nil, db.Failed(err)
	}
	out := make([]identity.Provider, len(rows))
	for i, r := range rows {
		out[i] = r.domain()
	}
	return out, nil
}

// CreateProvider implements identity.ProviderStore.
func (s *Store) CreateProvider(ctx context.Context, p identity.Provider, most int, events ...event.Event) error {
	return s.db.Write(ctx, string(p.Workspace), events, func(ctx context.Context, tx *db.Tx) error {
		var n int64
		err := tx.Gorm(ctx).Table("sign_in_provider").Where("workspace_id = ?", string(p.Workspace)).Count(&n).Error
		if err != nil {
			return db.Failed(err)
		}
		if n >= int64(most) {
			return identity.TooManyProviders()
		}
		r := providerRowOf(p)
		return db.Failed(tx.Gorm(ctx).Create(&r).Error)
	})
}

// ChangeProvider implements identity.ProviderStore.
func (s *Store) ChangeProvider(ctx context.Context, p identity.Provider, events ...event.Event) error {
	return s.db.Write(ctx, string(p.Workspace), events, func(ctx context.Context, tx *db.Tx) error {
		if _, err := take[providerRow](providerOfID(tx.Gorm(ctx), p.Workspace, p.ID)); err != nil {
			return err
		}
		if !p.Enabled {
			if err := mayLose(ctx, tx, p.Workspace, p.ID); err != nil {
				return err
			}
			if err := tx.Gorm(ctx).Where("provider_id = ?", string(p.ID)).Delete(&sessionRow{}).Error; err != nil {
				return db.Failed(err)
			}
		}
		r := providerRowOf(p)
		return db.Failed(providerOfID(tx.Gorm(ctx), p.Workspace, p.ID).
			Select("name", "client_id", "sealed", "domains", "default_role", "second_factor", "listed", "enabled", "updated_at").
			Updates(&r).Error)
	})
}

// DeleteProvider implements identity.ProviderStore.
func (s *Store) DeleteProvider(ctx context.Context, w identity.WorkspaceID, id identity.ProviderID, events ...event.Event) error {
	return s.db.Write(ctx, string(w), events, func(ctx context.Context, tx *db.Tx) error {
		if _, err := take[providerRow](providerOfID(tx.Gorm(ctx), w, id)); err != nil {
			return err
		}
		if err := mayLose(ctx, tx, w, id); err != nil {
			return err
		}
		for _, row := range []any{&sessionRow{}, &challengeRow{}} {
			if err := tx.Gorm(ctx).Where("provider_id = ?", string(id)).Delete(row).Error; err != nil {
				return db.Failed(err)
			}
		}
		for _, row := range []any{&flowRow{}, &subjectRow{}, &providerRow{}} {
			if err := providerOfID(tx.Gorm(ctx), w, id).Delete(row).Error; err != nil {
				return db.Failed(err)
			}
		}
		return nil
	})
}

// CreateFlow implements identity.FlowStore.
func (s *Store) CreateFlow(ctx context.Context, f identity.Flow) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		r := flowRowOf(f)
		return db.Failed(tx.Gorm(ctx).Create(&r).Error)
	})
}

// TakeFlow implements identity.FlowStore. Whoever deletes the flow has it.
func (s *Store) TakeFlow(ctx context.Context, provider identity.ProviderID, state, browser string, at time.Time) (identity.Flow, error) {
	var flow identity.Flow
	err := s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		p, err := take[providerRow](tx.Gorm(ctx).Where("provider_id = ?", string(provider)))
		if errs.Is(err, errs.NotFound) {
			return identity.FlowOver()
		}
		if err != nil {
			return err
		}
		one := func() *gorm.DB {
			return providerOfID(tx.Gorm(ctx), identity.WorkspaceID(p.WorkspaceID), provider).
				Where("state_hash = ? AND browser_hash = ? AND expires_at > ?", state, browser, db.Micros(at))
		}
		r, err := take[flowRow](locked(one()))
		if errs.Is(err, errs.NotFound) {
			return identity.FlowOver()
		}
		if err != nil {
			return err
		}
		flow = r.domain()
		return db.Failed(one().Delete(&flowRow{}).Error)
	})
	if err != nil {
		return identity.Flow{}, err
	}
	return flow, nil
}

func subjectOf(q *gorm.DB, w identity.WorkspaceID, issuer, subject string) *gorm.DB {
	return q.Where("workspace_id = ? AND issuer = ? AND subject = ?", string(w), issuer, subject)
}

// Link implements identity.FlowStore.
func (s *Store) Link(ctx context.Context, w identity.WorkspaceID, issuer, subject string) (identity.Link, error) {
	r, err := take[subjectRow](subjectOf(s.db.Gorm(ctx), w, issuer, subject))
	return r.domain(), err
}

// LinksOf implements identity.FlowStore.
func (s *Store) LinksOf(ctx context.Context, account identity.AccountID) ([]identity.Link, error) {
	var rows []subjectRow
	if err := ofAccount(s.db.Gorm(ctx), account).Order("workspace_id, provider_id, subject").Find(&rows).Error; err != nil {
		return nil, db.Failed(err)
	}
	var out []identity.Link
	for _, r := range rows {
		out = append(out, r.domain())
	}
	return out, nil
}

// Admit implements identity.FlowStore.
func (s *Store) Admit(ctx context.Context, a identity.Admission, events ...event.Event) error {
	w := a.Link.Workspace
	return s.db.Write(ctx, string(w), events, func(ctx context.Context, tx *db.Tx) error {
		there, err := take[subjectRow](subjectOf(tx.Gorm(ctx), w, a.Link.Issuer, a.Link.Subject))
		linked := err == nil
		switch {
		case err != nil && !errs.Is(err, errs.NotFound):
			return err
		case linked && there.AccountID != string(a.Link.Account):
			return identity.LinkedElsewhere()
		}
		if err := useInvitation(ctx, tx, w, a.Invitation, a.At); err != nil {
			return err
		}
		if err := joinUnlessMember(ctx, tx, a.Joining); err != nil || linked {
			return err
		}
		r := subjectRowOf(a.Link)
		return db.Failed(tx.Gorm(ctx).Create(&r).Error)
	})
}

// useInvitation marks a pending invitation of a locked workspace accepted.
func useInvitation(ctx context.Context, tx *db.Tx, w identity.WorkspaceID, hash string, at time.Time) error {
	if hash == "" {
		return nil
	}
	n, err := tx.Exec(ctx, `UPDATE invitation SET accepted_at = ? WHERE workspace_id = ? AND token_hash = ?
AND accepted_at = 0 AND revoked_at = 0 AND expires_at > ?`, db.Micros(at), string(w), hash, db.Micros(at))
	if err == nil && n == 0 {
		return identity.InvitationNotValid()
	}
	return err
}

// joinUnlessMember is join of somebody who may be a member of the locked
// workspace already.
func joinUnlessMember(ctx context.Context, tx *db.Tx, j *identity.Joining) error {
	if j == nil {
		return nil
	}
	there, err := exists(tx.Gorm(ctx).Table("member").Where("workspace_id = ? AND account_id = ?", string(j.Member.Workspace), string(j.Account.ID)))
	if err != nil || there {
		return err
	}
	return join(ctx, tx, *j)
}

// Unlink implements identity.FlowStore.
func (s *Store) Unlink(ctx context.Context, l identity.Link, events ...event.Event) error {
	return s.db.Write(ctx, "", events, func(ctx context.Context, tx *db.Tx) error {
		err := ofAccount(providerOfID(tx.Gorm(ctx), l.Workspace, l.Provider), l.Account).Delete(&subjectRow{}).Error
		if err != nil {
			return db.Failed(err)
		}
		return db.Failed(ofAccount(tx.Gorm(ctx), l.Account).Where("provider_id = ?", string(l.Provider)).Delete(&sessionRow{}).Error)
	})
}
