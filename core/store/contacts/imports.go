package contacts

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/contact/importing"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// partSize is how many bytes of a file are in a row.
const partSize = 256 << 10

const selectImport = `SELECT import_id, state, encoding, delimiter, columns, mapping, match_by, on_match, total, position,
created, updated, skipped, failed, detail, actor_kind, actor_id, actor_name, created_at, updated_at FROM contact_import WHERE workspace_id = ? `

func scanImport(sc db.Scanner, workspace identity.WorkspaceID) (importing.Import, error) {
	var id, state, delimiter, columns, mapping, match, onMatch, kind string
	var created, updated int64
	i := importing.Import{Workspace: workspace}
	err := sc.Scan(&id, &state, &i.Encoding, &delimiter, &columns, &mapping, &match, &onMatch, &i.Rows, &i.Position,
		&i.Counts.Created, &i.Counts.Updated, &i.Counts.Skipped, &i.Counts.Failed, &i.Detail, &kind, &i.Actor.ID, &i.Actor.Name, &created, &updated)
	if err != nil {
		return i, err
	}
	i.ID, i.State, i.Match, i.OnMatch = importing.ID(id), importing.State(state), importing.Match(match), importing.OnMatch(onMatch)
	i.Delimiter, _ = utf8.DecodeRuneInString(delimiter)
	i.Actor.Kind, i.CreatedAt, i.UpdatedAt = identity.ActorKind(kind), db.Time(created), db.Time(updated)
	if err := json.Unmarshal([]byte(columns), &i.Columns); err != nil {
		return i, err
	}
	return i, json.Unmarshal([]byte(mapping), &i.Mapping)
}

func takeImport(ctx context.Context, q db.Querier, workspace identity.WorkspaceID, id importing.ID) (importing.Import, error) {
	var i importing.Import
	err := one(ctx, q, selectImport+`AND import_id = ?`, []any{string(workspace), string(id)}, func(sc db.Scanner) (err error) {
		i, err = scanImport(sc, workspace)
		return err
	})
	return i, err
}

// Create implements importing.Store.
func (s *Imports) Create(ctx context.Context, i importing.Import, file []byte, events ...event.Event) error {
	columns, err := json.Marshal(i.Columns)
	if err != nil {
		return err
	}
	mapping, err := json.Marshal(i.Mapping)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, string(i.Workspace), events, func(ctx context.Context, tx *db.Tx) error {
		err := tx.Queue(ctx, `INSERT INTO contact_import (workspace_id, import_id, state, encoding, delimiter, columns, mapping, match_by, on_match,
total, position, created, updated, skipped, failed, detail, actor_kind, actor_id, actor_name, created_at, updated_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0, '', ?, ?, ?, ?, ?)`,
			string(i.Workspace), string(i.ID), string(i.State), i.Encoding, string(i.Delimiter), string(columns), string(mapping),
			string(i.Match), string(i.OnMatch), i.Rows, string(i.Actor.Kind), i.Actor.ID, i.Actor.Name, db.Micros(i.CreatedAt), db.Micros(i.UpdatedAt))
		for n := 0; err == nil && len(file) > 0; n++ {
			part := file[:min(partSize, len(file))]
			file = file[len(part):]
			err = tx.Queue(ctx, `INSERT INTO contact_import_part (workspace_id, import_id, part, data) VALUES (?, ?, ?, ?)`,
				string(i.Workspace), string(i.ID), n, part)
		}
		return err
	})
}

// Import implements importing.Store.
func (s *Imports) Import(ctx context.Context, workspace identity.WorkspaceID, id importing.ID) (importing.Import, error) {
	return takeImport(ctx, s.db, workspace, id)
}

// Imports implements importing.Store. Its cursor is (time of creation, id).
func (s *Imports) Imports(ctx context.Context, workspace identity.WorkspaceID, p page.Request) (page.Page[importing.Import], error) {
	var out page.Page[importing.Import]
	key, err := page.Decode(p.Cursor, 2)
	if err != nil {
		return out, err
	}
	query, args := selectImport, []any{string(workspace)}
	if key != nil {
		at, err := strconv.ParseInt(key[0], 10, 64)
		if err != nil {
			return out, errCursor()
		}
		query, args = query+`AND (created_at, import_id) < (?, ?) `, append(args, at, key[1])
	}
	err = s.db.Rows(ctx, query+`ORDER BY created_at DESC, import_id DESC LIMIT ?`, append(args, p.Size()+1), func(sc db.Scanner) error {
		i, err := scanImport(sc, workspace)
		out.Items = append(out.Items, i)
		return err
	})
	if err != nil {
		return page.Page[importing.Import]{}, err
	}
	if size := p.Size(); len(out.Items) > size {
		last := out.Items[size-1]
		out.Items, out.Next = out.Items[:size], page.Encode(strconv.FormatInt(db.Micros(last.CreatedAt), 10), string(last.ID))
	}
	return out, nil
}

