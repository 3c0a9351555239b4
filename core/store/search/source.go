// Package search keeps the search index, in a file beside SQLite's or in
// tables of its own in PostgreSQL, and reads for it what there is to find.
package search

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/search"
	"github.com/patchbay-im/patchbay/core/store/conversations"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/store/events"
	"github.com/patchbay-im/patchbay/core/store/reach"
	"github.com/patchbay-im/patchbay/core/store/tickets"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// Source implements search.Source over the tables of the database, with
// connections that read.
type Source struct {
	db            *db.DB
	log           *events.Log
	conversations *conversations.Store
	tickets       *tickets.Store
}

// NewSource returns a Source.
func NewSource(d *db.DB) *Source {
	return &Source{db: d, log: events.New(d), conversations: conversations.New(d, nil), tickets: tickets.New(d)}
}

// Head implements search.Source.
func (s *Source) Head(ctx context.Context, workspace identity.WorkspaceID) (uint64, error) {
	return s.log.Head(ctx, string(workspace))
}

// Conversations implements search.Source.
func (s *Source) Conversations(ctx context.Context, workspace identity.WorkspaceID, ids []conversation.ID) (map[conversation.ID]conversation.Conversation, error) {
	return s.conversations.ByID(ctx, workspace, ids)
}

// The parts of a scan, one after the other. A cursor is the part, a colon, and
// the key of the last row.
const (
	partContact      = "contact"
	partConversation = "conversation"
	partTicket       = "ticket"
	partComment      = "comment"
	partMessage      = "message"
)

// Scan implements search.Source.
func (s *Source) Scan(ctx context.Context, workspace identity.WorkspaceID, from string, limit int) ([]search.Document, string, error) {
	part, key, _ := strings.Cut(from, ":")
	switch part {
	case "", partContact:
		docs, err := s.contacts(ctx, workspace, `p.contact_id > ? ORDER BY p.contact_id LIMIT ?`, key, limit)
		return docs, next(partContact, partConversation, docs, limit), err
	case partConversation:
		docs, err := s.conversationDocs(ctx, workspace, `c.conversation_id > ? ORDER BY c.conversation_id LIMIT ?`, key, limit)
		return docs, next(partConversation, partTicket, docs, limit), err
	case partTicket:
		docs, err := s.ticketDocs(ctx, workspace, `t.ticket_id > ? ORDER BY t.ticket_id LIMIT ?`, key, limit)
		return docs, next(partTicket, partComment, docs, limit), err
	case partComment:
		id, n := place(key)
		docs, err := s.commentDocs(ctx, workspace, `FROM ticket_comment m`,
			`(m.ticket_id, m.seq) > (?, ?) ORDER BY m.ticket_id, m.seq LIMIT ?`, id, n, limit)
		return docs, next(partComment, partMessage, docs, limit), err
	case partMessage:
		id, n := place(key)
		docs, err := s.messageDocs(ctx, workspace, `FROM message m`,
			`(m.conversation_id, m.seq) > (?, ?) ORDER BY m.conversation_id, m.seq LIMIT ?`, id, n, limit)
		return docs, next(partMessage, "", docs, limit), err
	default:
		return nil, "", errs.New(errs.Internal, search.Corrupt, "The index holds a place that nobody wrote.")
	}
}

// place reads a thing and a seq in it, as we wrote them; of nothing it is the start.
func place(key string) (id string, seq int64) {
	id, text, _ := strings.Cut(key, "/")
	seq, _ = strconv.ParseInt(text, 10, 64) // what we wrote, or nothing: 0
	return id, seq
}

// next is the cursor after a step of a part.
func next(part, following string, docs []search.Document, limit int) string {
	if len(docs) == limit {
		last := docs[limit-1]
		if part == partMessage {
			return part + ":" + last.ID + "/" + strconv.FormatUint(last.Seq, 10)
		}
		return part + ":" + last.ID
	}
	if following == "" {
		return ""
	}
	return following + ":"
}

