// Package inboxtemplates stores the templates of inboxes.
package inboxtemplates

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/template"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Store implements template.Store.
type Store struct{ db *db.DB }

// New returns a Store.
func New(d *db.DB) *Store { return &Store{db: d} }

// atOnce is how many templates one statement writes.
const atOnce = 100

// row is a template beside its names.
type row struct {
	Name     string     `json:"name,omitempty"`
	Category string     `json:"category,omitempty"`
	Header   string     `json:"header,omitempty"`
	Text     string     `json:"text"`
	Footer   string     `json:"footer,omitempty"`
	Buttons  []string   `json:"buttons,omitempty"`
	Fields   []fieldRow `json:"fields,omitempty"`
	File     string     `json:"file,omitempty"`
	Unusable string     `json:"unusable,omitempty"`
}

type fieldRow struct {
	Name      string `json:"name"`
	Label     string `json:"label,omitempty"`
	Example   string `json:"example,omitempty"`
	MaxLength int    `json:"max_length,omitempty"`
	Optional  bool   `json:"optional,omitempty"`
}

type refusedRow struct {
	ID       string `json:"id"`
	Language string `json:"language,omitempty"`
	Reason   string `json:"reason"`
}

// List implements template.Store.
func (s *Store) List(ctx context.Context, w identity.WorkspaceID, inbox channel.InboxID) (template.List, error) {
	l := template.List{Workspace: w, Inbox: inbox}
	var revision, listed, asked int64
	var refused string
	err := s.db.Row(ctx, `SELECT revision, listed_at, asked_at, code, detail, refused FROM inbox_template_list WHERE workspace_id = ? AND inbox_id = ?`,
		[]any{string(w), string(inbox)}, &revision, &listed, &asked, &l.Code, &l.Detail, &refused)
	if errors.Is(err, sql.ErrNoRows) {
		return l, nil
	}
	if err != nil {
		return l, err
	}
	l.Revision, l.ListedAt, l.AskedAt = db.Unsigned(revision), db.Time(listed), db.Time(asked)
	var named []refusedRow
	if err := json.Unmarshal([]byte(refused), &named); err != nil {
		return l, err
	}
	for _, r := range named {
		l.Refused = append(l.Refused, channel.RefusedTemplate(r))
	}
	l.Templates, err = s.find(ctx, `workspace_id = ? AND inbox_id = ? ORDER BY place`, string(w), string(inbox))
	return l, err
}

// Template implements template.Store.
func (s *Store) Template(ctx context.Context, w identity.WorkspaceID, inbox channel.InboxID, id, language string) (channel.Template, error) {
	found, err := db.One(s.find(ctx, `workspace_id = ? AND inbox_id = ? AND template_id = ? AND language = ?`, string(w), string(inbox), id, language))
	if errs.Is(err, errs.NotFound) {
		return channel.Template{}, template.Unknown()
	}
	return found, err
}

func (s *Store) find(ctx context.Context, where string, args ...any) ([]channel.Template, error) {
	var out []channel.Template
	err := s.db.Rows(ctx, `SELECT template_id, language, body FROM inbox_template WHERE `+where, args, func(sc db.Scanner) error {
		var id, language, body string
		if err := sc.Scan(&id, &language, &body); err != nil {
			return err
		}
		var r row
		if err := json.Unmarshal([]byte(body), &r); err != nil {
			return err
		}
		t := channel.Template{
			ID: id, Language: language, Name: r.Name, Category: r.Category, Header: r.Header, Text: r.Text, Footer: r.Footer,
			Buttons: r.Buttons, File: r.File, Unusable: r.Unusable,
		}
		for _, f := range r.Fields {
			t.Fields = append(t.Fields, channel.TemplateField(f))
		}
		out = append(out, t)
		return nil
	})
	return out, err
}

// Save implements template.Store.
func (s *Store) Save(ctx context.Context, l template.List) error {
	args, err := argsOf(l)
	if err != nil {
		return err
	}
	return s.db.Do(ctx, string(l.Workspace), func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, string(l.Workspace)); err != nil {
			return err
		}
		if err := known(ctx, tx, l); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM inbox_template WHERE workspace_id = ? AND inbox_id = ?`, string(l.Workspace), string(l.Inbox)); err != nil {
			return err
		}
		const columns = 6
		for len(args) > 0 {
			n := min(len(args), atOnce*columns)
			query := `INSERT INTO inbox_template (workspace_id, inbox_id, place, template_id, language, body) VALUES (?, ?, ?, ?, ?, ?)` +
				strings.Repeat(`, (?, ?, ?, ?, ?, ?)`, n/columns-1)
			if _, err := tx.Exec(ctx, query, args[:n]...); err != nil {
				return err
			}
			args = args[n:]
		}
		return nil
	})
}

// argsOf are the values of all templates of a list, one after the other.
func argsOf(l template.List) ([]any, error) {
	var out []any
	for i, t := range l.Templates {
		r := row{Name: t.Name, Category: t.Category, Header: t.Header, Text: t.Text, Footer: t.Footer, Buttons: t.Buttons, File: t.File, Unusable: t.Unusable}
		for _, f := range t.Fields {
			r.Fields = append(r.Fields, fieldRow(f))
		}
		body, err := json.Marshal(r)
		if err != nil {
			return nil, err
		}
		out = append(out, string(l.Workspace), string(l.Inbox), i, t.ID, t.Language, string(body))
	}
	return out, nil
}

// known writes what is known of a list beside its templates.
func known(ctx context.Context, tx *db.Tx, l template.List) error {
	named := make([]refusedRow, len(l.Refused))
	for i, r := range l.Refused {
		named[i] = refusedRow(r)
	}
	refused, err := json.Marshal(named)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO inbox_template_list (workspace_id, inbox_id, revision, listed_at, asked_at, code, detail, refused) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (workspace_id, inbox_id) DO UPDATE SET revision = excluded.revision, listed_at = excluded.listed_at, asked_at = excluded.asked_at,
code = excluded.code, detail = excluded.detail, refused = excluded.refused`,
		string(l.Workspace), string(l.Inbox), db.Signed(l.Revision), db.Micros(l.ListedAt), db.Micros(l.AskedAt), l.Code, l.Detail, string(refused))
	return err
}

// Failed implements template.Store.
func (s *Store) Failed(ctx context.Context, l template.List) error {
	return s.db.Do(ctx, string(l.Workspace), func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, string(l.Workspace)); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE inbox_template_list SET revision = ?, asked_at = ?, code = ?, detail = ? WHERE workspace_id = ? AND inbox_id = ?`,
			db.Signed(l.Revision), db.Micros(l.AskedAt), l.Code, l.Detail, string(l.Workspace), string(l.Inbox))
		if err != nil || n > 0 {
			return err
		}
		return known(ctx, tx, l)
	})
}
