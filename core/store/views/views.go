// Package views stores saved views.
package views

import (
	"context"
	"encoding/json"
	"errors"

	"gorm.io/gorm"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/view"
)

// Store implements view.Store.
type Store struct {
	db *db.DB
}

// New returns a Store.
func New(d *db.DB) *Store { return &Store{db: d} }

type row struct {
	WorkspaceID string
	ViewID      string
	Scope       string
	Owner       string
	Name        string
	Icon        string
	Filter      string
	Sort        string
	Columns     string
	Position    int64
	CreatedBy   string
	CreatedAt   int64 `gorm:"autoCreateTime:false"` // not gorm's clock
	UpdatedAt   int64 `gorm:"autoUpdateTime:false"`
}

// TableName implements gorm's Tabler.
func (*row) TableName() string { return "saved_view" }

func rowOf(v view.View) (row, error) {
	columns, err := json.Marshal(v.Columns)
	if err != nil {
		return row{}, err
	}
	return row{
		WorkspaceID: string(v.Workspace), ViewID: string(v.ID), Scope: string(v.Scope), Owner: v.Owner, Name: v.Name, Icon: v.Icon,
		Filter: string(v.Filter), Sort: string(v.Sort), Columns: string(columns), Position: int64(v.Position),
		CreatedBy: string(v.CreatedBy), CreatedAt: db.Micros(v.CreatedAt), UpdatedAt: db.Micros(v.UpdatedAt),
	}, db.CheckText(v.Columns...)
}

func (r *row) domain() (view.View, error) {
	v := view.View{
		Workspace: identity.WorkspaceID(r.WorkspaceID), ID: view.ID(r.ViewID), Scope: view.Visibility(r.Scope), Owner: r.Owner,
		Name: r.Name, Icon: r.Icon, Filter: json.RawMessage(r.Filter), Sort: view.Sort(r.Sort), Position: int(r.Position),
		CreatedBy: identity.MemberID(r.CreatedBy), CreatedAt: db.Time(r.CreatedAt), UpdatedAt: db.Time(r.UpdatedAt),
	}
	return v, json.Unmarshal([]byte(r.Columns), &v.Columns)
}

// Views implements view.Store.
func (s *Store) Views(ctx context.Context, workspace identity.WorkspaceID, owners []string) ([]view.View, error) {
	var rows []row
	err := s.db.Gorm(ctx).Where("workspace_id = ? AND owner IN ?", string(workspace), owners).Order("position, view_id").Find(&rows).Error
	if err != nil {
		return nil, db.Failed(err)
	}
	out := make([]view.View, len(rows))
	for i := range rows {
		if out[i], err = rows[i].domain(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func byID(q *gorm.DB, workspace identity.WorkspaceID, id view.ID) *gorm.DB {
	return q.Where("workspace_id = ? AND view_id = ?", string(workspace), string(id))
}

func take(q *gorm.DB) (view.View, error) {
	var r row
	err := q.Take(&r).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return view.View{}, errs.Absent()
	}
	if err != nil {
		return view.View{}, db.Failed(err)
	}
	return r.domain()
}

// View implements view.Store.
func (s *Store) View(ctx context.Context, workspace identity.WorkspaceID, id view.ID) (view.View, error) {
	return take(byID(s.db.Gorm(ctx), workspace, id))
}

// Create implements view.Store.
func (s *Store) Create(ctx context.Context, v view.View, e event.Event) (view.View, error) {
	err := s.db.Do(ctx, string(v.Workspace), func(ctx context.Context, tx *db.Tx) error {
		var count, last int64
		err := tx.Row(ctx, `SELECT COUNT(*), COALESCE(MAX(position), -1) FROM saved_view WHERE workspace_id = ? AND owner = ?`,
			[]any{string(v.Workspace), v.Owner}, &count, &last)
		if err != nil {
			return err
		}
		if count >= view.MaxViews {
			return errs.New(errs.Conflict, "view.too_many", "There are too many views. Delete one first.")
		}
		if v.Position < 0 {
			v.Position = int(last) + 1
		}
		r, err := rowOf(v)
		if err != nil {
			return err
		}
		if err := tx.Gorm(ctx).Create(&r).Error; err != nil {
			return db.Failed(err)
		}
		return tx.Append(ctx, e)
	})
	if err != nil {
		return view.View{}, err
	}
	return v, nil
}

// Update implements view.Store.
func (s *Store) Update(ctx context.Context, workspace identity.WorkspaceID, id view.ID, change func(*view.View) error, e event.Event) (view.View, error) {
	var out view.View
	err := s.db.Do(ctx, string(workspace), func(ctx context.Context, tx *db.Tx) error {
		v, err := take(byID(tx.Gorm(ctx), workspace, id))
		if err != nil {
			return err
		}
		if err := change(&v); err != nil {
			return err
		}
		v.Workspace, v.ID = workspace, id
		r, err := rowOf(v)
		if err != nil {
			return err
		}
		err = byID(tx.Gorm(ctx), workspace, id).
			Select("scope", "owner", "name", "icon", "filter", "sort", "columns", "position", "updated_at").Updates(&r).Error
		if err != nil {
			return db.Failed(err)
		}
		out = v
		return tx.Append(ctx, e)
	})
	return out, err
}

// Delete implements view.Store.
func (s *Store) Delete(ctx context.Context, workspace identity.WorkspaceID, id view.ID, check func(view.View) error, e event.Event) error {
	return s.db.Do(ctx, string(workspace), func(ctx context.Context, tx *db.Tx) error {
		v, err := take(byID(tx.Gorm(ctx), workspace, id))
		if err != nil {
			return err
		}
		if err := check(v); err != nil {
			return err
		}
		if err := byID(tx.Gorm(ctx), workspace, id).Delete(&row{}).Error; err != nil {
			return db.Failed(err)
		}
		return tx.Append(ctx, e)
	})
}
