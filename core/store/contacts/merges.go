package contacts

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Merge implements contact.MergeStore. The workspace is locked, so two merges
// of one contact come one after the other.
func (s *Store) Merge(ctx context.Context, workspace identity.WorkspaceID, source, into contact.ID, decide func(contact.Contact, *contact.Contact) (contact.Merge, []event.Event, error)) (contact.Contact, error) {
	var out contact.Contact
	err := s.db.Do(ctx, string(workspace), func(ctx context.Context, tx *db.Tx) error {
		from, err := take(ctx, tx, workspace, source)
		if err != nil {
			return err
		}
		target, err := take(ctx, tx, workspace, into)
		if err == nil && target.Survivor != "" {
			target, err = take(ctx, tx, workspace, target.Survivor)
		}
		if err != nil {
			return err
		}
		m, events, err := decide(from, &target)
		if err != nil {
			return err
		}
		if err := save(ctx, tx, target); err != nil {
			return err
		}
		if err := insertMerge(ctx, tx, m); err != nil {
			return err
		}
		if err := point(ctx, tx, workspace, m.Source, m.Target); err != nil {
			return err
		}
		if out, err = take(ctx, tx, workspace, target.ID); err != nil {
			return err
		}
		return tx.Append(ctx, events...)
	})
	return out, err
}

func insertMerge(ctx context.Context, tx *db.Tx, m contact.Merge) error {
	filled, err := encode(m.Filled)
	if err != nil {
		return err
	}
	return tx.Queue(ctx, `INSERT INTO contact_merge (workspace_id, merge_id, source_id, target_id, filled, actor_kind, actor_id, actor_name, at, undone_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)`,
		string(m.Workspace), string(m.ID), string(m.Source), string(m.Target), filled,
		string(m.Actor.Kind), m.Actor.ID, m.Actor.Name, db.Micros(m.At))
}

// point makes a contact, what was merged into it, and their conversations
// stand for another.
func point(ctx context.Context, tx *db.Tx, workspace identity.WorkspaceID, source, target contact.ID) error {
	ws := string(workspace)
	for _, q := range []struct {
		query string
		args  []any
	}{
		{`UPDATE contact SET survivor_id = ? WHERE workspace_id = ? AND survivor_id = ? AND survivor_id <> ''`, []any{string(target), ws, string(source)}},
		{`UPDATE contact SET merged_into = ?, survivor_id = ? WHERE workspace_id = ? AND contact_id = ?`, []any{string(target), string(target), ws, string(source)}},
		{`UPDATE conversation SET contact_id = ? WHERE workspace_id = ? AND contact_id = ?`, []any{string(target), ws, string(source)}},
		{`UPDATE ticket SET contact_id = ? WHERE workspace_id = ? AND contact_id = ?`, []any{string(target), ws, string(source)}},
	} {
		if err := tx.Queue(ctx, q.query, q.args...); err != nil {
			return err
		}
	}
	return nil
}

// selectMerge goes with scanMerge.
const selectMerge = `SELECT m.merge_id, m.source_id, m.target_id, m.filled, m.actor_kind, m.actor_id, m.actor_name, m.at, m.undone_at, p.name
FROM contact_merge m JOIN contact p ON p.workspace_id = m.workspace_id AND p.contact_id = m.source_id WHERE m.workspace_id = ? AND `

func scanMerge(sc db.Scanner, workspace identity.WorkspaceID) (contact.Merge, error) {
	var id, source, target, filled, kind string
	var at, undone int64
	m := contact.Merge{Workspace: workspace}
	if err := sc.Scan(&id, &source, &target, &filled, &kind, &m.Actor.ID, &m.Actor.Name, &at, &undone, &m.SourceName); err != nil {
		return m, err
	}
	m.ID, m.Source, m.Target = contact.MergeID(id), contact.ID(source), contact.ID(target)
	m.Actor.Kind, m.At, m.UndoneAt = identity.ActorKind(kind), db.Time(at), db.Time(undone)
	return m, json.Unmarshal([]byte(filled), &m.Filled)
}