func (s *Source) contacts(ctx context.Context, workspace identity.WorkspaceID, where string, args ...any) ([]search.Document, error) {
	var out []search.Document
	query := `SELECT p.contact_id, p.name, p.email, p.phone, COALESCE(o.name, ''), p.created_at FROM contact p
LEFT JOIN organisation o ON o.workspace_id = p.workspace_id AND o.organisation_id = p.organisation_id
WHERE p.workspace_id = ? AND p.merged_into = '' AND ` + where
	err := s.db.Rows(ctx, query, append([]any{string(workspace)}, args...), func(sc db.Scanner) error {
		var id, name, email, phone, organisation string
		var at int64
		if err := sc.Scan(&id, &name, &email, &phone, &organisation, &at); err != nil {
			return err
		}
		out = append(out, search.Document{
			Key: search.Key{Kind: search.Contact, ID: id}, At: db.Time(at),
			Terms: append(search.Terms(name, email, phone, organisation), search.PhoneTerms(phone)...),
		})
		return nil
	})
	return out, err
}

func (s *Source) conversationDocs(ctx context.Context, workspace identity.WorkspaceID, where string, args ...any) ([]search.Document, error) {
	var out []search.Document
	query := `SELECT c.conversation_id, c.number, c.attributes, c.created_at, p.name, p.email, p.phone FROM conversation c
JOIN contact p ON p.workspace_id = c.workspace_id AND p.contact_id = c.contact_id
WHERE c.workspace_id = ? AND c.merged_into = '' AND ` + where
	err := s.db.Rows(ctx, query, append([]any{string(workspace)}, args...), func(sc db.Scanner) error {
		var c conversation.Conversation
		var p search.Person
		var id, attributes string
		var number, at int64
		if err := sc.Scan(&id, &number, &attributes, &at, &p.Name, &p.Email, &p.Phone); err != nil {
			return err
		}
		c.Number = db.Unsigned(number)
		if attributes != "" {
			_ = json.Unmarshal([]byte(attributes), &c.Attributes) // we wrote it
		}
		out = append(out, document(search.Key{Kind: search.Conversation, ID: id}, at, search.ConversationTexts(c, p), p))
		return nil
	})
	return out, err
}

// document is what is found of a thing: by its texts, and by its person's number.
func document(key search.Key, at int64, texts [][2]string, p search.Person) search.Document {
	words := make([]string, 0, len(texts))
	for _, x := range texts {
		words = append(words, x[1])
	}
	return search.Document{Key: key, At: db.Time(at), Terms: append(search.Terms(words...), search.PhoneTerms(p.Phone)...)}
}

func (s *Source) messageDocs(ctx context.Context, workspace identity.WorkspaceID, from, where string, args ...any) ([]search.Document, error) {
	key := func(id string, seq uint64) search.Key { return search.Key{Kind: search.Message, ID: id, Seq: seq} }
	return s.written(ctx, workspace, said{thing: "conversation_id", from: from, where: where, args: args}, key)
}

// said is what was written in things: rows named m, and in which column their
// thing is.
type said struct {
	thing, from, where string
	args               []any
}

func (s *Source) written(ctx context.Context, workspace identity.WorkspaceID, q said, key func(id string, seq uint64) search.Key) ([]search.Document, error) {
	var out []search.Document
	query := `SELECT m.` + q.thing + `, m.seq, m.text, m.created_at, ` + s.files(q.thing) + `
` + q.from + ` WHERE m.workspace_id = ? AND ` + q.where
	err := s.db.Rows(ctx, query, append([]any{string(workspace)}, q.args...), func(sc db.Scanner) error {
		var id, text, files string
		var seq, at int64
		if err := sc.Scan(&id, &seq, &text, &at, &files); err != nil {
			return err
		}
		out = append(out, search.Document{Key: key(id, db.Unsigned(seq)), At: db.Time(at), Terms: search.Terms(text, files)})
		return nil
	})
	return out, err
}

