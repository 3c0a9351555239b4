package erasures

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/erasure"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/store/purge"
)

// person is everything that rows know a contact by.
type person struct {
	driver        db.Driver
	subject       erasure.Subject
	names         []string // texts that other rows may hold: e-mails, phones, ids elsewhere
	contacts      []string
	conversations []string
	tickets       []string
	elsewhere     []string // tickets that are another's now, in which they wrote
	joined        []string // conversations of others, in which they wrote or did something
	visitors      []string
	files         []string
	externals     []purge.External
	schema        purge.Schema
}

// find gathers what belongs to a contact.
func find(ctx context.Context, q purge.Reader, w identity.WorkspaceID, c contact.ID) (*person, error) {
	p := &person{driver: q.Driver(), subject: erasure.Subject{Workspace: w, Contact: c, Counts: erasure.Counts{}}}
	ws := string(w)
	u := &p.subject
	var merged string
	err := absent(q.Row(ctx, `SELECT name, email, phone, survivor_id FROM contact WHERE workspace_id = ? AND contact_id = ?`,
		[]any{ws, string(c)}, &u.Name, &u.Email, &u.Phone, &merged))
	if err != nil {
		return nil, err
	}
	u.MergedTo = contact.ID(merged)
	steps := []func() error{
		func() (err error) { p.schema, err = purge.Look(ctx, q); return err },
		func() error { return p.people(ctx, q, ws, string(c)) },
		func() error { return p.traces(ctx, q, ws) },
		func() error { return p.joins(ctx, q, ws) },
		func() error { return p.ticketsOf(ctx, q, ws) },
		func() error { return p.filesOf(ctx, q, ws) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return p, p.count(ctx, q, ws)
}

// people finds the contacts that are this person, and how inboxes know them.
func (p *person) people(ctx context.Context, q purge.Reader, ws, c string) error {
	err := q.Rows(ctx, `SELECT contact_id, name, email, phone, external_id FROM contact WHERE workspace_id = ? AND (contact_id = ? OR survivor_id = ?) ORDER BY contact_id`,
		[]any{ws, c, c}, func(sc db.Scanner) error {
			var id, name, email, phone, number string
			err := sc.Scan(&id, &name, &email, &phone, &number)
			p.contacts = append(p.contacts, id)
			p.subject.Contacts = append(p.subject.Contacts, contact.ID(id))
			p.names = append(p.names, name, email, phone, number)
			return err
		})
	if err != nil {
		return err
	}
	for _, id := range p.contacts {
		err := q.Rows(ctx, `SELECT inbox_id, external_id FROM contact_identity WHERE workspace_id = ? AND contact_id = ?`, []any{ws, id}, func(sc db.Scanner) error {
			var e purge.External
			err := sc.Scan(&e.Inbox, &e.ID)
			p.externals = append(p.externals, e)
			return err
		})
		if err != nil {
			return err
		}
		err = purge.Texts(ctx, q, &p.conversations, `SELECT conversation_id FROM conversation WHERE workspace_id = ? AND contact_id = ?`, ws, id)
		if err != nil {
			return err
		}
	}
	return nil
}

// traces finds the visitor sessions of the person.
func (p *person) traces(ctx context.Context, q purge.Reader, ws string) error {
	for _, e := range p.externals {
		p.names = append(p.names, e.ID, strings.TrimPrefix(e.ID, "sub:"), conversation.AddressOf(e.ID))
	}
	slices.Sort(p.names)
	p.names = slices.DeleteFunc(slices.Compact(p.names), func(s string) bool { return len(s) < shortest })
	var err error
	p.visitors, err = purge.Visitors(ctx, q, ws, p.externals)
	return err
}

// joins finds the conversations of others in which the person wrote, or did
// something beside: by a merge they may be where that is kept.
func (p *person) joins(ctx context.Context, q purge.Reader, ws string) error {
	for _, c := range p.contacts {
		if err := purge.Texts(ctx, q, &p.joined, `SELECT DISTINCT conversation_id FROM conversation_change WHERE workspace_id = ? AND type = 'conversation.event' AND actor_kind = 'contact' AND actor_id = ?`, ws, c); err != nil {
			return err
		}
		if err := purge.Texts(ctx, q, &p.joined, `SELECT DISTINCT conversation_id FROM message WHERE workspace_id = ? AND sender_kind = 'contact' AND sender_id = ?`, ws, c); err != nil {
			return err
		}
	}
	slices.Sort(p.joined)
	p.joined = slices.DeleteFunc(slices.Compact(p.joined), func(id string) bool { return slices.Contains(p.conversations, id) })
	return nil
}

// shortest is the length in bytes of a text that may be looked for in rows of
// others: shorter ones are in too many.
const shortest = 4

// ticketsOf finds the person's tickets, and those of others in which they wrote.
func (p *person) ticketsOf(ctx context.Context, q purge.Reader, ws string) error {
	for _, c := range p.contacts {
		if err := purge.Texts(ctx, q, &p.tickets, `SELECT ticket_id FROM ticket WHERE workspace_id = ? AND (contact_id = ? OR contact_origin = ?)`, ws, c, c); err != nil {
			return err
		}
	}
	for _, c := range p.conversations {
		if err := purge.Texts(ctx, q, &p.tickets, `SELECT ticket_id FROM ticket WHERE workspace_id = ? AND conversation_id = ?`, ws, c); err != nil {
			return err
		}
	}
	slices.Sort(p.tickets)
	p.tickets = slices.Compact(p.tickets)
	for _, c := range p.contacts {
		if err := purge.Texts(ctx, q, &p.elsewhere, `SELECT DISTINCT ticket_id FROM ticket_change WHERE workspace_id = ? AND actor_kind = 'contact' AND actor_id = ?`, ws, c); err != nil {
			return err
		}
	}
	slices.Sort(p.elsewhere)
	p.elsewhere = slices.DeleteFunc(slices.Compact(p.elsewhere), func(t string) bool { return slices.Contains(p.tickets, t) })
	return nil
}

// filesOf finds the attachments of the conversations and tickets, of what the
// person wrote in tickets that are another's now, what their sessions brought and
// no message took, and what drafts and scheduled messages hold for them.
func (p *person) filesOf(ctx context.Context, q purge.Reader, ws string) error {
	for _, place := range slices.Concat(p.conversations, p.tickets) {
		if err := purge.Texts(ctx, q, &p.files, `SELECT attachment_id FROM attachment WHERE workspace_id = ? AND conversation_id = ? AND state = 'taken'`, ws, place); err != nil {
			return err
		}
	}
	for _, v := range slices.Concat(p.visitors, p.tickets) { // a ticket's link brings files, too
		if err := purge.Texts(ctx, q, &p.files, `SELECT attachment_id FROM attachment WHERE workspace_id = ? AND uploader_id = ?`, ws, v); err != nil {
			return err
		}
	}
	for _, t := range p.elsewhere { // brought by its link, and in no comment
		if err := purge.Texts(ctx, q, &p.files, `SELECT attachment_id FROM attachment WHERE workspace_id = ? AND uploader_id = ? AND state <> 'taken'`, ws, t); err != nil {
			return err
		}
	}
	for _, c := range p.contacts {
		err := purge.Texts(ctx, q, &p.files, `SELECT a.attachment_id FROM ticket_comment c JOIN attachment a ON a.workspace_id = c.workspace_id AND a.conversation_id = c.ticket_id AND a.message_seq = c.seq AND a.state = 'taken'
WHERE c.workspace_id = ? AND c.author_kind = 'contact' AND c.author_id = ?`, ws, c)
		if err != nil {
			return err
		}
	}
	for _, j := range p.joined {
		for _, c := range p.contacts {
			err := purge.Texts(ctx, q, &p.files, `SELECT a.attachment_id FROM message m JOIN attachment a ON a.workspace_id = m.workspace_id AND a.conversation_id = m.conversation_id AND a.message_seq = m.seq AND a.state = 'taken'
WHERE m.workspace_id = ? AND m.conversation_id = ? AND m.sender_kind = 'contact' AND m.sender_id = ?`, ws, j, c)
			if err != nil {
				return err
			}
		}
	}
	if err := p.heldFor(ctx, q, ws); err != nil {
		return err
	}
	slices.Sort(p.files)
	p.files = slices.Compact(p.files)
	return nil
}

// heldFor finds the files that members wrote drafts and scheduled messages with.
func (p *person) heldFor(ctx context.Context, q purge.Reader, ws string) error {
	for _, c := range p.conversations {
		var held []string
		for _, table := range []string{"draft", "scheduled"} {
			if err := purge.Texts(ctx, q, &held, `SELECT extras FROM `+table+` WHERE workspace_id = ? AND conversation_id = ? AND extras IS NOT NULL`, ws, c); err != nil {
				return err
			}
		}
		for _, text := range held {
			var extras struct{ Files []string }
			if err := json.Unmarshal([]byte(text), &extras); err != nil {
				return err
			}
			for _, f := range extras.Files {
				if err := purge.Texts(ctx, q, &p.files, `SELECT attachment_id FROM attachment WHERE workspace_id = ? AND attachment_id = ? AND state <> 'taken'`, ws, f); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// count fills the counts.
func (p *person) count(ctx context.Context, q purge.Reader, ws string) error {
	counts := p.subject.Counts
	add := func(kind, query string, args ...any) error {
		var n int64
		err := q.Row(ctx, query, args, &n)
		counts[kind] += n
		return err
	}
	counts["contacts"], counts["identities"], counts["conversations"] = int64(len(p.contacts)), int64(len(p.externals)), int64(len(p.conversations))
	counts["tickets"], counts["sessions"], counts["files"] = int64(len(p.tickets)), int64(len(p.visitors)), int64(len(p.files))
	for _, c := range p.conversations {
		if err := add("messages", `SELECT COUNT(*) FROM message WHERE workspace_id = ? AND conversation_id = ?`, ws, c); err != nil {
			return err
		}
	}
	for _, c := range p.contacts {
		if err := add("notes", `SELECT COUNT(*) FROM contact_note WHERE workspace_id = ? AND contact_id = ?`, ws, c); err != nil {
			return err
		}
	}
	for _, e := range p.externals {
		if err := add("page_views", `SELECT COUNT(*) FROM page_view WHERE workspace_id = ? AND inbox_id = ? AND external_id = ?`, ws, e.Inbox, e.ID); err != nil {
			return err
		}
	}
	return nil
}
