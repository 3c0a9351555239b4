package erasures

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/core/contact/importing"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/store/purge"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// place is a conversation or a ticket of somebody else's.
type place struct {
	table, column, id string
	seq               int64
	data              string
	own               bool // the person's doing
}

// others takes the person out of what stays: the histories of conversations and
// tickets that were merged or linked with theirs, tickets that once were theirs,
// and what was told about those. It reads the person's own rows, so it comes
// before they are deleted.
func (p *person) others(ctx context.Context, tx *db.Tx, e *purge.Purge) error {
	ws := string(p.subject.Workspace)
	named, err := p.conversationsNaming(ctx, tx, ws)
	if err == nil {
		err = p.ticketsNaming(ctx, tx, ws, &named)
	}
	if err != nil {
		return err
	}
	var touched []string
	for _, c := range named {
		data, changed := p.redacted(c)
		if !changed {
			continue
		}
		touched = append(touched, c.id)
		e.Exec(ctx, `UPDATE `+c.table+` SET data = ? WHERE workspace_id = ? AND `+c.column+` = ? AND seq = ?`, data, ws, c.id, c.seq)
	}
	p.wroteElsewhere(ctx, e, ws)
	p.saidElsewhere(ctx, e)
	p.told(ctx, e, slices.Concat(touched, p.elsewhere, p.joined))
	return p.released(ctx, tx, e, ws)
}

