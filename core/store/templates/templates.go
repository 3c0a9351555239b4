// Package templates stores which industry templates are in use, and what they
// made.
package templates

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/template"
)

// Store implements template.Store.
type Store struct {
	db *db.DB
}

// New returns a Store.
func New(d *db.DB) *Store { return &Store{db: d} }

type installRow struct {
	WorkspaceID string
	Plugin      string
	Template    string
	Version     string
	Locale      string
	Answers     string
	State       string
	MemberID    string
	AppliedAt   int64
	Until       int64
}

// TableName implements gorm's Tabler.
func (*installRow) TableName() string { return "template_install" }

type objectRow struct {
	WorkspaceID string
	Plugin      string
	Template    string
	Kind        string
	ObjectKey   string
	ObjectID    string
	Wrote       string
	Base        string
	Owned       bool
}

// TableName implements gorm's Tabler.
func (*objectRow) TableName() string { return "template_object" }

func installOf(w identity.WorkspaceID, i template.Install) installRow {
	return installRow{
		WorkspaceID: string(w), Plugin: i.Plugin, Template: i.Name, Version: i.Version, Locale: i.Ask.Locale, Answers: string(i.Ask.Answers),
		State: string(i.State), MemberID: string(i.By), AppliedAt: db.Micros(i.AppliedAt), Until: db.Micros(i.Until),
	}
}

func (r *installRow) domain() template.Install {
	return template.Install{
		Ref: template.Ref{Plugin: r.Plugin, Name: r.Template}, Version: r.Version,
		Ask:   template.Ask{Locale: r.Locale, Answers: raw(r.Answers)},
		State: template.State(r.State), By: identity.MemberID(r.MemberID), AppliedAt: db.Time(r.AppliedAt), Until: db.Time(r.Until),
	}
}

func (r *objectRow) domain() template.Tracked {
	return template.Tracked{Kind: r.Kind, Key: r.ObjectKey, ID: r.ObjectID, Wrote: raw(r.Wrote), Base: raw(r.Base), Owned: r.Owned}
}

// raw is JSON as it is stored; "" stands for none.
func raw(s string) json.RawMessage {
	if s == "" {
		return nil
	}
	return json.RawMessage(s)
}

func of(q *gorm.DB, w identity.WorkspaceID, ref template.Ref) *gorm.DB {
	return q.Where("workspace_id = ? AND plugin = ? AND template = ?", string(w), ref.Plugin, ref.Name)
}

// Installs implements template.Store.
func (s *Store) Installs(ctx context.Context, w identity.WorkspaceID) ([]template.Install, error) {
	var rows []installRow
	if err := s.db.Gorm(ctx).Where("workspace_id = ?", string(w)).Order("plugin, template").Find(&rows).Error; err != nil {
		return nil, db.Failed(err)
	}
	out := make([]template.Install, len(rows))
	for i := range rows {
		out[i] = rows[i].domain()
	}
	return out, nil
}

// Install implements template.Store.
func (s *Store) Install(ctx context.Context, w identity.WorkspaceID, ref template.Ref) (template.Install, []template.Tracked, error) {
	install, err := take(of(s.db.Gorm(ctx), w, ref))
	if err != nil {
		return template.Install{}, nil, err
	}
	var rows []objectRow
	if err := of(s.db.Gorm(ctx), w, ref).Order("kind, object_key").Find(&rows).Error; err != nil {
		return template.Install{}, nil, db.Failed(err)
	}
	var out []template.Tracked
	for i := range rows {
		out = append(out, rows[i].domain())
	}
	return install, out, nil
}

func take(q *gorm.DB) (template.Install, error) {
	var r installRow
	err := q.Take(&r).Error
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return template.Install{}, errs.Absent()
	case err != nil:
		return template.Install{}, db.Failed(err)
	}
	return r.domain(), nil
}

// Begin implements template.Store.
func (s *Store) Begin(ctx context.Context, w identity.WorkspaceID, i template.Install, now time.Time) error {
	return s.db.Do(ctx, string(w), func(ctx context.Context, tx *db.Tx) error {
		old, err := take(of(tx.Gorm(ctx), w, i.Ref))
		switch {
		case errs.Is(err, errs.NotFound):
		case err != nil:
			return err
		case old.State == template.Applying && old.Until.After(now):
			return template.Busy()
		}
		r := installOf(w, i)
		return put(ctx, tx, &r, "plugin", "template")
	})
}

// put writes a row over the one with its key.
func put(ctx context.Context, tx *db.Tx, row any, key ...string) error {
	over := clause.OnConflict{UpdateAll: true, Columns: []clause.Column{{Name: "workspace_id"}}}
	for _, column := range key {
		over.Columns = append(over.Columns, clause.Column{Name: column})
	}
	return db.Failed(tx.Gorm(ctx).Clauses(over).Create(row).Error)
}

// Track implements template.Store.
func (s *Store) Track(ctx context.Context, w identity.WorkspaceID, ref template.Ref, t template.Tracked) error {
	r := objectRow{
		WorkspaceID: string(w), Plugin: ref.Plugin, Template: ref.Name, Kind: t.Kind, ObjectKey: t.Key, ObjectID: t.ID,
		Wrote: string(t.Wrote), Base: string(t.Base), Owned: t.Owned,
	}
	return s.db.Do(ctx, string(w), func(ctx context.Context, tx *db.Tx) error {
		if _, err := take(of(tx.Gorm(ctx), w, ref)); err != nil {
			return err
		}
		return put(ctx, tx, &r, "plugin", "template", "kind", "object_key")
	})
}

// Untrack implements template.Store.
func (s *Store) Untrack(ctx context.Context, w identity.WorkspaceID, ref template.Ref, kind, key string) error {
	return s.db.Do(ctx, string(w), func(ctx context.Context, tx *db.Tx) error {
		return db.Failed(of(tx.Gorm(ctx), w, ref).Where("kind = ? AND object_key = ?", kind, key).Delete(&objectRow{}).Error)
	})
}

// Finish implements template.Store.
func (s *Store) Finish(ctx context.Context, w identity.WorkspaceID, i template.Install, e event.Event) error {
	r := installOf(w, i)
	return s.change(ctx, w, i.Ref, e, func(q *gorm.DB) *gorm.DB { return q.Select("*").Updates(&r) })
}

// Remove implements template.Store.
func (s *Store) Remove(ctx context.Context, w identity.WorkspaceID, ref template.Ref, e event.Event) error {
	return s.change(ctx, w, ref, e, func(q *gorm.DB) *gorm.DB { return q.Delete(&installRow{}) })
}

// change does something with an installation that must be there, and tells of it.
func (s *Store) change(ctx context.Context, w identity.WorkspaceID, ref template.Ref, e event.Event, do func(*gorm.DB) *gorm.DB) error {
	return s.db.Do(ctx, string(w), func(ctx context.Context, tx *db.Tx) error {
		done := do(of(tx.Gorm(ctx), w, ref))
		if done.Error != nil {
			return db.Failed(done.Error)
		}
		if done.RowsAffected == 0 {
			return errs.Absent()
		}
		return tx.Append(ctx, e)
	})
}
