package verdict

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/url"

	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// Snapshot is what the database holds. There is one workspace.
type Snapshot struct {
	Feed          uint64 // the last number given
	Conversations map[string]*Conversation
	Tickets       map[string]*Ticket
	LastTicket    uint64            // the last number given
	People        map[string]string // inbox + "/" + external id → contact
	Agents        map[string]Agent
	Events        []Event // by feed
	Dedups        map[string]int
	Deliveries    []Delivery
	Attachments   []Attachment
	Files         []Stored // see ReadFiles
	Waiting       int      // raw webhook requests that are not processed
	Damage        []string

	byContact map[string]string
}

// Conversation is a row with its history.
type Conversation struct {
	Row
	ID       string
	Queued   int64 // 0 = does not wait
	Changes  []Change
	Messages []Message
}

// Change is a row of conversation_change.
type Change struct {
	Seq, PublicSeq uint64
	ID, Type       string
	At             int64
	ActorKind      string
	MessageSeq     uint64
	Data           map[string]string
}

// Message is a row of message.
type Message struct {
	Seq                            uint64
	ID, ClientID, Kind             string
	SenderKind, SenderID, Text     string
	Delivery, DeliveryError, Convo string
}

// Event is a row of event_outbox.
type Event struct {
	Feed           uint64
	ID, Type       string
	Subject        string
	Seq, PublicSeq uint64
}

// Delivery is a row of delivery.
type Delivery struct {
	ID, Inbox, Conversation, State, Provider string
	Seq                                      uint64
}

// Agent is a member with the load that is stored.
type Agent struct {
	Capacity, Used int
}

// Read reads the database file without changing it. The server may run.
func Read(ctx context.Context, file string) (*Snapshot, error) {
	db, err := open(file)
	if err != nil {
		return nil, err
	}
	defer db.Close() //nolint:errcheck // read only
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("begin to read: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // read only
	s := &Snapshot{
		Conversations: map[string]*Conversation{}, Tickets: map[string]*Ticket{}, People: map[string]string{},
		Agents: map[string]Agent{}, Dedups: map[string]int{},
	}
	r := &reader{ctx: ctx, tx: tx}
	s.readConversations(r)
	s.readHistory(r)
	s.readTickets(r)
	s.readRest(r)
	return s, r.err
}

func open(file string) (*sql.DB, error) {
	u := url.URL{Scheme: "file", Path: file, RawQuery: "mode=ro&_pragma=busy_timeout(10000)&_pragma=query_only(1)"}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", file, err)
	}
	return db, nil
}

// reader runs queries until one fails.
type reader struct {
	ctx context.Context //nolint:containedctx // lives as long as Read
	tx  *sql.Tx
	err error
}

// each calls use for every row after scanning it into dest.
func (r *reader) each(query string, dest []any, use func()) {
	if r.err != nil {
		return
	}
	rows, err := r.tx.QueryContext(r.ctx, query)
	if err != nil {
		r.err = fmt.Errorf("%s: %w", query, err)
		return
	}
	defer rows.Close() //nolint:errcheck // Err tells
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			r.err = fmt.Errorf("%s: %w", query, err)
			return
		}
		use()
	}
	if err := rows.Err(); err != nil {
		r.err = fmt.Errorf("%s: %w", query, err)
	}
}

func (s *Snapshot) readConversations(r *reader) {
	var c Conversation
	r.each(`SELECT conversation_id, inbox_id, contact_id, state, responder, COALESCE(assignee_id, ''), snoozed_until / 1000,
waiting_since / 1000, updated_at / 1000, queued_at, last_seq, last_public_seq, last_inbound_seq, last_text, last_sender, last_kind
FROM conversation`, []any{
		&c.ID, &c.Inbox, &c.Contact, &c.State, &c.Responder, &c.Assignee, &c.Snoozed,
		&c.Waiting, &c.Updated, &c.Queued, &c.LastSeq, &c.LastPublicSeq, &c.LastInboundSeq, &c.LastText, &c.LastSender, &c.LastKind,
	}, func() {
		row := c
		s.Conversations[c.ID] = &row
	})
}