// conversationsNaming finds the changes of others' conversations that tell of a
// merge with one of theirs, undone ones too.
func (p *person) conversationsNaming(ctx context.Context, q purge.Reader, ws string) ([]place, error) {
	var into []string
	for _, c := range p.conversations {
		err := q.Rows(ctx, `SELECT data FROM conversation_change WHERE workspace_id = ? AND conversation_id = ? AND type = ?`,
			[]any{ws, c, string(conversation.Merged)}, func(sc db.Scanner) error {
				var data string
				var d struct{ Into string }
				err := sc.Scan(&data)
				if err == nil && json.Unmarshal([]byte(data), &d) == nil && !slices.Contains(p.conversations, d.Into) && !slices.Contains(into, d.Into) {
					into = append(into, d.Into)
				}
				return err
			})
		if err != nil {
			return nil, err
		}
	}
	var out []place
	for _, c := range into {
		err := q.Rows(ctx, `SELECT seq, data FROM conversation_change WHERE workspace_id = ? AND conversation_id = ? AND type = ?`,
			[]any{ws, c, string(conversation.Absorbed)}, func(sc db.Scanner) error {
				one := place{table: "conversation_change", column: "conversation_id", id: c}
				err := sc.Scan(&one.seq, &one.data)
				out = append(out, one)
				return err
			})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// ticketsNaming adds the changes of others' tickets that name one of theirs, or
// say that the ticket once was theirs, or how they rated it. It reads all changes
// of those types.
func (p *person) ticketsNaming(ctx context.Context, q purge.Reader, ws string, into *[]place) error {
	ids := slices.Concat(p.tickets, p.contacts)
	return q.Rows(ctx, `SELECT ticket_id, seq, data, actor_id FROM ticket_change WHERE workspace_id = ? AND type IN (?, ?, ?, ?, ?) AND data IS NOT NULL`,
		[]any{ws, string(ticket.Linked), string(ticket.Unlinked), string(ticket.Absorbed), string(ticket.Edited), string(ticket.Rated)}, func(sc db.Scanner) error {
			one := place{table: "ticket_change", column: "ticket_id"}
			var actor string
			err := sc.Scan(&one.id, &one.seq, &one.data, &actor)
			one.own = slices.Contains(p.contacts, actor)
			if err == nil && !slices.Contains(p.tickets, one.id) && (one.own || slices.ContainsFunc(ids, func(id string) bool { return strings.Contains(one.data, id) })) {
				*into = append(*into, one)
			}
			return err
		})
}

// redacted takes out of a change's data what says more of the person than an id.
func (p *person) redacted(c place) (string, bool) {
	var d map[string]any
	if json.Unmarshal([]byte(c.data), &d) != nil {
		return "", false
	}
	changed := false
	blank := func(in map[string]any, key string) {
		if s, ok := in[key].(string); ok && s != "" {
			in[key], changed = "", true
		}
	}
	if p.theirs(d["from_id"]) || p.theirs(d["ticket_id"]) {
		blank(d, "title")
		blank(d, "contact_name")
	}
	if c.own {
		blank(d, "comment")
	}
	if fields, ok := d["fields"].(map[string]any); ok {
		ids, _ := fields["contact_id"].(map[string]any)
		names, _ := fields["contact_name"].(map[string]any)
		for _, end := range []string{"from", "to"} {
			if p.theirs(ids[end]) {
				blank(names, end)
			}
		}
	}
	if !changed {
		return "", false
	}
	out, err := json.Marshal(d)
	return string(out), err == nil
}

// theirs reports whether a value of JSON is an id of the person's.
func (p *person) theirs(v any) bool {
	id, ok := v.(string)
	return ok && (slices.Contains(p.conversations, id) || slices.Contains(p.tickets, id) || slices.Contains(p.contacts, id))
}

// wroteElsewhere empties what the person wrote in tickets that are another's now.
func (p *person) wroteElsewhere(ctx context.Context, e *purge.Purge, ws string) {
	for _, t := range p.elsewhere {
		for _, c := range p.contacts {
			e.Do(ctx, `UPDATE ticket SET rating_comment = '' WHERE workspace_id = ? AND ticket_id = ? AND rating_at IN
(SELECT at FROM ticket_change WHERE workspace_id = ? AND ticket_id = ? AND type = 'ticket.rated' AND actor_id = ?)`, t, ws, t, c)
			e.Do(ctx, `UPDATE ticket_comment SET text = '', author_name = '', files = 0, client_id = comment_id WHERE workspace_id = ? AND ticket_id = ? AND author_kind = 'contact' AND author_id = ?`, t, c)
			e.Do(ctx, `UPDATE ticket_change SET actor_name = '' WHERE workspace_id = ? AND ticket_id = ? AND actor_kind = 'contact' AND actor_id = ?`, t, c)
		}
	}
}

// saidElsewhere empties what the person wrote in conversations of others.
func (p *person) saidElsewhere(ctx context.Context, e *purge.Purge) {
	for _, id := range p.joined {
		for _, c := range p.contacts {
			e.Do(ctx, `DELETE FROM message_html WHERE workspace_id = ? AND conversation_id = ? AND seq IN
(SELECT m.seq FROM message m WHERE m.workspace_id = message_html.workspace_id AND m.conversation_id = message_html.conversation_id AND m.sender_kind = 'contact' AND m.sender_id = ?)`, id, c)
			e.Do(ctx, `DELETE FROM message_version WHERE workspace_id = ? AND conversation_id = ? AND seq IN
(SELECT m.seq FROM message m WHERE m.workspace_id = message_version.workspace_id AND m.conversation_id = message_version.conversation_id AND m.sender_kind = 'contact' AND m.sender_id = ?)`, id, c)
			e.Do(ctx, `UPDATE conversation SET last_text = '' WHERE workspace_id = ? AND conversation_id = ? AND last_sender = 'contact' AND EXISTS
(SELECT 1 FROM message m WHERE m.workspace_id = conversation.workspace_id AND m.conversation_id = conversation.conversation_id AND m.sender_id = ? AND m.created_at = conversation.last_at)`, id, c)
			e.Do(ctx, `UPDATE message SET text = '', sender_name = '', files = 0, extras = NULL, client_id = message_id WHERE workspace_id = ? AND conversation_id = ? AND sender_kind = 'contact' AND sender_id = ?`, id, c)
			e.Do(ctx, `UPDATE conversation_change SET data = NULL WHERE workspace_id = ? AND conversation_id = ? AND type = 'conversation.event' AND actor_kind = 'contact' AND actor_id = ?`, id, c)
			e.Do(ctx, `UPDATE conversation_change SET actor_name = '' WHERE workspace_id = ? AND conversation_id = ? AND actor_kind = 'contact' AND actor_id = ?`, id, c)
		}
		for _, name := range p.names {
			e.Do(ctx, `DELETE FROM conversation_party WHERE workspace_id = ? AND conversation_id = ? AND address = ?`, id, name)
		}
	}
}

// told deletes what was to be sent about others' conversations and tickets that
// name the person, and what members were told the person did there.
func (p *person) told(ctx context.Context, e *purge.Purge, places []string) {
	slices.Sort(places)
	within := `instr(body, ?) > 0`
	if p.driver == db.Postgres {
		within = `position(? IN body) > 0`
	}
	for _, place := range slices.Compact(places) {
		for _, id := range slices.Concat(p.contacts, p.conversations, p.tickets) {
			e.Do(ctx, `DELETE FROM webhook_delivery WHERE workspace_id = ? AND subject = ? AND `+within, place, id)
		}
	}
	e.Each(ctx, `DELETE FROM notification WHERE workspace_id = ? AND actor_kind = 'contact' AND actor_id IN (%)`, p.contacts)
}

// released lets go what was merged into theirs and is another's: it would be
// hidden for good. A conversation stays resolved until somebody writes in it; a
// ticket is as it was before.
func (p *person) released(ctx context.Context, q purge.Reader, e *purge.Purge, ws string) error {
	e.Each(ctx, `UPDATE conversation SET merged_into = '', merge_undo = '' WHERE workspace_id = ? AND merged_into IN (%)`, p.conversations)
	type back struct{ id, undo string }
	var all []back
	for _, t := range p.tickets {
		err := q.Rows(ctx, `SELECT ticket_id, merge_undo FROM ticket WHERE workspace_id = ? AND merged_into = ? AND merged_into <> ''`, []any{ws, t}, func(sc db.Scanner) error {
			var b back
			err := sc.Scan(&b.id, &b.undo)
			all = append(all, b)
			return err
		})
		if err != nil {
			return err
		}
	}
	for _, b := range all {
		var was struct {
			Status string
			Solved int64
		}
		if json.Unmarshal([]byte(b.undo), &was) != nil || was.Status == "" {
			was.Status = string(ticket.Open)
		}
		e.Exec(ctx, `UPDATE ticket SET merged_into = '', merge_undo = '', status = ?, solved_at = ?, closed_at = 0 WHERE workspace_id = ? AND ticket_id = ?`, was.Status, was.Solved, ws, b.id)
	}
	return nil
}

// imported takes the person out of tables that were imported: rows that failed,
// the first rows, which are kept as samples, and files that wait.
func (p *person) imported(ctx context.Context, q purge.Reader, e *purge.Purge) error {
	e.Do(ctx, `DELETE FROM contact_import_error WHERE workspace_id = ?`)
	e.Do(ctx, `DELETE FROM contact_import_part WHERE workspace_id = ?`)
	e.Do(ctx, `UPDATE contact_import SET state = 'failed', detail = 'Somebody was erased before this table was read to its end, so it was thrown away. Upload it again.'
WHERE workspace_id = ? AND state NOT IN ('done', 'failed')`)
	ws, sheets := string(p.subject.Workspace), map[string]string{}
	err := q.Rows(ctx, `SELECT import_id, columns FROM contact_import WHERE workspace_id = ?`, []any{ws}, func(sc db.Scanner) error {
		var id, columns string
		err := sc.Scan(&id, &columns)
		sheets[id] = columns
		return err
	})
	if err != nil {
		return err
	}
	for id, text := range sheets {
		var columns []importing.Column
		if err := json.Unmarshal([]byte(text), &columns); err != nil {
			return err
		}
		for i := range columns {
			columns[i].Samples = nil
			if slices.ContainsFunc(p.names, func(n string) bool { return strings.Contains(columns[i].Header, n) }) {
				columns[i].Header = "" // a table without a line of titles
			}
		}
		out, err := json.Marshal(columns)
		if err != nil {
			return err
		}
		e.Exec(ctx, `UPDATE contact_import SET columns = ? WHERE workspace_id = ? AND import_id = ?`, string(out), ws, id)
	}
	return nil
}
