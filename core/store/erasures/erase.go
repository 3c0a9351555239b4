package erasures

import (
	"context"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/erasure"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// eraser deletes rows and keeps the first error.
type eraser struct {
	tx  *db.Tx
	ws  string
	err error
}

func (e *eraser) do(ctx context.Context, query string, args ...any) {
	if e.err == nil {
		_, e.err = e.tx.Exec(ctx, query, append([]any{e.ws}, args...)...)
	}
}

// from deletes from a table the rows whose column is one of some ids.
func (e *eraser) from(ctx context.Context, table, column string, ids []string) {
	for _, id := range ids {
		e.do(ctx, `DELETE FROM `+table+` WHERE workspace_id = ? AND `+column+` = ?`, id)
	}
}

// erase deletes everything. Rows that refer to others go first.
func (p *person) erase(ctx context.Context, tx *db.Tx, id erasure.ID) error {
	e := &eraser{tx: tx, ws: string(p.subject.Workspace)}
	for _, f := range p.files {
		e.do(ctx, `INSERT INTO erasure_file (workspace_id, attachment_id, erasure_id) VALUES (?, ?, ?)`, f, string(id))
	}
	e.from(ctx, "attachment", "attachment_id", p.files)
	p.load(ctx, e)
	p.feed(ctx, e)
	p.queued(ctx, e)
	p.mentioned(ctx, e)
	p.tickets1(ctx, e)
	p.conversations1(ctx, e)
	p.contacts1(ctx, e)
	return e.err
}

// load gives the agents back what they had of the person.
func (p *person) load(ctx context.Context, e *eraser) {
	for _, c := range p.conversations {
		e.do(ctx, `UPDATE agent_state SET used = used - 1 WHERE workspace_id = ? AND member_id =
(SELECT assignee_id FROM conversation WHERE workspace_id = ? AND conversation_id = ? AND state = 'open')`, e.ws, c)
	}
}

// feed makes entries of the feed, which stay in number, tell only that the
// contact changed.
func (p *person) feed(ctx context.Context, e *eraser) {
	subjects := slices.Concat(p.conversations, p.tickets, p.contacts)
	const most = 64 // one scan of the feed for so many
	for chunk := range slices.Chunk(subjects, most) {
		args := make([]any, 0, most)
		for _, s := range chunk {
			args = append(args, s)
		}
		args = db.Padded(args, len(args))
		if e.err == nil {
			_, e.err = e.tx.Exec(ctx, `UPDATE event_outbox SET type = ?, subject = ?, seq = 0, public_seq = 0, data = NULL
WHERE workspace_id = ? AND subject IN (?`+strings.Repeat(", ?", len(args)-1)+`)`,
				append([]any{contact.Changed, string(p.subject.Contact), e.ws}, args...)...)
		}
	}
}

// queued deletes what waits to be sent or processed about the person.
func (p *person) queued(ctx context.Context, e *eraser) {
	if p.has("webhook_delivery", "subject") {
		e.from(ctx, "webhook_delivery", "subject", slices.Concat(p.conversations, p.tickets, p.contacts))
	}
	within := `instr(body, ?) > 0`
	if p.driver == db.Postgres {
		within = `position(convert_to(?, 'UTF8') IN body) > 0`
	}
	for _, x := range p.externals {
		if len(x.id) < shortest {
			continue
		}
		var needle any = x.id
		if p.driver == db.SQLite {
			needle = []byte(x.id) // a BLOB is compared with a BLOB
		}
		e.do(ctx, `DELETE FROM webhook_request WHERE workspace_id = ? AND inbox_id = ? AND `+within, x.inbox, needle)
	}
	e.from(ctx, "identity_token", "visitor_id", p.visitors)
	e.from(ctx, "identity_token", "presented_by", p.visitors)
	e.from(ctx, "visitor_session", "visitor_id", p.visitors)
}

// mentioned deletes what repeats what the person is called by: failed lines of
// imports, and answers that are kept for a repeated request.
func (p *person) mentioned(ctx context.Context, e *eraser) {
	contains := `instr(value, ?) > 0`
	if p.driver == db.Postgres {
		contains = `position(? IN value) > 0`
	}
	// Answers are sealed, so all of the workspace go; that a request was done stays known.
	e.do(ctx, `UPDATE request_claim SET answer = '' WHERE workspace_id = ? AND answer <> ''`)
	for _, name := range p.names {
		e.do(ctx, `DELETE FROM contact_import_error WHERE workspace_id = ? AND `+contains, name)
	}
}

// others lists the tables with a column, but for some that come in turn.
func (p *person) others(column string, but ...string) []string {
	var out []string
	for table := range p.columns {
		if p.has(table, column) && p.has(table, "workspace_id") && !slices.Contains(but, table) {
			out = append(out, table)
		}
	}
	slices.Sort(out)
	return out
}

// kept are tables that say that something was done, by ids.
func kept() []string { return []string{"erasure", "erasure_file", "audit_row", "audit_head"} }

func (p *person) tickets1(ctx context.Context, e *eraser) {
	if len(p.tickets) == 0 {
		return
	}
	if p.has("ticket_link", "other_id") {
		e.from(ctx, "ticket_link", "other_id", p.tickets)
	}
	for _, table := range p.others("ticket_id", append(kept(), "ticket")...) {
		e.from(ctx, table, "ticket_id", p.tickets)
	}
	e.from(ctx, "notification", "conversation_id", p.tickets) // what it is about, whatever that is
	e.from(ctx, "ticket", "ticket_id", p.tickets)
}

func (p *person) conversations1(ctx context.Context, e *eraser) {
	inTurn := []string{"delivery_step", "delivery", "conversation_change", "message", "conversation"}
	for _, table := range p.others("conversation_id", slices.Concat(kept(), inTurn, []string{"ticket", "attachment"})...) {
		e.from(ctx, table, "conversation_id", p.conversations)
	}
	for _, table := range inTurn {
		e.from(ctx, table, "conversation_id", p.conversations)
	}
}

func (p *person) contacts1(ctx context.Context, e *eraser) {
	for _, x := range p.externals {
		e.do(ctx, `DELETE FROM page_view WHERE workspace_id = ? AND inbox_id = ? AND external_id = ?`, x.inbox, x.id)
	}
	e.from(ctx, "contact_merge", "source_id", p.contacts)
	e.from(ctx, "contact_merge", "target_id", p.contacts)
	for _, table := range p.others("contact_id", append(kept(), "contact", "conversation", "ticket")...) {
		e.from(ctx, table, "contact_id", p.contacts)
	}
	e.from(ctx, "contact", "contact_id", p.contacts)
}
