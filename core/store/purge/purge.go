// Package purge deletes conversations, tickets and contacts with every row that
// belongs to them, whichever tables there are: a table with a column that names
// one is emptied of them, also one that is added later.
package purge

import (
	"context"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/core/store/db"
)

// Reader is what Look needs: the committed state, or a transaction.
type Reader interface {
	db.Querier
	Driver() db.Driver
}

// Schema is the columns of the tables.
type Schema map[string][]string

// Look learns which tables there are.
func Look(ctx context.Context, q Reader) (Schema, error) {
	query := `SELECT m.name, c.name FROM sqlite_schema m, pragma_table_xinfo(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY 1, 2`
	if q.Driver() == db.Postgres {
		query = `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY 1, 2`
	}
	out := Schema{}
	err := q.Rows(ctx, query, nil, func(sc db.Scanner) error {
		var table, column string
		err := sc.Scan(&table, &column)
		out[table] = append(out[table], column)
		return err
	})
	return out, err
}

// Has reports whether a table has a column.
func (s Schema) Has(table, column string) bool { return slices.Contains(s[table], column) }

// with lists the tables with a column, but for some.
func (s Schema) with(column string, but []string) []string {
	var out []string
	for table := range s {
		if s.Has(table, column) && s.Has(table, "workspace_id") && !slices.Contains(but, table) && !slices.Contains(kept(), table) {
			out = append(out, table)
		}
	}
	slices.Sort(out)
	return out
}

// kept are tables that say that something was done, by ids.
func kept() []string {
	return []string{"erasure", "erasure_file", "retention_file", "export_job", "audit_row", "audit_head"}
}

// Purge deletes rows of one workspace and keeps the first error.
type Purge struct {
	Schema
	tx  *db.Tx
	ws  string
	err error
}

// New returns a Purge within a transaction.
func New(tx *db.Tx, workspace string, s Schema) *Purge {
	return &Purge{Schema: s, tx: tx, ws: workspace}
}

// Err is the first error there was.
func (p *Purge) Err() error { return p.err }

// Do runs a statement whose first parameter is the workspace.
func (p *Purge) Do(ctx context.Context, query string, args ...any) {
	p.Exec(ctx, query, append([]any{p.ws}, args...)...)
}

// Exec runs a statement with the parameters as they are.
func (p *Purge) Exec(ctx context.Context, query string, args ...any) {
	if p.err == nil {
		_, p.err = p.tx.Exec(ctx, query, args...)
	}
}

// chunk is how many ids one statement takes.
const chunk = 64

// Each runs a statement for some ids at a time; its last condition ends in IN
// (%), and its first parameter is the workspace.
func (p *Purge) Each(ctx context.Context, query string, ids []string, args ...any) {
	for some := range slices.Chunk(ids, chunk) {
		values := make([]any, 0, chunk)
		for _, id := range some {
			values = append(values, id)
		}
		values = db.Padded(values, len(values))
		p.Do(ctx, strings.Replace(query, `%`, `?`+strings.Repeat(`, ?`, len(values)-1), 1), append(slices.Clone(args), values...)...)
	}
}

// From deletes from a table the rows whose column is one of some ids.
func (p *Purge) From(ctx context.Context, table, column string, ids []string) {
	p.Each(ctx, `DELETE FROM `+table+` WHERE workspace_id = ? AND `+column+` IN (%)`, ids)
}

// Tickets deletes tickets.
func (p *Purge) Tickets(ctx context.Context, ids []string) {
	if len(ids) == 0 {
		return
	}
	p.From(ctx, "ticket_link", "other_id", ids)
	for _, table := range p.with("ticket_id", []string{"ticket"}) {
		p.From(ctx, table, "ticket_id", ids)
	}
	p.From(ctx, "notification", "conversation_id", ids) // what it is about, whatever that is
	p.From(ctx, "ticket", "ticket_id", ids)
}

// Conversations deletes conversations. Tickets made of them must be gone, or
// name them no more.
func (p *Purge) Conversations(ctx context.Context, ids []string) {
	inTurn := []string{"delivery_step", "delivery", "conversation_change", "message", "conversation"}
	for _, table := range p.with("conversation_id", append(inTurn, "ticket", "attachment")) {
		p.From(ctx, table, "conversation_id", ids)
	}
	for _, table := range inTurn {
		p.From(ctx, table, "conversation_id", ids)
	}
}

// Contacts deletes contacts, whose conversations and tickets must be gone.
func (p *Purge) Contacts(ctx context.Context, ids []string) {
	p.From(ctx, "contact_merge", "source_id", ids)
	p.From(ctx, "contact_merge", "target_id", ids)
	for _, table := range p.with("contact_id", []string{"contact", "conversation", "ticket"}) {
		p.From(ctx, table, "contact_id", ids)
	}
	p.From(ctx, "contact", "contact_id", ids)
}

// External is how an inbox knows a person.
type External struct{ Inbox, ID string }

// Traces deletes what visitors left on the site, and their sessions.
func (p *Purge) Traces(ctx context.Context, known []External, visitors []string) {
	for _, x := range known {
		p.Do(ctx, `DELETE FROM page_view WHERE workspace_id = ? AND inbox_id = ? AND external_id = ?`, x.Inbox, x.ID)
	}
	p.From(ctx, "identity_token", "visitor_id", visitors)
	p.From(ctx, "identity_token", "presented_by", visitors)
	p.From(ctx, "visitor_session", "visitor_id", visitors)
}

// Visitors finds the sessions of visitors that an inbox knows by their ids.
func Visitors(ctx context.Context, q Reader, workspace string, known []External) ([]string, error) {
	var out []string
	for _, e := range known {
		subject, vouched := strings.CutPrefix(e.ID, "sub:") // see conversation.Visitor
		query, arg := `SELECT visitor_id FROM visitor_session WHERE workspace_id = ? AND inbox_id = ? AND visitor_id = ?`, e.ID
		if vouched {
			query, arg = `SELECT visitor_id FROM visitor_session WHERE workspace_id = ? AND inbox_id = ? AND subject = ?`, subject
		}
		if err := Texts(ctx, q, &out, query, workspace, e.Inbox, arg); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Texts appends the one column of a query.
func Texts(ctx context.Context, q Reader, into *[]string, query string, args ...any) error {
	return q.Rows(ctx, query, args, func(sc db.Scanner) error {
		var s string
		err := sc.Scan(&s)
		*into = append(*into, s)
		return err
	})
}