// saveImport writes what changes of an import.
func saveImport(ctx context.Context, tx *db.Tx, i importing.Import) error {
	mapping, err := json.Marshal(i.Mapping)
	if err != nil {
		return err
	}
	ws, id := string(i.Workspace), string(i.ID)
	err = tx.Queue(ctx, `UPDATE contact_import SET state = ?, mapping = ?, match_by = ?, on_match = ?, position = ?,
created = ?, updated = ?, skipped = ?, failed = ?, detail = ?, updated_at = ? WHERE workspace_id = ? AND import_id = ?`,
		string(i.State), string(mapping), string(i.Match), string(i.OnMatch), i.Position,
		i.Counts.Created, i.Counts.Updated, i.Counts.Skipped, i.Counts.Failed, i.Detail, db.Micros(i.UpdatedAt), ws, id)
	if err == nil && (i.State == importing.Done || i.State == importing.Failed) {
		err = tx.Queue(ctx, `DELETE FROM contact_import_part WHERE workspace_id = ? AND import_id = ?`, ws, id)
	}
	return err
}

// Change implements importing.Store.
func (s *Imports) Change(ctx context.Context, workspace identity.WorkspaceID, id importing.ID, change func(*importing.Import) ([]event.Event, error)) (importing.Import, error) {
	var out importing.Import
	err := s.db.Do(ctx, string(workspace), func(ctx context.Context, tx *db.Tx) error {
		i, err := takeImport(ctx, tx, workspace, id)
		if err != nil {
			return err
		}
		events, err := change(&i)
		if err != nil {
			return err
		}
		if i.Position == 0 {
			err := tx.Queue(ctx, `DELETE FROM contact_import_error WHERE workspace_id = ? AND import_id = ?`, string(workspace), string(id))
			if err != nil {
				return err
			}
		}
		out = i
		if err := saveImport(ctx, tx, i); err != nil {
			return err
		}
		return tx.Append(ctx, events...)
	})
	return out, err
}

// Errors implements importing.Store.
func (s *Imports) Errors(ctx context.Context, workspace identity.WorkspaceID, id importing.ID, limit int) ([]importing.RowError, error) {
	var out []importing.RowError
	err := s.db.Rows(ctx, `SELECT line, place, title, value, code, detail FROM contact_import_error
WHERE workspace_id = ? AND import_id = ? ORDER BY line, place LIMIT ?`, []any{string(workspace), string(id), limit}, func(sc db.Scanner) error {
		var e importing.RowError
		err := sc.Scan(&e.Row, &e.Place, &e.Column, &e.Value, &e.Code, &e.Detail)
		out = append(out, e)
		return err
	})
	return out, err
}

// Busy implements importing.Desk.
func (s *Imports) Busy(ctx context.Context, limit int) ([]importing.Ref, error) {
	var out []importing.Ref
	err := s.db.Rows(ctx, `SELECT workspace_id, import_id FROM contact_import WHERE state IN ('checking', 'running') ORDER BY import_id LIMIT ?`,
		[]any{limit}, func(sc db.Scanner) error {
			var workspace, id string
			err := sc.Scan(&workspace, &id)
			out = append(out, importing.Ref{Workspace: identity.WorkspaceID(workspace), ID: importing.ID(id)})
			return err
		})
	return out, err
}

// File implements importing.Desk. Parts are read as they are needed.
func (s *Imports) File(ctx context.Context, workspace identity.WorkspaceID, id importing.ID) io.Reader {
	return &fileReader{ctx: ctx, store: s, workspace: string(workspace), id: string(id)}
}

// fileReader reads a file part by part.
type fileReader struct {
	ctx           context.Context //nolint:containedctx // an io.Reader has no other way; it lives as long as the call
	store         *Imports
	workspace, id string
	next          int
	part          bytes.Reader
}

// Read implements io.Reader.
func (f *fileReader) Read(p []byte) (int, error) {
	if f.part.Len() == 0 {
		var data []byte
		err := f.store.db.Rows(f.ctx, `SELECT data FROM contact_import_part WHERE workspace_id = ? AND import_id = ? AND part = ?`,
			[]any{f.workspace, f.id, f.next}, func(sc db.Scanner) error { return sc.Scan(&data) })
		if err != nil {
			return 0, err
		}
		if len(data) == 0 {
			return 0, io.EOF
		}
		f.next++
		f.part.Reset(data)
	}
	return f.part.Read(p)
}

// Sweep implements importing.Desk.
func (s *Imports) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	var old []importing.Ref
	err := s.db.Rows(ctx, `SELECT workspace_id, import_id FROM contact_import WHERE updated_at < ? AND state NOT IN ('checking', 'running')
ORDER BY updated_at LIMIT ?`, []any{db.Micros(before), limit}, func(sc db.Scanner) error {
		var workspace, id string
		err := sc.Scan(&workspace, &id)
		old = append(old, importing.Ref{Workspace: identity.WorkspaceID(workspace), ID: importing.ID(id)})
		return err
	})
	for _, r := range old {
		if err != nil {
			return 0, err
		}
		err = s.db.Do(ctx, string(r.Workspace), func(ctx context.Context, tx *db.Tx) error {
			for _, table := range []string{"contact_import_part", "contact_import_error", "contact_import"} {
				if err := tx.Queue(ctx, `DELETE FROM `+table+` WHERE workspace_id = ? AND import_id = ?`, string(r.Workspace), string(r.ID)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return len(old), err
}