func merge(ctx context.Context, q db.Querier, workspace identity.WorkspaceID, where string, args ...any) (contact.Merge, error) {
	var m contact.Merge
	err := one(ctx, q, selectMerge+where, append([]any{string(workspace)}, args...), func(sc db.Scanner) (err error) {
		m, err = scanMerge(sc, workspace)
		return err
	})
	return m, err
}

// Undo implements contact.MergeStore.
func (s *Store) Undo(ctx context.Context, workspace identity.WorkspaceID, id contact.MergeID, decide func(*contact.Undoing) ([]event.Event, error)) (contact.Undoing, error) {
	var out contact.Undoing
	err := s.db.Do(ctx, string(workspace), func(ctx context.Context, tx *db.Tx) error {
		u, err := undoing(ctx, tx, workspace, id)
		if err != nil {
			return err
		}
		events, err := decide(&u)
		if err != nil {
			return err
		}
		if err := saveUndone(ctx, tx, u); err != nil {
			return err
		}
		if err := free(ctx, tx, workspace, u); err != nil {
			return err
		}
		if u.Source, err = take(ctx, tx, workspace, u.Source.ID); err != nil {
			return err
		}
		if u.Chain[0].Contact, err = take(ctx, tx, workspace, u.Merge.Target); err != nil {
			return err
		}
		out = u
		return tx.Append(ctx, events...)
	})
	return out, err
}

// undoing loads a merge with both sides and the chain behind the target.
func undoing(ctx context.Context, tx *db.Tx, workspace identity.WorkspaceID, id contact.MergeID) (contact.Undoing, error) {
	var u contact.Undoing
	var err error
	if u.Merge, err = merge(ctx, tx, workspace, `m.merge_id = ?`, string(id)); err != nil {
		return u, err
	}
	if u.Source, err = take(ctx, tx, workspace, u.Merge.Source); err != nil {
		return u, err
	}
	for next := u.Merge.Target; next != ""; {
		c, err := take(ctx, tx, workspace, next)
		if err != nil {
			return u, err
		}
		link := contact.Link{Contact: c}
		if next = c.MergedInto; next != "" {
			on, err := merge(ctx, tx, workspace, `m.source_id = ? AND m.undone_at = 0`, string(c.ID))
			if err != nil {
				return u, err
			}
			link.Onward = &on
		}
		u.Chain = append(u.Chain, link)
	}
	return u, nil
}

func saveUndone(ctx context.Context, tx *db.Tx, u contact.Undoing) error {
	ws := string(u.Merge.Workspace)
	err := tx.Queue(ctx, `UPDATE contact_merge SET undone_at = ? WHERE workspace_id = ? AND merge_id = ?`, db.Micros(u.Merge.UndoneAt), ws, string(u.Merge.ID))
	if err != nil {
		return err
	}
	if err := save(ctx, tx, u.Source); err != nil {
		return err
	}
	for _, l := range u.Chain {
		if err := save(ctx, tx, l.Contact); err != nil {
			return err
		}
		if l.Onward == nil {
			continue
		}
		filled, err := encode(l.Onward.Filled)
		if err != nil {
			return err
		}
		err = tx.Queue(ctx, `UPDATE contact_merge SET filled = ? WHERE workspace_id = ? AND merge_id = ?`, filled, ws, string(l.Onward.ID))
		if err != nil {
			return err
		}
	}
	return nil
}