// files are the names of the files of a message or comment named m, whose thing
// is in a column.
func (s *Source) files(thing string) string {
	names := `group_concat(a.name, ' ')`
	if s.db.Driver() == db.Postgres {
		names = `string_agg(a.name, ' ')`
	}
	return `CASE WHEN m.files > 0 THEN COALESCE((SELECT ` + names + ` FROM attachment a
WHERE a.workspace_id = m.workspace_id AND a.conversation_id = m.` + thing + ` AND a.message_seq = m.seq AND a.state = 'taken' AND a.role <> 'earlier'), '') ELSE '' END`
}

// Since implements search.Source.
func (s *Source) Since(ctx context.Context, workspace identity.WorkspaceID, after uint64, limit int) (search.Delta, error) {
	found, err := s.log.Since(ctx, string(workspace), after, limit)
	if err != nil || len(found) == 0 {
		return search.Delta{Through: after}, err
	}
	t := touched{conversations: map[string]bool{}, contacts: map[string]bool{}, tickets: map[string]bool{}}
	for _, e := range found {
		t.note(e.Type, e.Subject)
	}
	d := search.Delta{Through: found[len(found)-1].Feed, Remove: t.deleted}
	if t.messages {
		d.Put, err = s.messageDocs(ctx, workspace, `FROM event_outbox e
JOIN message m ON m.workspace_id = e.workspace_id AND m.conversation_id = e.subject AND m.seq = e.seq`,
			`e.workspace_id = ? AND e.feed_seq > ? AND e.feed_seq <= ?`, string(workspace), int64(after), int64(d.Through)) //nolint:gosec // far below 2^63
		if err != nil {
			return d, err
		}
	}
	if t.revised {
		docs, err := s.messageDocs(ctx, workspace, `FROM event_outbox e
JOIN conversation_change h ON h.workspace_id = e.workspace_id AND h.conversation_id = e.subject AND h.seq = e.seq
JOIN message m ON m.workspace_id = h.workspace_id AND m.conversation_id = h.conversation_id AND m.seq = h.message_seq`,
			`e.workspace_id = ? AND e.feed_seq > ? AND e.feed_seq <= ? AND e.type IN (?, ?)`, string(workspace), int64(after), int64(d.Through), //nolint:gosec // far below 2^63
			string(conversation.MessageEdited), string(conversation.MessageRecalled))
		if err != nil {
			return d, err
		}
		for i := range docs {
			docs[i].Again = true
		}
		d.Put = append(docs, d.Put...)
	}
	if t.comments {
		docs, err := s.commentDocs(ctx, workspace, `FROM event_outbox e
JOIN ticket_comment m ON m.workspace_id = e.workspace_id AND m.ticket_id = e.subject AND m.seq = e.seq`,
			`e.workspace_id = ? AND e.feed_seq > ? AND e.feed_seq <= ?`, string(workspace), int64(after), int64(d.Through)) //nolint:gosec // far below 2^63
		if err != nil {
			return d, err
		}
		d.Put = append(d.Put, docs...)
	}
	if err := s.owners(ctx, workspace, &t); err != nil {
		return d, err
	}
	for kind, ids := range map[search.Kind]map[string]bool{search.Contact: t.contacts, search.Conversation: t.conversations, search.Ticket: t.tickets} {
		if err := s.renew(ctx, workspace, &d, kind, ids); err != nil {
			return d, err
		}
	}
	return d, nil
}

// touched is what a stretch of the feed may have changed.
type touched struct {
	messages      bool
	revised       bool // messages that say something else since
	comments      bool // on tickets
	conversations map[string]bool
	contacts      map[string]bool
	tickets       map[string]bool
	started       []string // conversations whose contacts may be new
	organisations []string // whose contacts are found by another name
	deleted       []search.Key
}