// of returns a conversation, an empty one when its row is missing.
func (s *Snapshot) of(id string) *Conversation {
	c := s.Conversations[id]
	if c == nil {
		c = &Conversation{ID: id}
		s.Conversations[id] = c
	}
	return c
}

func (s *Snapshot) readHistory(r *reader) {
	var id, data string
	var c Change
	r.each(`SELECT conversation_id, seq, COALESCE(public_seq, 0), change_id, type, at / 1000, actor_kind, COALESCE(message_seq, 0), COALESCE(data, '{}')
FROM conversation_change ORDER BY conversation_id, seq`,
		[]any{&id, &c.Seq, &c.PublicSeq, &c.ID, &c.Type, &c.At, &c.ActorKind, &c.MessageSeq, &data}, func() {
			row := c
			if err := json.Unmarshal([]byte(data), &row.Data); err != nil {
				s.Damage = append(s.Damage, fmt.Sprintf("change %s has data %q", c.ID, data))
			}
			of := s.of(id)
			of.Changes = append(of.Changes, row)
		})
	var m Message
	r.each(`SELECT conversation_id, seq, message_id, client_id, kind, sender_kind, sender_id, text, delivery, delivery_error
FROM message ORDER BY conversation_id, seq`,
		[]any{&m.Convo, &m.Seq, &m.ID, &m.ClientID, &m.Kind, &m.SenderKind, &m.SenderID, &m.Text, &m.Delivery, &m.DeliveryError}, func() {
			of := s.of(m.Convo)
			of.Messages = append(of.Messages, m)
		})
}

func (s *Snapshot) readRest(r *reader) {
	r.each(`SELECT COALESCE(MAX(feed_seq), 0) FROM workspace`, []any{&s.Feed}, func() {})
	var e Event
	r.each(`SELECT feed_seq, event_id, type, subject, seq, public_seq FROM event_outbox ORDER BY workspace_id, feed_seq`,
		[]any{&e.Feed, &e.ID, &e.Type, &e.Subject, &e.Seq, &e.PublicSeq}, func() { s.Events = append(s.Events, e) })
	var inbox, external, contact, text string
	r.each(`SELECT inbox_id, external_id, contact_id FROM contact_identity`, []any{&inbox, &external, &contact},
		func() { s.People[inbox+"/"+external] = contact })
	r.each(`SELECT inbox_id, external_id FROM inbound_dedup WHERE kind <> 'sent'`, []any{&inbox, &external}, func() { s.Dedups[inbox+"/"+external]++ })
	var d Delivery
	r.each(`SELECT delivery_id, inbox_id, conversation_id, state, provider_id, seq FROM delivery`,
		[]any{&d.ID, &d.Inbox, &d.Conversation, &d.State, &d.Provider, &d.Seq}, func() { s.Deliveries = append(s.Deliveries, d) })
	var member string
	var a Agent
	r.each(`SELECT m.member_id, m.capacity, COALESCE(a.used, 0) FROM member m
LEFT JOIN agent_state a ON a.workspace_id = m.workspace_id AND a.member_id = m.member_id`,
		[]any{&member, &a.Capacity, &a.Used}, func() { s.Agents[member] = a })
	r.each(`SELECT COUNT(*) FROM webhook_outcome WHERE state = 'waiting'`, []any{&s.Waiting}, func() {})
	s.readAttachments(r)
	r.each(`PRAGMA integrity_check`, []any{&text}, func() {
		if text != "ok" {
			s.Damage = append(s.Damage, text)
		}
	})
	var table, parent string
	r.each(`SELECT "table", parent FROM pragma_foreign_key_check`, []any{&table, &parent}, func() {
		s.Damage = append(s.Damage, fmt.Sprintf("a row of %s refers to a missing one of %s", table, parent))
	})
}
