package testhost

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// records is what people said and did.
type records struct {
	conversations map[string]*talk
	contacts      map[string]*person
	tickets       map[string]*work
	labels        []string
	teams         []*named
	types         []*TicketType
	attributes    []Field
	numbers       uint64 // of tickets
	written       map[place]*written
}

// written is a message or a comment that a plugin wrote under a key: it is known
// for good, also when the answer is not kept any more.
type written struct{ in, text, id string }

// talk is a conversation with its messages.
type talk struct {
	*pluginv1.Conversation
	messages []*pluginv1.Message
}

// person is a contact, with the inboxes that know them by an id of their own.
type person struct {
	*pluginv1.Contact
	known map[string]string
}

// work is a ticket with its comments.
type work struct {
	*pluginv1.Ticket
	inbox    string
	typ      *TicketType
	fields   map[string]any
	comments []Comment
}

// Comment is a comment on a ticket.
type Comment struct {
	Text   string
	Public bool
}

// named is something with an id and a name.
type named struct{ id, name string }

// FieldType is what a field or an attribute holds.
type FieldType string

// The types.
const (
	FieldText    FieldType = "text"
	FieldNumber  FieldType = "number"
	FieldBoolean FieldType = "boolean"
	FieldDate    FieldType = "date"
	FieldList    FieldType = "list" // one of Options
	FieldLink    FieldType = "link"
)

// Field is a field of tickets, or an attribute of contacts.
type Field struct {
	Key      string
	Type     FieldType
	Options  []string
	Required bool // of tickets: before they are solved
}

// TicketType is a kind of tickets.
type TicketType struct {
	ID, Name string
	Fields   []Field
	Archived bool
}

// newRecords is a workspace as it is born: with one type of tickets.
func newRecords() records {
	return records{
		conversations: make(map[string]*talk), contacts: make(map[string]*person), tickets: make(map[string]*work),
		types: []*TicketType{{ID: NewID("tty"), Name: "General"}}, written: make(map[place]*written),
	}
}

// NewID is an id as the core makes them: a word and 26 characters.
func NewID(kind string) string {
	return kind + "_" + strings.NewReplacer("I", "0", "L", "1", "O", "8", "U", "9").Replace(rand.Text()[:26])
}

func (h *Host) id(kind string) string { return NewID(kind) }

// AddLabel adds labels to the workspace.
func (h *Host) AddLabel(names ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.records.labels = append(h.records.labels, names...)
}

// AddTeam adds a team and returns its id.
func (h *Host) AddTeam(name string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := &named{id: h.id("tea"), name: name}
	h.records.teams = append(h.records.teams, t)
	return t.id
}

// AddAttribute defines an attribute of contacts.
func (h *Host) AddAttribute(f Field) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.records.attributes = append(h.records.attributes, f)
}

// AddTicketType adds a type of tickets and returns its id. The first, "General",
// is there from the beginning and the default.
func (h *Host) AddTicketType(t TicketType) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	t.ID = h.id("tty")
	h.records.types = append(h.records.types, &t)
	return t.ID
}

// AddContact adds a customer and returns their id. inboxes are those that know
// them; an instance that is an inbox sees no others.
func (h *Host) AddContact(c *pluginv1.Contact, inboxes ...string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := &person{Contact: proto.CloneOf(c), known: make(map[string]string)}
	for _, in := range inboxes {
		p.known[in] = h.id("ext")
	}
	h.addContact(p)
	return p.GetId()
}

func (h *Host) addContact(p *person) {
	if p.GetId() == "" {
		p.Id = h.id("con")
	}
	if p.GetCreatedAt() == nil {
		p.CreatedAt = timestamppb.New(h.now())
	}
	p.Revision = h.next()
	h.records.contacts[p.GetId()] = p
}

// MergeContact merges a customer into another; into "" undoes it.
func (h *Host) MergeContact(id, into string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p := h.records.contacts[id]; p != nil {
		p.MergedInto, p.Revision = into, h.next()
	}
}

// EraseContact erases a customer with their conversations.
func (h *Host) EraseContact(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.records.contacts, id)
	maps.DeleteFunc(h.records.conversations, func(_ string, t *talk) bool { return t.GetContactId() == id })
}

// AddConversation adds a conversation and returns its id. Without a contact it
// gets one, without a state it is open, and the queue's.
func (h *Host) AddConversation(c *pluginv1.Conversation) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.addConversation(c).GetId()
}

func (h *Host) addConversation(c *pluginv1.Conversation) *talk {
	t := &talk{Conversation: proto.CloneOf(c)}
	if t.GetId() == "" {
		t.Id = h.id("cnv")
	}
	if t.GetContactId() == "" {
		p := &person{Contact: &pluginv1.Contact{}, known: map[string]string{t.GetInboxId(): h.id("ext")}}
		h.addContact(p)
		t.ContactId = p.GetId()
	} else if p := h.records.contacts[t.GetContactId()]; p != nil && p.known[t.GetInboxId()] == "" {
		p.known[t.GetInboxId()] = h.id("ext")
	}
	if t.GetState() == "" {
		t.State = "open"
	}
	if t.GetResponder() == "" && t.GetState() == "open" {
		t.Responder = "queue"
	}
	if t.GetCreatedAt() == nil {
		t.CreatedAt = timestamppb.New(h.now())
	}
	t.Seq++
	h.records.conversations[t.GetId()] = t
	return t
}