func (t *touched) note(typ, subject string) {
	switch typ {
	case string(conversation.MessageCreated), string(conversation.NoteCreated):
		t.messages = true
	case string(conversation.MessageEdited), string(conversation.MessageRecalled):
		t.revised = true
	case string(conversation.Created):
		t.conversations[subject] = true
		t.started = append(t.started, subject)
	case conversation.Deleted:
		t.conversations[subject] = true
		t.deleted = append(t.deleted, search.Key{Kind: search.Message, ID: subject})
	case "conversation.merged", "conversation.unmerged", "conversation.attributes":
		t.conversations[subject] = true
	case string(ticket.Commented):
		t.comments = true
	case string(ticket.Created), string(ticket.Edited), string(ticket.Merged), string(ticket.Unmerged):
		t.tickets[subject] = true
	case contact.Changed:
		t.contacts[subject] = true
	case contact.OrganisationChanged:
		t.organisations = append(t.organisations, subject)
	case catalog.AttributeChanged:
	}
}

// owners adds the contacts of new conversations and of changed organisations,
// and the conversations and tickets of contacts that changed. The contacts of a deleted
// organisation are left as they are: the index holds more words for them than
// they have, and what a search finds is compared with their texts.
func (s *Source) owners(ctx context.Context, workspace identity.WorkspaceID, t *touched) error {
	changed := keys(t.contacts)
	err := s.in(ctx, `SELECT contact_id FROM conversation WHERE workspace_id = ? AND conversation_id IN (%)`, workspace, t.started, t.contacts)
	if err != nil {
		return err
	}
	err = s.in(ctx, `SELECT contact_id FROM contact WHERE workspace_id = ? AND organisation_id <> '' AND organisation_id IN (%)`, workspace, t.organisations, t.contacts)
	if err != nil {
		return err
	}
	err = s.in(ctx, `SELECT ticket_id FROM ticket WHERE workspace_id = ? AND contact_id IN (%)`, workspace, changed, t.tickets)
	if err != nil {
		return err
	}
	return s.in(ctx, `SELECT conversation_id FROM conversation WHERE workspace_id = ? AND contact_id IN (%)`, workspace, changed, t.conversations)
}

func keys(m map[string]bool) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	return out
}

// chunk is how many ids one query takes.
const chunk = 256

// in runs a query that ends in a list of ids, and adds what it returns.
func (s *Source) in(ctx context.Context, query string, workspace identity.WorkspaceID, ids []string, add map[string]bool) error {
	return chunks(ids, func(marks string, args []any) error {
		return s.db.Rows(ctx, strings.Replace(query, `%`, marks, 1), append([]any{string(workspace)}, args...), func(sc db.Scanner) error {
			var id string
			err := sc.Scan(&id)
			add[id] = true
			return err
		})
	})
}