// free makes a contact stand for itself, with what was merged into it, and
// gives it the conversations of their identities.
func free(ctx context.Context, tx *db.Tx, workspace identity.WorkspaceID, u contact.Undoing) error {
	ws, source, root := string(workspace), string(u.Source.ID), string(u.Chain[len(u.Chain)-1].Contact.ID)
	below, err := mergedBelow(ctx, tx, ws, root, source)
	if err != nil {
		return err
	}
	err = tx.Queue(ctx, `UPDATE contact SET merged_into = '', survivor_id = '' WHERE workspace_id = ? AND contact_id = ?`, ws, source)
	if err != nil {
		return err
	}
	for _, id := range below {
		err := tx.Queue(ctx, `UPDATE contact SET survivor_id = ? WHERE workspace_id = ? AND contact_id = ?`, source, ws, id)
		if err != nil {
			return err
		}
	}
	group := append(below, source)
	args := []any{source, ws, root}
	for _, id := range group {
		args = append(args, id)
	}
	args = db.Padded(args, len(group))
	err = tx.Queue(ctx, `UPDATE ticket SET contact_id = ? WHERE workspace_id = ? AND contact_id = ? AND contact_origin IN (?`+
		strings.Repeat(`, ?`, len(args)-4)+`)`, args...)
	if err != nil {
		return err
	}
	return tx.Queue(ctx, `UPDATE conversation SET contact_id = ? WHERE workspace_id = ? AND contact_id = ? AND EXISTS
(SELECT 1 FROM contact_identity i WHERE i.workspace_id = conversation.workspace_id AND i.inbox_id = conversation.inbox_id
AND i.external_id = conversation.recipient AND i.contact_id IN (?`+strings.Repeat(`, ?`, len(args)-4)+`))`, args...)
}

// mergedBelow lists the contacts that were merged into one, directly and not.
func mergedBelow(ctx context.Context, tx *db.Tx, ws, root, of string) ([]string, error) {
	into := make(map[string][]string)
	err := tx.Rows(ctx, `SELECT contact_id, merged_into FROM contact WHERE workspace_id = ? AND survivor_id = ? AND survivor_id <> '' ORDER BY contact_id`,
		[]any{ws, root}, func(sc db.Scanner) error {
			var id, parent string
			err := sc.Scan(&id, &parent)
			into[parent] = append(into[parent], id)
			return err
		})
	var out []string
	for next := []string{of}; len(next) > 0; next = next[1:] {
		out = append(out, into[next[0]]...)
		next = append(next, into[next[0]]...)
	}
	return out, err
}

// Merges implements contact.MergeStore.
func (s *Store) Merges(ctx context.Context, workspace identity.WorkspaceID, id contact.ID) ([]contact.Merge, error) {
	var out []contact.Merge
	err := s.db.Rows(ctx, selectMerge+`(m.source_id = ? OR m.target_id = ?) ORDER BY m.at DESC, m.merge_id DESC`,
		[]any{string(workspace), string(id), string(id)}, func(sc db.Scanner) error {
			m, err := scanMerge(sc, workspace)
			out = append(out, m)
			return err
		})
	return out, err
}

// Duplicates implements contact.MergeStore.
func (s *Store) Duplicates(ctx context.Context, workspace identity.WorkspaceID, c contact.Contact, limit int) ([]contact.Duplicate, error) {
	var out []contact.Duplicate
	seen := map[contact.ID]bool{c.ID: true}
	for _, by := range []struct{ reason, condition, value string }{
		{"email", `p.email = ? AND p.email <> ''`, c.Email},
		{"phone", `p.phone = ? AND p.phone <> ''`, c.Phone},
		{"name", `p.name = ?`, c.Name},
	} {
		if by.value == "" || len(out) >= limit {
			continue
		}
		err := s.db.Rows(ctx, selectContact+`WHERE p.workspace_id = ? AND p.merged_into = '' AND NOT p.is_group AND `+by.condition+` ORDER BY p.contact_id LIMIT ?`,
			[]any{string(workspace), by.value, limit + len(seen)}, func(sc db.Scanner) error {
				var r row
				if err := sc.Scan(r.joinedDest()...); err != nil {
					return err
				}
				found, err := r.domain()
				if !seen[found.ID] && len(out) < limit {
					seen[found.ID] = true
					out = append(out, contact.Duplicate{Contact: found, Reason: by.reason})
				}
				return err
			})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
