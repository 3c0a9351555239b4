package erasures

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/erasure"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/store/purge"
)

// erase deletes everything. Rows that refer to others go first.
func (p *person) erase(ctx context.Context, tx *db.Tx, id erasure.ID) error {
	ws := string(p.subject.Workspace)
	e := purge.New(tx, ws, p.schema)
	for _, f := range p.files {
		e.Do(ctx, `INSERT INTO erasure_file (workspace_id, attachment_id, erasure_id) VALUES (?, ?, ?)`, f, string(id))
	}
	e.From(ctx, "attachment", "attachment_id", p.files)
	// The agents get back what they had of the person.
	for _, c := range p.conversations {
		e.Do(ctx, `UPDATE agent_state SET used = used - (SELECT weight FROM conversation WHERE workspace_id = ? AND conversation_id = ?)
WHERE workspace_id = ? AND member_id =
(SELECT COALESCE(assignee_id, offered_to) FROM conversation WHERE workspace_id = ? AND conversation_id = ? AND state = 'open')`, c, ws, ws, c)
	}
	for _, t := range p.tickets {
		e.Do(ctx, `UPDATE agent_state SET used = used - (SELECT weight FROM ticket WHERE workspace_id = ? AND ticket_id = ?)
WHERE workspace_id = ? AND member_id = (SELECT assignee_id FROM ticket WHERE workspace_id = ? AND ticket_id = ?)`, t, ws, ws, t)
	}
	p.feed(ctx, e)
	p.queued(ctx, e)
	// Answers are sealed, so all of the workspace go; that a request was done stays known.
	e.Do(ctx, `UPDATE request_claim SET answer = '' WHERE workspace_id = ? AND answer <> ''`)
	if err := p.imported(ctx, tx, e); err != nil {
		return err
	}
	if err := p.others(ctx, tx, e); err != nil {
		return err
	}
	p.exported(ctx, e)
	e.Tickets(ctx, p.tickets)
	e.Conversations(ctx, p.conversations)
	e.Traces(ctx, p.externals, p.visitors)
	e.Contacts(ctx, p.contacts)
	return e.Err()
}

// feed makes entries of the feed, which stay in number, tell only that the
// contact changed.
func (p *person) feed(ctx context.Context, e *purge.Purge) {
	// One scan of the feed for so many as a statement takes.
	e.Each(ctx, `UPDATE event_outbox SET type = '`+contact.Changed+`', subject = '', seq = 0, public_seq = 0, data = NULL
WHERE workspace_id = ? AND subject IN (%)`, slices.Concat(p.conversations, p.tickets, p.contacts))
}

// queued deletes what waits to be sent or processed about the person.
func (p *person) queued(ctx context.Context, e *purge.Purge) {
	e.From(ctx, "webhook_delivery", "subject", slices.Concat(p.conversations, p.tickets, p.contacts))
	p.requests(ctx, e)
}

// requests deletes raw requests of channels that brought something of the
// person, or that name them in plain bytes.
func (p *person) requests(ctx context.Context, e *purge.Purge) {
	raw := `(instr(r.body, CAST(? AS BLOB)) > 0 OR instr(r.path || ' ' || r.query || ' ' || r.headers, ?) > 0)` // a BLOB is compared with a BLOB
	within := `instr`
	if p.driver == db.Postgres {
		raw = `(position(convert_to(?, 'UTF8') IN r.body) > 0 OR position(? IN r.path || ' ' || r.query || ' ' || r.headers) > 0)`
		within = `strpos`
	}
	const theirs = `DELETE FROM webhook_outcome WHERE workspace_id = ? AND inbox_id = ? AND `
	for _, x := range p.externals {
		e.Do(ctx, theirs+within+`(senders, ?) > 0`, x.Inbox, quoted(x.ID))
		if len(x.ID) >= shortest {
			e.Do(ctx, theirs+`(`+within+`(detail, ?) > 0 OR EXISTS (SELECT 1 FROM webhook_request r
WHERE r.workspace_id = webhook_outcome.workspace_id AND r.request_id = webhook_outcome.request_id AND `+raw+`))`, x.Inbox, x.ID, x.ID, x.ID)
		}
		e.Do(ctx, `DELETE FROM webhook_request WHERE workspace_id = ? AND inbox_id = ? AND NOT EXISTS (SELECT 1 FROM webhook_outcome o
WHERE o.workspace_id = webhook_request.workspace_id AND o.request_id = webhook_request.request_id)`, x.Inbox)
	}
}

// quoted is a text as it stands in a JSON array.
func quoted(s string) string {
	b, _ := json.Marshal(s) // a text always can
	return string(b)
}

// exported voids every export that may hold the person, also one under way;
// its file goes before the erasure is said to be finished.
func (p *person) exported(ctx context.Context, e *purge.Purge) {
	e.Do(ctx, `UPDATE export_job SET state = 'failed', code = 'export.erasure', detail = '', expires_at = 1
WHERE workspace_id = ? AND state IN ('queued', 'running', 'done')`)
}