// chunks calls fn with parameter marks for some of the ids at a time.
func chunks(ids []string, fn func(marks string, args []any) error) error {
	for len(ids) > 0 {
		n := min(len(ids), chunk)
		args := make([]any, n)
		for i, id := range ids[:n] {
			args[i] = id
		}
		args = db.Padded(args, n)
		if err := fn(`?`+strings.Repeat(`, ?`, len(args)-1), args); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

// renew puts things as they are now, and removes those that are gone.
func (s *Source) renew(ctx context.Context, workspace identity.WorkspaceID, d *search.Delta, kind search.Kind, ids map[string]bool) error {
	there := make(map[string]bool)
	err := chunks(keys(ids), func(marks string, args []any) error {
		read, column := s.contacts, `p.contact_id`
		switch kind {
		case search.Conversation:
			read, column = s.conversationDocs, `c.conversation_id`
		case search.Ticket:
			read, column = s.ticketDocs, `t.ticket_id`
		default:
		}
		docs, err := read(ctx, workspace, column+` IN (`+marks+`)`, args...)
		for _, doc := range docs {
			there[doc.ID] = true
		}
		d.Put = append(d.Put, docs...)
		return err
	})
	for id := range ids {
		if !there[id] {
			d.Remove = append(d.Remove, search.Key{Kind: kind, ID: id})
		}
	}
	return err
}

// Messages implements search.Source.
func (s *Source) Messages(ctx context.Context, workspace identity.WorkspaceID, wanted []search.Key) (map[search.Key]conversation.Message, error) {
	out := make(map[search.Key]conversation.Message, len(wanted))
	var files []search.Key
	for len(wanted) > 0 {
		n := min(len(wanted), chunk)
		args := make([]any, 0, 2*n+1)
		for _, k := range wanted[:n] {
			args = append(args, k.ID, int64(k.Seq)) //nolint:gosec // far below 2^63
		}
		size := 1
		for size < n {
			size *= 2
		}
		for range size - n {
			args = append(args, args[2*n-2], args[2*n-1])
		}
		query := `WITH k (conversation_id, seq) AS (VALUES (CAST(? AS TEXT), CAST(? AS BIGINT))` + strings.Repeat(`, (?, ?)`, size-1) + `)
SELECT m.conversation_id, m.seq, m.message_id, m.kind, m.sender_kind, m.sender_id, m.sender_name, m.text, m.created_at, m.files
FROM k CROSS JOIN message m WHERE m.workspace_id = ? AND m.conversation_id = k.conversation_id AND m.seq = k.seq`
		err := s.db.Rows(ctx, query, append(args, string(workspace)), func(sc db.Scanner) error {
			m, count, err := scanMessage(sc, workspace)
			key := search.Key{Kind: search.Message, ID: string(m.Conversation), Seq: m.Seq}
			if _, twice := out[key]; count > 0 && !twice {
				files = append(files, key)
			}
			out[key] = m
			return err
		})
		if err != nil {
			return nil, err
		}
		wanted = wanted[n:]
	}
	return out, s.names(ctx, workspace, files, out)
}

func scanMessage(sc db.Scanner, workspace identity.WorkspaceID) (conversation.Message, int64, error) {
	m := conversation.Message{Workspace: workspace}
	var id, mid, kind, sender string
	var seq, at, files int64
	err := sc.Scan(&id, &seq, &mid, &kind, &sender, &m.Sender.ID, &m.Sender.Name, &m.Text, &at, &files)
	m.Conversation, m.Seq, m.ID = conversation.ID(id), uint64(seq), conversation.MessageID(mid) //nolint:gosec // written as uint64
	m.Kind, m.Sender.Kind, m.CreatedAt = conversation.MessageKind(kind), identity.ActorKind(sender), db.Time(at)
	return m, files, err
}

// names adds the names of files to messages: they are found by them, too.
func (s *Source) names(ctx context.Context, workspace identity.WorkspaceID, files []search.Key, to map[search.Key]conversation.Message) error {
	const query = `SELECT name FROM attachment WHERE workspace_id = ? AND conversation_id = ? AND message_seq = ? AND state = 'taken' ORDER BY position`
	for _, key := range files {
		m := to[key]
		err := s.db.Rows(ctx, query, []any{string(workspace), key.ID, int64(key.Seq)}, func(sc db.Scanner) error { //nolint:gosec // far below 2^63
			var a media.Attachment
			err := sc.Scan(&a.Name)
			m.Attachments = append(m.Attachments, a)
			return err
		})
		if err != nil {
			return err
		}
		to[key] = m
	}
	return nil
}

// People implements search.Source.
func (s *Source) People(ctx context.Context, workspace identity.WorkspaceID, within identity.Reach, ids []string) (map[string]search.Person, error) {
	where, bound := reach.Contacts(s.db.Driver(), within, "p")
	out := make(map[string]search.Person, len(ids))
	err := chunks(ids, func(marks string, args []any) error {
		query := `SELECT p.contact_id, p.name, p.email, p.phone, COALESCE(o.name, ''), p.created_at, p.updated_at FROM contact p
LEFT JOIN organisation o ON o.workspace_id = p.workspace_id AND o.organisation_id = p.organisation_id
WHERE p.workspace_id = ? AND p.merged_into = '' AND p.contact_id IN (` + marks + `)` + reach.And(where)
		return s.db.Rows(ctx, query, slices.Concat([]any{string(workspace)}, args, bound), func(sc db.Scanner) error {
			var p search.Person
			var created, updated int64
			err := sc.Scan(&p.ID, &p.Name, &p.Email, &p.Phone, &p.Organisation, &created, &updated)
			p.CreatedAt, p.UpdatedAt = db.Time(created), db.Time(updated)
			out[p.ID] = p
			return err
		})
	})
	return out, err
}