// AddMessage adds a message to a conversation and returns its id; "" when there
// is no such conversation. Without an author it is the customer's.
func (h *Host) AddMessage(conversation string, m *pluginv1.Message) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.records.conversations[conversation]
	if t == nil {
		return ""
	}
	if m = proto.CloneOf(m); m.GetAuthor() == pluginv1.Author_AUTHOR_UNSPECIFIED {
		m.Author = pluginv1.Author_AUTHOR_CUSTOMER
	}
	return h.append(t, m).GetId()
}

// append adds a message to a conversation.
func (h *Host) append(t *talk, m *pluginv1.Message) *pluginv1.Message {
	t.Seq++
	m.Id, m.ConversationId, m.Seq = h.id("msg"), t.GetId(), t.GetSeq()
	if m.GetAt() == nil {
		m.At = timestamppb.New(h.now())
	}
	t.messages = append(t.messages, m)
	return m
}

// arrive puts what a channel brought into the conversation of its sender.
func (h *Host) arrive(in *pluginv1.Inbound) {
	inbox, sender := in.GetInstanceId(), in.GetSender().GetExternalId()
	var who *person
	for _, p := range h.records.contacts {
		if p.known[inbox] == sender {
			who = p
		}
	}
	if who == nil {
		who = &person{Contact: &pluginv1.Contact{Name: cut(in.GetSender().GetName(), maxName)}, known: map[string]string{inbox: sender}}
		h.addContact(who)
	}
	var t *talk
	for _, c := range h.records.conversations {
		if c.GetInboxId() == inbox && c.GetContactId() == who.GetId() {
			t = c
		}
	}
	if t == nil {
		t = h.addConversation(&pluginv1.Conversation{InboxId: inbox, ContactId: who.GetId()})
	}
	if t.GetState() != "open" {
		t.State, t.Responder = "open", "queue"
	}
	h.append(t, &pluginv1.Message{Author: pluginv1.Author_AUTHOR_CUSTOMER, Content: proto.CloneOf(in.GetContent())})
}

// Conversations lists the conversations, the oldest first.
func (h *Host) Conversations() []*pluginv1.Conversation {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []*pluginv1.Conversation
	for _, t := range h.records.conversations {
		out = append(out, proto.CloneOf(t.Conversation))
	}
	slices.SortFunc(out, func(a, b *pluginv1.Conversation) int {
		if c := a.GetCreatedAt().AsTime().Compare(b.GetCreatedAt().AsTime()); c != 0 {
			return c
		}
		return strings.Compare(a.GetId(), b.GetId())
	})
	return out
}

// Messages returns the messages and notes of a conversation, the oldest first.
func (h *Host) Messages(conversation string) []*pluginv1.Message {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []*pluginv1.Message
	if t := h.records.conversations[conversation]; t != nil {
		for _, m := range t.messages {
			out = append(out, proto.CloneOf(m))
		}
	}
	return out
}

// Contact returns a customer, with all that is known of them; nil when there is none.
func (h *Host) Contact(id string) *pluginv1.Contact {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p := h.records.contacts[id]; p != nil {
		return proto.CloneOf(p.Contact)
	}
	return nil
}

// Tickets lists the tickets by their numbers.
func (h *Host) Tickets() []*pluginv1.Ticket {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []*pluginv1.Ticket
	for _, w := range h.records.tickets {
		out = append(out, w.worded())
	}
	slices.SortFunc(out, func(a, b *pluginv1.Ticket) int { return int(a.GetNumber()) - int(b.GetNumber()) }) //nolint:gosec // few
	return out
}

// Comments returns the comments on a ticket, the oldest first.
func (h *Host) Comments(ticket string) []Comment {
	h.mu.Lock()
	defer h.mu.Unlock()
	if w := h.records.tickets[ticket]; w != nil {
		return slices.Clone(w.comments)
	}
	return nil
}

// conversation returns one that an instance sees: an inbox sees its own.
func (h *Host) conversation(instance, id string) *talk {
	t := h.records.conversations[id]
	if in := h.inbox(instance); t == nil || in != "" && t.GetInboxId() != in {
		return nil
	}
	return t
}

// contact returns one that an instance sees: an inbox sees those it knows.
func (h *Host) contact(instance, id string) *person {
	p := h.records.contacts[id]
	if in := h.inbox(instance); p == nil || in != "" && p.known[in] == "" {
		return nil
	}
	return p
}

// ticket returns one that an instance sees: an inbox sees those of its own
// conversations.
func (h *Host) ticket(instance, id string) *work {
	w := h.records.tickets[id]
	if in := h.inbox(instance); w == nil || in != "" && w.inbox != in {
		return nil
	}
	return w
}

// team finds a team by its id or name.
func (h *Host) team(wanted string) (string, error) {
	for _, t := range h.records.teams {
		if t.id == wanted || strings.EqualFold(t.name, wanted) {
			return t.id, nil
		}
	}
	return "", unknown("team", "there is no such team")
}

// objectOf reads a JSON object; nil when there is none.
func objectOf(field string, raw []byte) (map[string]any, error) {
	const most = 64 << 10
	if len(raw) == 0 {
		return nil, nil
	}
	var out map[string]any
	if len(raw) > most || json.Unmarshal(raw, &out) != nil || out == nil {
		return nil, unknown(field, "must be a JSON object of at most 64 KiB")
	}
	return out, nil
}

// long reports whether a text has more characters than a limit.
func long(text string, limit int) bool { return utf8.RuneCountInString(text) > limit }

func tooLong(limit int) string { return fmt.Sprintf("has more than %d characters", limit) }
